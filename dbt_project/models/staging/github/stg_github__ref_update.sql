with source as (
  {{ requested_records('github_pulls', 'ref_update', '
    {
      "id": "BIGINT",
      "before": "VARCHAR",
      "after": "VARCHAR",
      "ref": "VARCHAR",
      "timestamp": "VARCHAR",
      "activity_type": "VARCHAR",
      "actor": {"login": "VARCHAR", "type": "VARCHAR"}
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},

    request ->> '$.repository' as repository,
    coalesce(nullif(regexp_replace(parsed.ref, '^refs/heads/', ''), ''), request ->> '$.branch') as branch,
    parsed.id as ref_update_id,
    nullif(parsed.before, '0000000000000000000000000000000000000000') as before_revision,
    nullif(parsed.after, '0000000000000000000000000000000000000000') as after_revision,
    parsed.activity_type as update_kind,
    parsed.actor.login as actor_login,
    parsed.actor.type as actor_type,
    try_cast(parsed.timestamp as timestamptz) at time zone 'UTC' as updated_at,

    cast(updated_at as date) as event_day,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['repository', 'branch', 'ref_update_id', 'content_hash']) }}
