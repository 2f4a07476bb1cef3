-- Rights in repositories in versions: one row for each unbroken run of days on which an account could
-- do the same in a repository. A day that nobody looked at ends the version.
{{ daily_history(
  ref('int_repository_access'), ['repository', 'account_id'],
  ['login', 'permission', 'can_review', 'can_merge', 'can_administer', 'via'], 'repo_access'
) }}
