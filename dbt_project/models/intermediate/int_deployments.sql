{{ config(materialized='table') }}

-- One row a deployment with its status history: when it started, whether it ever succeeded, and the
-- successful deployment of the same repository and environment before it.
with versions as (
  select *
  from {{ ref('stg_github__deployment') }}
  where not is_duplicate and repository is not null and deployment_id is not null
),

newest as (
  select *
  from versions
  qualify row_number() over (
    partition by repository, deployment_id
    order by updated_at desc nulls last, received_at desc, sequence desc, record_key desc
  ) = 1
),

statuses as (
  select
    repository,
    deployment_id,
    min(created_at) filter (where state = 'in_progress') as in_progress_at,
    min(created_at) filter (where state = 'success') as succeeded_at,
    coalesce(bool_or(state = 'success'), false) as is_success,
    arg_max(state, (created_at, status_id)) as last_state,
    arg_min(record_key, created_at) filter (where state = 'success') as success_record_key
  from {{ ref('stg_github__deployment_status') }}
  where not is_duplicate and repository is not null and deployment_id is not null
  group by repository, deployment_id
),

configured as (
  select
    source_id,
    entity,
    from_json(options, '{"production_environments": ["VARCHAR"]}').production_environments
      as environments
  from {{ source('ops', 'sources') }}
),

joined as (
  select
    newest.*,
    configured.entity,
    coalesce(statuses.in_progress_at, newest.created_at, statuses.succeeded_at) as started_at,
    statuses.succeeded_at,
    coalesce(statuses.is_success, false) as is_success,
    statuses.last_state,
    statuses.success_record_key,
    list_contains(
      if(len(configured.environments) > 0, configured.environments, ['production']),
      newest.environment
    ) as is_production
  from newest
  left join statuses
    on newest.repository = statuses.repository and newest.deployment_id = statuses.deployment_id
  left join configured on newest.source_id = configured.source_id
),

successes as (
  select
    repository,
    deployment_id,
    lag(deployment_id) over by_start as previous_deployment_id,
    lag(revision) over by_start as previous_revision,
    lag(started_at) over by_start as previous_started_at,
    lag(record_key) over by_start as previous_record_key
  from joined
  where is_success
  window by_start as (
    partition by repository, environment order by started_at, deployment_id
  )
)

select
  joined.source_id,
  systems.system,
  joined.entity,
  joined.repository,
  joined.deployment_id,
  joined.environment,
  joined.is_production,

  joined.revision,
  joined.creator_login,
  joined.creator_type,
  joined.started_at,
  cast(coalesce(joined.started_at, joined.received_at) as date) as started_on,
  joined.is_success,
  joined.succeeded_at,
  joined.last_state,

  successes.previous_deployment_id,
  successes.previous_revision,
  successes.previous_started_at,

  3004 as class_uid,
  10 as activity_id,
  300410 as type_uid,
  '1.8.0' as ocsf_version,
  joined.record_key,
  joined.success_record_key,
  successes.previous_record_key
from joined
left join successes
  on joined.repository = successes.repository and joined.deployment_id = successes.deployment_id
left join {{ ref('int_source_systems') }} as systems on joined.source_id = systems.source_id
