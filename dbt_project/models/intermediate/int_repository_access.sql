-- Who may do what in which repository, as each day's newest snapshot shows it: one row a repository,
-- day, account and way in which the right is held.
{%- set kinds = {
} %}
{%- set columns = {
    'repository': 'varchar', 'account_id': 'varchar', 'login': 'varchar', 'permission': 'varchar',
    'can_review': 'boolean', 'can_merge': 'boolean', 'can_administer': 'boolean', 'via': 'varchar',
} %}

{{ newest_snapshots(columns, kinds) }}
