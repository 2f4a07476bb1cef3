{{ config(materialized='table') }}

-- Who may do what in which repository, as each day's newest snapshot shows it: one row a repository,
-- day and account, with the highest right of all the ways in which it is held.
{%- set kinds = {
    'github_repo_access': repository_access__github_repo_access,
    'gitlab_members': repository_access__gitlab_members,
} %}
{%- set columns = {
    'repository': 'varchar', 'account_id': 'varchar', 'login': 'varchar', 'permission': 'varchar',
    'can_review': 'boolean', 'can_merge': 'boolean', 'can_administer': 'boolean', 'via': 'varchar',
} %}

{{ newest_snapshots(columns, kinds) }}
