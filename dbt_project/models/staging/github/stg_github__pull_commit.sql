with source as (
  {{ bronze_records('github_pulls', 'pull_commit') }}
),

requested as (
  {{ with_request('source') }}
),

parsed as (
  select
    *,
    from_json(record, '
      {
        "sha": "VARCHAR",
        "commit": {"author": {"name": "VARCHAR", "email": "VARCHAR", "date": "VARCHAR"}, "committer": {"email": "VARCHAR", "date": "VARCHAR"}, "message": "VARCHAR", "tree": {"sha": "VARCHAR"}},
        "author": {"login": "VARCHAR", "type": "VARCHAR"},
        "committer": {"login": "VARCHAR", "type": "VARCHAR"},
        "parents": [{"sha": "VARCHAR"}]
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
    -- two pull requests from one head list the same commits, in the same bytes
    list_sort(list_distinct(list_filter(
      list_transform(requests, lambda asked: try_cast(asked ->> '$.number' as bigint)),
      lambda number: number is not null
    ))) as numbers,
    j.sha as commit_sha,
    list_transform(j.parents, lambda parent: parent.sha) as parents,
    j.commit.tree.sha as tree_sha,
    j.author.login as author_login,
    j.author.type as author_type,
    md5(j.commit.author.name) as author_name_hash,
    lower(trim(j.commit.author.email)) as author_email,
    try_cast(j.commit.author.date as timestamptz) at time zone 'UTC' as authored_at,
    j.committer.login as committer_login,
    try_cast(j.commit.committer.date as timestamptz) at time zone 'UTC' as committed_at,
    list_transform(
      regexp_extract_all(j.commit.message, '(?im)^co-authored-by:[^<\n]*<([^>\n]+)>', 1),
      lambda email: lower(trim(email))
    ) as coauthor_emails,
    md5(j.commit.message) as message_hash,

    cast(committed_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from parsed
),

deduplicated as (
  {{ dedupe('renamed', ['repository', 'numbers', 'commit_sha', 'content_hash']) }}
)

select
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at,
  repository,
  numbers,
  commit_sha,
  parents,
  tree_sha,
  author_login,
  author_type,
  author_name_hash,
  author_email,
  authored_at,
  committer_login,
  committed_at,
  coauthor_emails,
  message_hash,
  event_day,
  content_hash,
  is_duplicate
from deduplicated
