{#- How GitHub protects a branch, classic protection and rules in effect together, in the terms of
    int_settings: where either asks for something, it is asked for. A branch of which either answer
    was refused has no row: nothing is known of it. -#}
{% macro settings__github_branch_protection() -%}
with classic as (
  select
    * exclude (is_duplicate, content_hash),
    concat(repository, ':', branch) as subject,
    true as is_protected
  from {{ ref('stg_github__protection') }}
  where not is_duplicate
  union all by name
  select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    unnest(subjects) as subject,
    false as is_protected
  from {{ ref('stg_github__unprotected') }}
  where not is_duplicate
),

-- whether the rules were read at all: a list without any is an answer
asked as (
  select distinct receipt_id, context ->> '$.subject' as subject
  from {{ ref('stg_request') }}
  where shape = 'rules' and status = 200
),

rules as (
  select
    receipt_id,
    subject,
    list_sort(list(distinct rule_type)) as rule_types,
    max(required_approvals) as required_approvals,
    bool_or(is_stale_dismissed) as is_stale_dismissed,
    bool_or(is_code_owner_asked) as is_code_owner_asked,
    bool_or(is_last_push_approved) as is_last_push_approved,
    flatten(list(required_checks)) as required_checks
  from (
    select *, unnest(subjects) as subject
    from {{ ref('stg_github__rule') }}
    where not is_duplicate
  ) as ruled
  group by receipt_id, subject
),

codeowners as (
  select receipt_id, unnest(repositories) as repository, error_count
  from {{ ref('stg_github__codeowners') }}
  where not is_duplicate
)

select
  classic.source_id, classic.receipt_id, classic.sequence, classic.record_key, classic.received_at,
  classic.event_day,
  split_part(classic.subject, ':', 1) as repository,
  substr(classic.subject, strpos(classic.subject, ':') + 1) as branch,
  classic.is_protected or rules.subject is not null as is_protected,
  greatest(coalesce(classic.required_approvals, 0), coalesce(rules.required_approvals, 0))
    as required_approvals,
  coalesce(classic.is_stale_dismissed, false) or coalesce(rules.is_stale_dismissed, false)
    as dismisses_stale_approvals,
  coalesce(classic.is_last_push_approved, false) or coalesce(rules.is_last_push_approved, false)
    as asks_last_push_approval,
  coalesce(classic.is_code_owner_asked, false) or coalesce(rules.is_code_owner_asked, false)
    as asks_code_owner,
  list_sort(list_distinct(list_concat(
    coalesce(classic.required_checks, []), coalesce(rules.required_checks, [])
  ))) as required_checks,
  classic.is_enforced_for_admins as enforces_admins,
  coalesce(classic.bypass_actors, []) as bypass_actors,
  not coalesce(list_contains(rules.rule_types, 'non_fast_forward'), false)
    and coalesce(classic.is_force_push_allowed, true) as allows_force_push,
  not coalesce(list_contains(rules.rule_types, 'deletion'), false)
    and coalesce(classic.is_deletion_allowed, true) as allows_deletion,
  coalesce(rules.rule_types, []) as rule_types,
  codeowners.error_count as codeowners_errors
from classic
inner join asked on classic.receipt_id = asked.receipt_id and classic.subject = asked.subject
left join rules on classic.receipt_id = rules.receipt_id and classic.subject = rules.subject
left join codeowners
  on classic.receipt_id = codeowners.receipt_id
  and split_part(classic.subject, ':', 1) = codeowners.repository
{%- endmacro %}
