-- Protection of branches in versions: one row for each unbroken run of days on which it was the same.
-- A day that nobody looked at ends the version.
{{ daily_history(
  ref('int_settings'), ['repository', 'branch'],
  [
    'is_protected', 'required_approvals', 'dismisses_stale_approvals', 'asks_last_push_approval',
    'asks_code_owner', 'required_checks', 'enforces_admins', 'bypass_actors', 'allows_force_push',
    'allows_deletion', 'rule_types', 'codeowners_errors'
  ],
  'assets.setting'
) }}
