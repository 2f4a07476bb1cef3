with source as (
  {{ bronze_records('git_log', 'ref_tip', '
    {
      "repository": "VARCHAR",
      "ref": "VARCHAR",
      "sha": "VARCHAR",
      "object_type": "VARCHAR",
      "peeled_sha": "VARCHAR",
      "committed_at": "VARCHAR"
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},

    parsed.repository as repository,
    parsed.ref as ref,
    nullif(regexp_extract(parsed.ref, '^refs/heads/(.+)$', 1), '') as branch,
    coalesce(nullif(parsed.peeled_sha, ''), parsed.sha) as tip_revision,
    parsed.object_type as object_type,

    cast(received_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'repository', 'ref', 'content_hash']) }}
