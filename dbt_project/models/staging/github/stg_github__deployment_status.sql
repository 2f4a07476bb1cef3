with source as (
  {{ requested_records('github_deployments', 'deployment_status', '
    {
      "id": "BIGINT",
      "state": "VARCHAR",
      "environment": "VARCHAR",
      "creator": {"login": "VARCHAR", "type": "VARCHAR"},
      "created_at": "VARCHAR"
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},

    request ->> '$.repository' as repository,
    try_cast(request ->> '$.deployment_id' as bigint) as deployment_id,
    parsed.id as status_id,
    lower(parsed.state) as state,
    parsed.creator.login as creator_login,
    parsed.creator.type as creator_type,
    try_cast(parsed.created_at as timestamptz) at time zone 'UTC' as created_at,

    cast(created_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['repository', 'deployment_id', 'status_id', 'content_hash']) }}
