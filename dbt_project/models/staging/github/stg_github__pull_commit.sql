with source as (
  {{ requested_records('github_pulls', 'pull_commit', github_commit_fields()) }}
),

renamed as (
  select
    {{ provenance() }},

    request ->> '$.repository' as repository,
    -- two pull requests from one head list the same commits, in the same bytes
    list_sort(list_distinct(list_filter(
      list_transform(requests, lambda asked: try_cast(asked ->> '$.number' as bigint)),
      lambda number: number is not null
    ))) as numbers,
    {{ github_commit() }},

    cast(committed_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['repository', 'numbers', 'commit_sha', 'content_hash']) }}
