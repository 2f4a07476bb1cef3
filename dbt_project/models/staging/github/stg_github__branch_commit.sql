with source as (
  {{ requested_records('github_pulls', 'branch_commit', github_commit_fields()) }}
),

renamed as (
  select
    {{ provenance() }},

    request ->> '$.repository' as repository,
    request ->> '$.branch' as branch,
    {{ github_commit() }},

    cast(committed_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['repository', 'branch', 'commit_sha', 'content_hash']) }}
