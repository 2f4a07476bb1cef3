with source as (
  {{ bronze_records('github_deployments', 'deployment') }}
),

requested as (
  {{ with_request('source') }}
),

parsed as (
  select
    *,
    from_json(record, '
      {
        "id": "BIGINT",
        "sha": "VARCHAR",
        "ref": "VARCHAR",
        "task": "VARCHAR",
        "environment": "VARCHAR",
        "original_environment": "VARCHAR",
        "creator": {"login": "VARCHAR", "type": "VARCHAR"},
        "created_at": "VARCHAR",
        "updated_at": "VARCHAR"
      }
    ') as j
  from requested
),

renamed as (
  select
    source_id,
    receipt_id,
    sequence,
    record_key,
    received_at,

    request ->> '$.repository' as repository,
    j.id as deployment_id,
    j.environment as environment,
    j.sha as revision,
    j.ref as ref,
    j.task as task,
    j.creator.login as creator_login,
    j.creator.type as creator_type,
    try_cast(j.created_at as timestamptz) at time zone 'UTC' as created_at,
    try_cast(j.updated_at as timestamptz) at time zone 'UTC' as updated_at,

    cast(created_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from parsed
),

deduplicated as (
  {{ dedupe('renamed', ['repository', 'deployment_id', 'content_hash']) }}
)

select
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at,
  repository,
  deployment_id,
  environment,
  revision,
  ref,
  task,
  creator_login,
  creator_type,
  created_at,
  updated_at,
  event_day,
  content_hash,
  is_duplicate
from deduplicated
