with source as (
  {{ bronze_records('github_pulls', 'review') }}
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
        "user": {"login": "VARCHAR", "type": "VARCHAR"},
        "state": "VARCHAR",
        "submitted_at": "VARCHAR",
        "commit_id": "VARCHAR"
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
    try_cast(request ->> '$.number' as bigint) as number,
    j.id as review_id,
    upper(j.state) as state,
    j.user.login as reviewer_login,
    j.user.type as reviewer_type,
    try_cast(j.submitted_at as timestamptz) at time zone 'UTC' as submitted_at,
    j.commit_id as revision,

    cast(submitted_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from parsed
),

deduplicated as (
  {{ dedupe('renamed', ['repository', 'number', 'review_id', 'content_hash']) }}
)

select
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at,
  repository,
  number,
  review_id,
  state,
  reviewer_login,
  reviewer_type,
  submitted_at,
  revision,
  event_day,
  content_hash,
  is_duplicate
from deduplicated
