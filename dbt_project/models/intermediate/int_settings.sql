-- How branches are protected, as each day's newest snapshot shows it: one row a repository, branch
-- and day. A branch of which the settings could not be read has no row on that day.
{%- set kinds = {
    'github_branch_protection': settings__github_branch_protection,
} %}
{%- set columns = {
    'repository': 'varchar', 'branch': 'varchar', 'is_protected': 'boolean',
    'required_approvals': 'integer', 'dismisses_stale_approvals': 'boolean',
    'asks_last_push_approval': 'boolean', 'asks_code_owner': 'boolean',
    'required_checks': 'varchar[]', 'enforces_admins': 'boolean', 'bypass_actors': 'varchar[]',
    'allows_force_push': 'boolean', 'allows_deletion': 'boolean', 'rule_types': 'varchar[]',
    'codeowners_errors': 'integer',
} %}

{{ newest_snapshots(columns, kinds) }}
