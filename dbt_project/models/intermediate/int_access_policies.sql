-- Rules that decide who may sign in and how, as each day's newest snapshot shows them: one row a
-- policy, rule and day. A sign-in passes one stage after the other; within a stage, the first active
-- rule that applies stands.
{%- set kinds = {
    'okta_policies': access_policies__okta_policies,
} %}
{%- set columns = {
    'policy_id': 'varchar', 'policy_name': 'varchar', 'rule_id': 'varchar', 'rule_name': 'varchar',
    'stage': 'varchar', 'priority': 'integer', 'status': 'varchar', 'applies_to': 'json',
    'requires_second_factor': 'boolean', 'requires_phishing_resistant': 'boolean',
    'factors': 'json',
} %}

{{ newest_snapshots(columns, kinds) }}
