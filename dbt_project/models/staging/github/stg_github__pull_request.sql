with source as (
  {{ requested_records('github_pulls', 'pull_request', '
    {
      "id": "BIGINT",
      "number": "BIGINT",
      "state": "VARCHAR",
      "user": {"login": "VARCHAR", "type": "VARCHAR"},
      "created_at": "VARCHAR",
      "updated_at": "VARCHAR",
      "closed_at": "VARCHAR",
      "merged": "BOOLEAN",
      "merged_at": "VARCHAR",
      "merge_commit_sha": "VARCHAR",
      "merged_by": {"login": "VARCHAR", "type": "VARCHAR"},
      "commits": "BIGINT",
      "base": {"ref": "VARCHAR", "sha": "VARCHAR", "repo": {"default_branch": "VARCHAR"}},
      "head": {"ref": "VARCHAR", "sha": "VARCHAR"}
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},

    request ->> '$.repository' as repository,
    coalesce(parsed.number, try_cast(request ->> '$.number' as bigint)) as number,
    parsed.id as pull_request_id,
    parsed.state as state,
    parsed.user.login as opener_login,
    parsed.user.type as opener_type,
    try_cast(parsed.created_at as timestamptz) at time zone 'UTC' as opened_at,
    try_cast(parsed.updated_at as timestamptz) at time zone 'UTC' as updated_at,
    try_cast(parsed.closed_at as timestamptz) at time zone 'UTC' as closed_at,
    coalesce(parsed.merged, parsed.merged_at is not null) as is_merged,
    try_cast(parsed.merged_at as timestamptz) at time zone 'UTC' as merged_at,
    parsed.merged_by.login as merged_by_login,
    parsed.merged_by.type as merged_by_type,
    parsed.merge_commit_sha as merge_revision,
    parsed.base.ref as base_branch,
    parsed.base.sha as base_revision,
    parsed.base.repo.default_branch as default_branch,
    parsed.head.ref as head_branch,
    parsed.head.sha as head_revision,
    parsed.commits as commit_count,

    cast(coalesce(merged_at, closed_at, updated_at, opened_at) as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['repository', 'number', 'content_hash']) }}
