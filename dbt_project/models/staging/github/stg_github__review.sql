with source as (
  {{ requested_records('github_pulls', 'review', '
    {
      "id": "BIGINT",
      "user": {"login": "VARCHAR", "type": "VARCHAR"},
      "state": "VARCHAR",
      "submitted_at": "VARCHAR",
      "commit_id": "VARCHAR"
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},

    request ->> '$.repository' as repository,
    try_cast(request ->> '$.number' as bigint) as number,
    parsed.id as review_id,
    upper(parsed.state) as state,
    parsed.user.login as reviewer_login,
    parsed.user.type as reviewer_type,
    try_cast(parsed.submitted_at as timestamptz) at time zone 'UTC' as submitted_at,
    parsed.commit_id as revision,

    cast(submitted_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['repository', 'number', 'review_id', 'content_hash']) }}
