with source as (
  {{ bronze_records('github_deployments', 'deployment_status') }}
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
        "state": "VARCHAR",
        "environment": "VARCHAR",
        "creator": {"login": "VARCHAR", "type": "VARCHAR"},
        "created_at": "VARCHAR"
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
    try_cast(request ->> '$.deployment_id' as bigint) as deployment_id,
    j.id as status_id,
    lower(j.state) as state,
    j.creator.login as creator_login,
    j.creator.type as creator_type,
    try_cast(j.created_at as timestamptz) at time zone 'UTC' as created_at,

    cast(created_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from parsed
),

deduplicated as (
  {{ dedupe('renamed', ['repository', 'deployment_id', 'status_id', 'content_hash']) }}
)

select
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at,
  repository,
  deployment_id,
  status_id,
  state,
  creator_login,
  creator_type,
  created_at,
  event_day,
  content_hash,
  is_duplicate
from deduplicated
