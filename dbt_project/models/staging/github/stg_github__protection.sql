with source as (
  {{ requested_records('github_branch_protection', 'protection', '
    {
      "required_pull_request_reviews": {
        "required_approving_review_count": "INTEGER",
        "dismiss_stale_reviews": "BOOLEAN",
        "require_code_owner_reviews": "BOOLEAN",
        "require_last_push_approval": "BOOLEAN",
        "bypass_pull_request_allowances": {
          "users": [{"login": "VARCHAR"}], "teams": [{"slug": "VARCHAR"}],
          "apps": [{"slug": "VARCHAR"}]
        }
      },
      "required_status_checks": {
        "strict": "BOOLEAN", "contexts": ["VARCHAR"], "checks": [{"context": "VARCHAR"}]
      },
      "enforce_admins": {"enabled": "BOOLEAN"},
      "required_linear_history": {"enabled": "BOOLEAN"},
      "required_signatures": {"enabled": "BOOLEAN"},
      "required_conversation_resolution": {"enabled": "BOOLEAN"},
      "allow_force_pushes": {"enabled": "BOOLEAN"},
      "allow_deletions": {"enabled": "BOOLEAN"}
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},
    cast(received_at as date) as event_day,
    request ->> '$.repository' as repository,
    request ->> '$.branch' as branch,

    -- what GitHub leaves out is not asked for; reviews that are asked for ask for one at least
    if(
      parsed.required_pull_request_reviews is null, 0,
      coalesce(parsed.required_pull_request_reviews.required_approving_review_count, 1)
    ) as required_approvals,
    coalesce(parsed.required_pull_request_reviews.dismiss_stale_reviews, false)
      as is_stale_dismissed,
    coalesce(parsed.required_pull_request_reviews.require_code_owner_reviews, false)
      as is_code_owner_asked,
    coalesce(parsed.required_pull_request_reviews.require_last_push_approval, false)
      as is_last_push_approved,
    list_concat(
      list_transform(
        parsed.required_pull_request_reviews.bypass_pull_request_allowances.users,
        lambda one: concat('user:', one.login)
      ),
      list_transform(
        parsed.required_pull_request_reviews.bypass_pull_request_allowances.teams,
        lambda one: concat('team:', one.slug)
      ),
      list_transform(
        parsed.required_pull_request_reviews.bypass_pull_request_allowances.apps,
        lambda one: concat('app:', one.slug)
      )
    ) as bypass_actors,
    list_sort(list_distinct(list_concat(
      parsed.required_status_checks.contexts,
      list_transform(parsed.required_status_checks.checks, lambda one: one.context)
    ))) as required_checks,
    coalesce(parsed.required_status_checks.strict, false) as is_up_to_date_asked,
    coalesce(parsed.enforce_admins.enabled, false) as is_enforced_for_admins,
    coalesce(parsed.required_linear_history.enabled, false) as is_linear,
    parsed.required_signatures.enabled as is_signature_asked,
    coalesce(parsed.required_conversation_resolution.enabled, false) as is_resolution_asked,
    coalesce(parsed.allow_force_pushes.enabled, false) as is_force_push_allowed,
    coalesce(parsed.allow_deletions.enabled, false) as is_deletion_allowed,

    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'repository', 'branch', 'content_hash']) }}
