with source as (
  {{ bronze_records('github_pulls', 'ref_update') }}
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
        "before": "VARCHAR",
        "after": "VARCHAR",
        "ref": "VARCHAR",
        "timestamp": "VARCHAR",
        "activity_type": "VARCHAR",
        "actor": {"login": "VARCHAR", "type": "VARCHAR"}
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
    coalesce(nullif(regexp_replace(j.ref, '^refs/heads/', ''), ''), request ->> '$.branch') as branch,
    j.id as ref_update_id,
    nullif(j.before, '0000000000000000000000000000000000000000') as before_revision,
    nullif(j.after, '0000000000000000000000000000000000000000') as after_revision,
    j.activity_type as update_kind,
    j.actor.login as actor_login,
    j.actor.type as actor_type,
    try_cast(j.timestamp as timestamptz) at time zone 'UTC' as updated_at,

    cast(updated_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from parsed
),

deduplicated as (
  {{ dedupe('renamed', ['repository', 'branch', 'ref_update_id', 'content_hash']) }}
)

select
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at,
  repository,
  branch,
  ref_update_id,
  before_revision,
  after_revision,
  update_kind,
  actor_login,
  actor_type,
  updated_at,
  event_day,
  content_hash,
  is_duplicate
from deduplicated
