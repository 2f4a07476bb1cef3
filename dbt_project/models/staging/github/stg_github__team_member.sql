with source as (
  {{ requested_records('github_repo_access', 'team_member', '
    {"id": "VARCHAR", "login": "VARCHAR"}
  ') }}
),

renamed as (
  select
    {{ provenance() }},
    cast(received_at as date) as event_day,

    {{ asked_for('team') }} as teams,
    parsed.id as account_id,
    lower(parsed.login) as login,

    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'teams', 'account_id', 'content_hash']) }}
