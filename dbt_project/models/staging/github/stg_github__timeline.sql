with source as (
  {{ requested_records('github_pulls', 'timeline', '
    {
      "id": "BIGINT",
      "event": "VARCHAR",
      "actor": {"login": "VARCHAR", "type": "VARCHAR"},
      "created_at": "VARCHAR",
      "submitted_at": "VARCHAR",
      "dismissed_review": {"review_id": "BIGINT", "state": "VARCHAR"}
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},

    request ->> '$.repository' as repository,
    try_cast(request ->> '$.number' as bigint) as number,
    parsed.id as timeline_id,
    parsed.event as event,
    parsed.actor.login as actor_login,
    parsed.actor.type as actor_type,
    try_cast(coalesce(parsed.created_at, parsed.submitted_at) as timestamptz) at time zone 'UTC'
      as occurred_at,
    parsed.dismissed_review.review_id as review_id,
    upper(parsed.dismissed_review.state) as dismissed_state,
    case
      when parsed.event = 'review_dismissed'
        then try_cast(parsed.created_at as timestamptz) at time zone 'UTC'
    end as dismissed_at,

    cast(occurred_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['repository', 'number', 'timeline_id', 'content_hash']) }}
