with source as (
  {{ requested_records('github_repo_access', 'repository_team', '
    {"id": "VARCHAR", "slug": "VARCHAR", "permission": "VARCHAR"}
  ') }}
),

renamed as (
  select
    {{ provenance() }},
    cast(received_at as date) as event_day,

    {{ asked_for('repository') }} as repositories,
    parsed.id as team_id,
    parsed.slug as team,
    parsed.permission,

    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'repositories', 'team_id', 'content_hash']) }}
