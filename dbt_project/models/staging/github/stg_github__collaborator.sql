with source as (
  {{ requested_records('github_repo_access', 'collaborator', '
    {
      "id": "VARCHAR",
      "login": "VARCHAR",
      "type": "VARCHAR",
      "role_name": "VARCHAR",
      "permissions": {
        "pull": "BOOLEAN", "triage": "BOOLEAN", "push": "BOOLEAN", "maintain": "BOOLEAN",
        "admin": "BOOLEAN"
      }
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},
    cast(received_at as date) as event_day,

    {{ asked_for('repository') }} as repositories,
    parsed.id as account_id,
    lower(parsed.login) as login,
    parsed.type as account_type,
    parsed.role_name,

    parsed.permissions.pull as can_read,
    parsed.permissions.triage as can_triage,
    parsed.permissions.push as can_write,
    parsed.permissions.maintain as can_maintain,
    parsed.permissions.admin as can_administer,

    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'repositories', 'account_id', 'content_hash']) }}
