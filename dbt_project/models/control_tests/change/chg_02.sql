{{ control_test_config('CHG-02') }}

-- Final revision was approved by an eligible reviewer before merge.
with merged as (
  select
    pulls.*,
    repositories.is_known as is_repository_known,
    assets.asset_id,
    assets.is_in_scope,
    assets.record_key as asset_record_key,
    people.vendor_id,
    greatest(pulls.first_day, days.first_day) as first_needed_day
  from {{ ref('int_pull_approval_counts') }} as pulls
  inner join {{ ref('int_judged_days') }} as days
    on pulls.merged_on between days.first_day and days.last_day
  left join (
    select repository, true as is_known from {{ ref('int_repositories') }} group by repository
  ) as repositories on pulls.repository = repositories.repository
  left join {{ ref('int_repository_assets') }} as assets
    on lower(pulls.repository) = assets.repository
    and pulls.merged_on between assets.valid_from and assets.valid_to
  asof left join {{ ref('int_people') }} as people
    on pulls.opener_person_id = people.person_id
    and coalesce(pulls.merged_at, cast(pulls.merged_on as timestamp)) >= people.start_earliest
  where {{ is_affected('CHG-02', 'pulls.merged_on') }}
),

-- merged into a protected branch, or into one of which nobody says whether it was protected
population as (
  select
    *,
    base_branch is not null and is_repository_known is not null as is_protection_known,
    cast({{ parameter('CHG-02', 'min_approvals', 'asset_id', 'merged_on') }} ->> '$' as integer)
      as min_approvals,
    len(approvers) as counted,
    len(approvers) - unresolved_author_count as counted_at_least,
    len(approvers) + open_count as counted_at_most
  from merged
  where base_branch is null
    or is_repository_known is null
    or exists (
      select 1 from {{ ref('int_repositories') }} as branches
      where merged.repository = branches.repository
        and merged.base_branch = branches.branch
        and merged.merged_on between branches.valid_from and branches.valid_to
    )
),

ruled as (
  select
    *,
    case
      when not is_protection_known then 'unknown_branch'
      when min_approvals is null then 'no_parameter'
      when counted_at_most < min_approvals then 'exception'
      when counted < min_approvals then 'open_approval'
      when unnamed_author_count > 0 then 'unnamed_author'
      when counted_at_least < min_approvals then 'unresolved_author'
      when not is_commit_list_complete then 'commits_missing'
      else 'pass'
    end as ruling
  from population
),

shared as (
  select
    *,
    concat_ws('||', repository, number) as unit_key,
    json_object('repository', repository, 'number', number) as attributes,
    coalesce(merged_at, cast(merged_on as timestamp)) as event_time,
    json_object('min_approvals', min_approvals) as parameters,
    [
      {{ need('change_events.pull_request', 'first_needed_day', 'merged_on', system='system') }},
      {{ need('change_events.review', 'first_needed_day', 'merged_on', system='system') }},
      {{ need('change_events.commit', 'first_needed_day', 'merged_on', system='system') }},
      {{ need('roster', 'merged_on', 'merged_on') }},
      {{ need('assets.asset', 'merged_on', 'merged_on') }}
    ] as needs
  from ruled
),

approved_judged as (
  select
    'approved' as leg_id,
    unit_key,
    attributes,
    entity,
    system,
    asset_id,
    event_time,
    merged_on as effective_on,
    -- too few approvals: an absence, which a gap would explain
    case ruling
      when 'pass' then 'PASS' when 'exception' then 'ABSENT' else 'NOT_TESTED'
    end as proposed,
    case ruling
      when 'pass' then null
      when 'exception' then case
        when stale_count > 0 then 'STALE_APPROVAL'
        when self_count > 0 then 'SELF_APPROVAL'
        else 'NO_APPROVAL'
      end
      when 'open_approval' then open_code
      when 'unresolved_author' then 'unresolved_person'
      when 'commits_missing' then 'source_gap'
      else 'null_field'
    end as reason_code,
    case ruling
      when 'unknown_branch'
        then 'change_events.pull_request.base_branch: nobody says which branches are protected'
      when 'no_parameter' then 'min_approvals was never given'
      when 'open_approval' then concat(
        counted, ' of ', min_approvals, ' approvals count for certain; for another ', open_reason
      )
      when 'unnamed_author' then 'change_events.commit.author: a commit names no author'
      when 'unresolved_author' then concat(
        unresolved_author_count, ' author account or address does not resolve to one person, who ',
        'may be one of the ', counted, ' approvers'
      )
      when 'commits_missing' then concat(
        held_commit_count, ' of ', coalesce(cast(commit_count as varchar), 'unknown'),
        ' commits are listed (the platform lists 250): an approver may have written another'
      )
      else concat(
        counted, ' of ', min_approvals,
        ' approvals count: by a reviewer outside the authors, of head revision ',
        coalesce(left(head_revision, 7), 'unknown'), ', before the merge',
        ' (diffs are not compared, so the exact revision counts)',
        if(stale_count > 0, concat('; approved was revision ', stale_revisions), ''),
        if(self_count > 0, concat('; ', self_count, ' by an author of the change'), ''),
        if(dismissed_count > 0, concat('; ', dismissed_count, ' dismissed before the merge'), ''),
        if(
          withdrawn_count > 0,
          concat('; ', withdrawn_count, ' followed by a request for changes of the same person'),
          ''
        )
      )
    end as reason,
    opener_person_id as person_id,
    vendor_id,
    cast(null as varchar) as criteria_key,
    is_in_scope,
    parameters,
    list_filter(
      list_append(record_keys, asset_record_key), lambda record_key: record_key is not null
    ) as record_keys,
    needs,
    hangs_from,
    merged_on as hangs_to
  from shared
),

approved as (
  {{ rule_on_absence('approved_judged') }}
),

rights_judged as (
  {{ chg_02_rights('shared', 'approved_judged') }}
),

rights as (
  {{ rule_on_absence('rights_judged') }}
)

{{ settle('CHG-02', ['approved', 'rights'], scope_unread=['rights']) }}
