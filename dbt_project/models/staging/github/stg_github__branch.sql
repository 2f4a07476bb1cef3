with source as (
  {{ bronze_records('github_pulls', 'branch') }}
),

requested as (
  {{ with_request('source') }}
),

parsed as (
  select
    *,
    from_json(record, '
      {
        "name": "VARCHAR",
        "commit": {"sha": "VARCHAR"},
        "protected": "BOOLEAN"
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
    coalesce(j.name, request ->> '$.branch') as branch,
    j.commit.sha as tip_revision,
    j.protected as is_protected_on_platform,

    cast(received_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from parsed
),

deduplicated as (
  {{ dedupe('renamed', ['receipt_id', 'repository', 'branch', 'content_hash']) }}
)

select
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at,
  repository,
  branch,
  tip_revision,
  is_protected_on_platform,
  event_day,
  content_hash,
  is_duplicate
from deduplicated
