-- Rules that decide who may sign in and how, as each day's newest snapshot shows them: one row a
-- policy, rule and day. The lowest priority number is asked first.
{%- set kinds = {
} %}
{%- set columns = {
    'policy_id': 'varchar', 'policy_name': 'varchar', 'rule_id': 'varchar', 'rule_name': 'varchar',
    'priority': 'integer', 'status': 'varchar', 'applies_to': 'json',
    'requires_second_factor': 'boolean', 'requires_phishing_resistant': 'boolean',
    'factors': 'json',
} %}

{{ newest_snapshots(columns, kinds) }}
