{% set fields = '
    {
      "id": "BIGINT",
      "full_name": "VARCHAR",
      "default_branch": "VARCHAR",
      "archived": "BOOLEAN",
      "created_at": "VARCHAR",
      "pushed_at": "VARCHAR"
    }
' %}

with source as (
  {{ bronze_records('github_pulls', 'repository', fields) }}
  union all
  {{ bronze_records('github_deployments', 'repository', fields) }}
),

renamed as (
  select
    {{ provenance() }},

    parsed.full_name as repository,
    parsed.id as repository_id,
    parsed.default_branch as default_branch,
    parsed.archived as is_archived,
    try_cast(parsed.created_at as timestamptz) at time zone 'UTC' as created_at,

    cast(received_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'repository_id', 'content_hash']) }}
