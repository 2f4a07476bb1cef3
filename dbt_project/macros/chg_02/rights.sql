{#- Leg rights: the approvals that leg approved counts were given by people who could write to the
    repository then. `shared` and `approved` are CTEs of the model. Too few of them is an absence:
    another approval may lie in a gap. -#}
{% macro chg_02_rights(shared, approved) -%}
with reviewers as (
  select
    repository,
    number,
    count(distinct person_id) filter (where is_bearing) as sure_count,
    count(distinct person_id) filter (where is_bearing is distinct from false) as possible_count,
    -- 'bounded' sorts before 'null_field': what may settle itself comes first
    min(open_code) as open_code,
    string_agg(finding, '; ' order by submitted_at, login) as findings,
    min(reviewed_on) as first_on,
    max(reviewed_on) as last_on,
    list_sort(list_distinct(flatten(list(record_keys)))) as record_keys
  from {{ ref('int_approval_rights') }}
  group by repository, number
),

ruled as (
  select
    shared.* exclude (record_keys),
    coalesce(reviewers.sure_count, 0) as bearing,
    coalesce(reviewers.possible_count, 0) + shared.open_count as bearing_at_most,
    reviewers.open_code as right_code,
    coalesce(reviewers.findings, concat('no approval counts for certain: ', shared.open_reason))
      as findings,
    coalesce(reviewers.first_on, shared.merged_on) as first_on,
    coalesce(reviewers.last_on, shared.merged_on) + 1 as settled_on,
    coalesce(reviewers.record_keys, []) as right_keys,
    case
      when shared.counted_at_most = 0 then 'none_counted'
      when shared.ruling in ('unknown_branch', 'no_parameter') then 'as_approved'
      when bearing_at_most < shared.min_approvals then 'exception'
      when bearing < shared.min_approvals then 'open_right'
      when shared.ruling != 'pass' then 'as_approved'
      else 'pass'
    end as right_ruling
  from {{ shared }} as shared
  left join reviewers
    on shared.repository = reviewers.repository and shared.number = reviewers.number
)

select
  approved.* exclude (leg_id, proposed, reason_code, reason, needs, record_keys, hangs_to),
  'rights' as leg_id,
  case right_ruling
    when 'none_counted' then 'NOT_APPLICABLE'
    when 'exception' then 'ABSENT'
    when 'pass' then 'PASS'
    else 'NOT_TESTED'
  end as proposed,
  case right_ruling
    when 'none_counted' then 'see_other_test'
    -- where nobody lacks a right, there were too few approvals to begin with
    when 'exception' then if(bearing_at_most < counted_at_most, 'NO_RIGHT', 'NO_APPROVAL')
    when 'open_right' then coalesce(ruled.right_code, ruled.open_code)
    when 'as_approved' then approved.reason_code
  end as reason_code,
  case right_ruling
    when 'none_counted' then 'No approval counts: leg approved'
    when 'as_approved' then concat('Leg approved: ', approved.reason)
    else concat(
      ruled.bearing, ' of ', ruled.min_approvals, ' approvals by an account that could write: ',
      ruled.findings
    )
  end as reason,
  list_distinct(list_concat(approved.record_keys, ruled.right_keys)) as record_keys,
  if(
    right_ruling = 'none_counted',
    ruled.needs,
    list_append(
      ruled.needs,
      {{ need('repo_access', 'ruled.first_on', 'ruled.settled_on', system='ruled.system') }}
    )
  ) as needs,
  greatest(approved.hangs_to, ruled.settled_on) as hangs_to
from ruled
inner join {{ approved }} as approved on ruled.unit_key = approved.unit_key
{%- endmacro %}
