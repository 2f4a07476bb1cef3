with source as (
  {{ requested_records('github_branch_protection', 'rule_suite', '
    {
      "id": "VARCHAR", "actor_id": "VARCHAR", "actor_name": "VARCHAR", "before_sha": "VARCHAR",
      "after_sha": "VARCHAR", "ref": "VARCHAR", "result": "VARCHAR", "evaluation_result": "VARCHAR",
      "pushed_at": "VARCHAR"
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},

    parsed.id as suite_id,
    coalesce(parsed.id, record_key) as suite_key,
    {{ instant('parsed.pushed_at') }} as pushed_at,
    cast(pushed_at as date) as event_day,
    request ->> '$.repository' as repository,
    regexp_replace(parsed.ref, '^refs/heads/', '') as branch,
    lower(parsed.actor_name) as actor_login,
    parsed.actor_id,
    parsed.before_sha as revision_before,
    parsed.after_sha as revision_after,
    parsed.result,
    parsed.evaluation_result,

    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['source_id', 'suite_key', 'content_hash']) }}
