with source as (
  {{ requested_records('github_branch_protection', 'rule', '
    {
      "type": "VARCHAR",
      "ruleset_id": "VARCHAR",
      "ruleset_source": "VARCHAR",
      "parameters": {
        "required_approving_review_count": "INTEGER",
        "dismiss_stale_reviews_on_push": "BOOLEAN",
        "require_code_owner_review": "BOOLEAN",
        "require_last_push_approval": "BOOLEAN",
        "required_status_checks": [{"context": "VARCHAR"}]
      }
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},
    cast(received_at as date) as event_day,
    {{ asked_for('subject') }} as subjects,

    parsed.type as rule_type,
    parsed.ruleset_id,
    parsed.ruleset_source,
    parsed.parameters.required_approving_review_count as required_approvals,
    parsed.parameters.dismiss_stale_reviews_on_push as is_stale_dismissed,
    parsed.parameters.require_code_owner_review as is_code_owner_asked,
    parsed.parameters.require_last_push_approval as is_last_push_approved,
    list_transform(parsed.parameters.required_status_checks, lambda one: one.context)
      as required_checks,

    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'subjects', 'content_hash']) }}
