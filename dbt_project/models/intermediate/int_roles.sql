-- Roles that accounts held, as each day's newest snapshot shows them: one row an account, day, role
-- and way in which it is held.
{%- set kinds = {
    'entra_users': roles__entra_users,
    'github_members': roles__github_members,
    'okta_groups': roles__okta_groups,
    'okta_apps': roles__okta_apps,
    'google_workspace_users': roles__google_workspace_users,
    'gitlab_members': roles__gitlab_members,
} %}
{%- set columns = {
    'account_id': 'varchar', 'role': 'varchar', 'is_privileged': 'boolean', 'via': 'varchar',
} %}

{{ newest_snapshots(columns, kinds) }}
