{#- GitHub's effective list of collaborators in the terms of int_repository_access. GitHub counts the
    approval of whoever may write; a role of the organisation's own says by its base what it may do. -#}
{% macro repository_access__github_repo_access() -%}
select
  held.source_id, held.receipt_id, held.sequence, held.record_key, held.received_at, held.event_day,
  held.repository, held.account_id, held.login,
  case
    when held.can_administer then 'admin'
    when held.can_maintain then 'maintain'
    when held.can_write then 'write'
    when held.can_triage then 'triage'
    when held.can_read then 'read'
  end as permission,
  held.can_write as can_review,
  held.can_write as can_merge,
  held.can_administer,
  string_agg(distinct teams.team, ', ' order by teams.team) as via
from (
  select *, unnest(repositories) as repository
  from {{ ref('stg_github__collaborator') }}
  where not is_duplicate
) as held
left join (
  select *, unnest(teams) as member_of
  from {{ ref('stg_github__team_member') }}
  where not is_duplicate
) as members
  on held.receipt_id = members.receipt_id and held.account_id = members.account_id
left join (
  select *, unnest(repositories) as repository
  from {{ ref('stg_github__repository_team') }}
  where not is_duplicate
) as teams
  on members.receipt_id = teams.receipt_id
  and members.member_of = teams.team
  and held.repository = teams.repository
group by all
{%- endmacro %}
