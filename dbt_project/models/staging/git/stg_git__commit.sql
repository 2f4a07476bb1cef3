with source as (
  {{ bronze_records('git_log', 'commit') }}
),

requested as (
  {{ with_request('source') }}
),

parsed as (
  select
    *,
    from_json(record, '
      {
        "repository": "VARCHAR",
        "sha": "VARCHAR",
        "parents": "VARCHAR",
        "tree": "VARCHAR",
        "author_email": "VARCHAR",
        "authored_at": "VARCHAR",
        "committer_email": "VARCHAR",
        "committed_at": "VARCHAR",
        "signature": "VARCHAR",
        "trailers": "VARCHAR"
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

    j.repository as repository,
    j.sha as commit_sha,
    case when j.parents = '' then [] else string_split(j.parents, ' ') end as parents,
    j.tree as tree_sha,
    lower(trim(j.author_email)) as author_email,
    try_cast(j.authored_at as timestamptz) at time zone 'UTC' as authored_at,
    lower(trim(j.committer_email)) as committer_email,
    try_cast(j.committed_at as timestamptz) at time zone 'UTC' as committed_at,
    j.signature as signature_status,
    list_transform(
      regexp_extract_all(j.trailers, '(?i)co-authored-by:[^<\x1e]*<([^>\x1e]+)>', 1),
      lambda email: lower(trim(email))
    ) as coauthor_emails,

    cast(committed_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from parsed
),

deduplicated as (
  {{ dedupe('renamed', ['repository', 'commit_sha', 'content_hash']) }}
)

select
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at,
  repository,
  commit_sha,
  parents,
  tree_sha,
  author_email,
  authored_at,
  committer_email,
  committed_at,
  signature_status,
  coauthor_emails,
  event_day,
  content_hash,
  is_duplicate
from deduplicated
