with source as (
  {{ bronze_records('github_audit_log', 'audit_event', '
    {
      "_document_id": "VARCHAR",
      "created_at": "VARCHAR",
      "action": "VARCHAR",
      "operation_type": "VARCHAR",
      "actor": "VARCHAR",
      "actor_id": "VARCHAR",
      "actor_is_bot": "BOOLEAN",
      "actor_ip": "VARCHAR",
      "actor_location": {"country_code": "VARCHAR"},
      "user_agent": "VARCHAR",
      "programmatic_access_type": "VARCHAR",
      "user": "VARCHAR",
      "user_id": "VARCHAR",
      "org": "VARCHAR",
      "business": "VARCHAR",
      "repo": "VARCHAR",
      "repository": "VARCHAR",
      "team": "VARCHAR",
      "name": "VARCHAR",
      "permission": "VARCHAR",
      "old_permission": "VARCHAR",
      "old_repo_permission": "VARCHAR",
      "old_repo_base_role": "VARCHAR",
      "new_repo_permission": "VARCHAR",
      "new_repo_base_role": "VARCHAR",
      "visibility": "VARCHAR",
      "previous_visibility": "VARCHAR",
      "data": "JSON"
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},

    -- which event, and when: where GitHub does not say when it happened, when it was recorded
    parsed._document_id as event_id,
    coalesce(parsed._document_id, record_key) as event_key,
    coalesce(
      event_time,
      if(
        regexp_full_match(parsed.created_at, '\d{12,14}(\.0*)?'),
        make_timestamp(cast(split_part(parsed.created_at, '.', 1) as bigint) * 1000),
        null
      )
    ) as happened_at,
    cast(happened_at as date) as event_day,
    parsed.action,
    parsed.operation_type,

    -- who, in what way
    lower(parsed.actor) as actor_login,
    parsed.actor_id,
    parsed.actor_is_bot is true or ends_with(parsed.actor, '[bot]') as is_actor_bot,
    parsed.actor_ip as client_ip,
    parsed.actor_location.country_code as country,
    parsed.user_agent,
    parsed.programmatic_access_type as credential_type,

    -- whom or what it concerns
    lower(parsed."user") as user_login,
    parsed.user_id,
    parsed.org as organisation,
    parsed.business,
    coalesce(parsed.repo, parsed.repository) as repository,
    coalesce(parsed.team, parsed.data ->> '$.team') as team,
    parsed.name,
    coalesce(parsed.old_repo_permission, parsed.old_repo_base_role, parsed.old_permission)
      as old_permission,
    coalesce(parsed.new_repo_permission, parsed.new_repo_base_role, parsed.permission)
      as new_permission,
    parsed.previous_visibility,
    parsed.visibility,
    parsed.data as details,

    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['event_key', 'content_hash']) }}
