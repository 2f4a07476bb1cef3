with source as (
  {{ requested_records('github_pulls', 'branch', '
    {
      "name": "VARCHAR",
      "commit": {"sha": "VARCHAR"},
      "protected": "BOOLEAN"
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},

    request ->> '$.repository' as repository,
    coalesce(parsed.name, request ->> '$.branch') as branch,
    parsed.commit.sha as tip_revision,
    parsed.protected as is_protected_on_platform,

    cast(received_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'repository', 'branch', 'content_hash']) }}
