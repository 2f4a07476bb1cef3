with source as (
  {{ bronze_records('git_log', 'commit', '
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
  ') }}
),

renamed as (
  select
    {{ provenance() }},

    parsed.repository as repository,
    parsed.sha as commit_sha,
    case when parsed.parents = '' then [] else string_split(parsed.parents, ' ') end as parents,
    parsed.tree as tree_sha,
    lower(trim(parsed.author_email)) as author_email,
    try_cast(parsed.authored_at as timestamptz) at time zone 'UTC' as authored_at,
    lower(trim(parsed.committer_email)) as committer_email,
    try_cast(parsed.committed_at as timestamptz) at time zone 'UTC' as committed_at,
    parsed.signature as signature_status,
    list_transform(
      regexp_extract_all(parsed.trailers, '(?i)co-authored-by:[^<\x1e]*<([^>\x1e]+)>', 1),
      lambda email: lower(trim(email))
    ) as coauthor_emails,

    cast(committed_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['repository', 'commit_sha', 'content_hash']) }}
