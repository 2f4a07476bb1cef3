with source as (
  {{ bronze_records('github_pulls', 'timeline') }}
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
        "event": "VARCHAR",
        "actor": {"login": "VARCHAR", "type": "VARCHAR"},
        "created_at": "VARCHAR",
        "submitted_at": "VARCHAR",
        "dismissed_review": {"review_id": "BIGINT", "state": "VARCHAR"}
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
    j.id as timeline_id,
    j.event as event,
    j.actor.login as actor_login,
    j.actor.type as actor_type,
    try_cast(coalesce(j.created_at, j.submitted_at) as timestamptz) at time zone 'UTC' as occurred_at,
    j.dismissed_review.review_id as review_id,
    upper(j.dismissed_review.state) as dismissed_state,
    case
      when j.event = 'review_dismissed' then try_cast(j.created_at as timestamptz) at time zone 'UTC'
    end as dismissed_at,

    cast(occurred_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from parsed
),

deduplicated as (
  {{ dedupe('renamed', ['repository', 'number', 'timeline_id', 'content_hash']) }}
)

select
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at,
  repository,
  number,
  timeline_id,
  event,
  actor_login,
  actor_type,
  occurred_at,
  review_id,
  dismissed_state,
  dismissed_at,
  event_day,
  content_hash,
  is_duplicate
from deduplicated
