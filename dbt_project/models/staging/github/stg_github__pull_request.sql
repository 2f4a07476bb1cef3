with source as (
  {{ bronze_records('github_pulls', 'pull_request') }}
),

requested as (
  {{ with_request('source') }}
),

parsed as (
  select
    *,
    from_json(record, '
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
    ') as j
  from requested
),

renamed as (
  select
    source_id,
    receipt_id,
    sequence,
    record_key,
    received_at,

    request ->> '$.repository' as repository,
    coalesce(j.number, try_cast(request ->> '$.number' as bigint)) as number,
    j.id as pull_request_id,
    j.state as state,
    j.user.login as opener_login,
    j.user.type as opener_type,
    try_cast(j.created_at as timestamptz) at time zone 'UTC' as opened_at,
    try_cast(j.updated_at as timestamptz) at time zone 'UTC' as updated_at,
    try_cast(j.closed_at as timestamptz) at time zone 'UTC' as closed_at,
    coalesce(j.merged, j.merged_at is not null) as is_merged,
    try_cast(j.merged_at as timestamptz) at time zone 'UTC' as merged_at,
    j.merged_by.login as merged_by_login,
    j.merged_by.type as merged_by_type,
    j.merge_commit_sha as merge_revision,
    j.base.ref as base_branch,
    j.base.sha as base_revision,
    j.base.repo.default_branch as default_branch,
    j.head.ref as head_branch,
    j.head.sha as head_revision,
    j.commits as commit_count,

    cast(coalesce(merged_at, closed_at, updated_at, opened_at) as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from parsed
),

deduplicated as (
  {{ dedupe('renamed', ['repository', 'number', 'content_hash']) }}
)

select
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at,
  repository,
  number,
  pull_request_id,
  state,
  opener_login,
  opener_type,
  opened_at,
  updated_at,
  closed_at,
  is_merged,
  merged_at,
  merged_by_login,
  merged_by_type,
  merge_revision,
  base_branch,
  base_revision,
  default_branch,
  head_branch,
  head_revision,
  commit_count,
  event_day,
  content_hash,
  is_duplicate
from deduplicated
