with source as (
  {{ bronze_records('github_pulls', 'repository') }}
  union all
  {{ bronze_records('github_deployments', 'repository') }}
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
        "full_name": "VARCHAR",
        "default_branch": "VARCHAR",
        "archived": "BOOLEAN",
        "created_at": "VARCHAR",
        "pushed_at": "VARCHAR"
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

    j.full_name as repository,
    j.id as repository_id,
    j.default_branch as default_branch,
    j.archived as is_archived,
    try_cast(j.created_at as timestamptz) at time zone 'UTC' as created_at,

    cast(received_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from parsed
),

deduplicated as (
  {{ dedupe('renamed', ['receipt_id', 'repository_id', 'content_hash']) }}
)

select
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at,
  repository,
  repository_id,
  default_branch,
  is_archived,
  created_at,
  event_day,
  content_hash,
  is_duplicate
from deduplicated
