with source as (
  {{ bronze_records('git_log', 'ref_tip') }}
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
        "ref": "VARCHAR",
        "sha": "VARCHAR",
        "object_type": "VARCHAR",
        "peeled_sha": "VARCHAR",
        "committed_at": "VARCHAR"
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
    j.ref as ref,
    nullif(regexp_extract(j.ref, '^refs/heads/(.+)$', 1), '') as branch,
    coalesce(nullif(j.peeled_sha, ''), j.sha) as tip_revision,
    j.object_type as object_type,

    cast(received_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from parsed
),

deduplicated as (
  {{ dedupe('renamed', ['receipt_id', 'repository', 'ref', 'content_hash']) }}
)

select
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at,
  repository,
  ref,
  branch,
  tip_revision,
  object_type,
  event_day,
  content_hash,
  is_duplicate
from deduplicated
