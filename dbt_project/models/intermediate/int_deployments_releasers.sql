{{ config(materialized='table') }}

-- Who released each pull request of a production deployment: whoever started the deployment; where a
-- service account did, whoever merged (the merge was the trigger), else the actor of the merge's ref
-- update, else the author of the merge commit. One row a deployment and new pull request, and one
-- without number for a deployment that brings none.
with deployments as (
  select * from {{ ref('int_deployments') }}
  where is_success and coalesce(is_production, true)
),

units as (
  select
    deployments.source_id,
    deployments.system,
    deployments.repository,
    deployments.deployment_id,
    pulls.number,
    deployments.creator_login,
    {{ is_bot('deployments.creator_type', 'deployments.creator_login') }} as is_started_by_bot
  from deployments
  left join {{ ref('int_deployments_pulls') }} as pulls
    on deployments.repository = pulls.repository
    and deployments.deployment_id = pulls.deployment_id
),

merged as (
  select
    pulls.repository,
    pulls.number,
    if(
      {{ is_bot('pulls.merged_by_type', 'pulls.merged_by_login') }}, null, pulls.merged_by_login
    ) as merged_by_login,
    any_value(updates.actor_login) filter (where not updates.is_bot) as mover_login,
    any_value(updates.record_key) as update_record_key,
    any_value(commits.author_login) filter (where not {{ is_bot('null', 'commits.author_login') }})
      as author_login,
    any_value(commits.author_email) as author_email,
    any_value(commits.record_key) as commit_record_key
  from {{ ref('int_pull_requests') }} as pulls
  left join {{ ref('int_ref_updates') }} as updates
    on pulls.repository = updates.repository
    and pulls.base_branch = updates.branch
    and pulls.merge_revision = updates.after_revision
  left join {{ ref('int_commits') }} as commits
    on pulls.repository = commits.repository and pulls.merge_revision = commits.commit_sha
  where pulls.is_merged
  group by pulls.repository, pulls.number, pulls.merged_by_type, pulls.merged_by_login
),

based as (
  select
    units.*,
    merged.merged_by_login,
    merged.mover_login,
    merged.author_login,
    merged.author_email,
    case
      when not units.is_started_by_bot then 'creator'
      when merged.merged_by_login is not null then 'merged_by'
      when merged.mover_login is not null then 'ref_update'
      when merged.author_login is not null or merged.author_email is not null then 'merge_commit'
    end as basis,
    merged.update_record_key,
    merged.commit_record_key
  from units
  left join merged on units.repository = merged.repository and units.number = merged.number
),

named as (
  select
    *,
    lower(
      case basis
        when 'creator' then creator_login
        when 'merged_by' then merged_by_login
        when 'ref_update' then mover_login
        when 'merge_commit' then author_login
      end
    ) as login,
    if(basis = 'merge_commit', author_email, null) as email
  from based
)

select
  named.repository,
  named.deployment_id,
  named.number,
  named.basis,
  coalesce(named.login, named.email) is not null as is_named,
  case
    when logins.candidates > 1 then null else coalesce(logins.person_id, addresses.person_id)
  end as person_id,
  case named.basis
    when 'ref_update' then named.update_record_key
    when 'merge_commit' then named.commit_record_key
  end as record_key
from named
left join {{ ref('int_person_logins') }} as logins
  on lower(named.system) = logins.system and named.login = logins.login
left join {{ ref('int_person_logins') }} as addresses
  on addresses.system = '*' and named.email = addresses.login
