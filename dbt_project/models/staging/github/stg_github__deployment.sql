with source as (
  {{ requested_records('github_deployments', 'deployment', '
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
  ') }}
),

renamed as (
  select
    {{ provenance() }},

    request ->> '$.repository' as repository,
    parsed.id as deployment_id,
    parsed.environment as environment,
    parsed.sha as revision,
    parsed.ref as ref,
    parsed.task as task,
    parsed.creator.login as creator_login,
    parsed.creator.type as creator_type,
    try_cast(parsed.created_at as timestamptz) at time zone 'UTC' as created_at,
    try_cast(parsed.updated_at as timestamptz) at time zone 'UTC' as updated_at,

    cast(created_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['repository', 'deployment_id', 'content_hash']) }}
