-- Keys and other credentials of accounts, as each day's newest snapshot shows them: one row a
-- credential and day. Never the credential itself.
{%- set kinds = {
    'aws_iam_credential_report': credentials__aws_iam_credential_report,
} %}
{%- set columns = {
    'account_id': 'varchar', 'credential_id': 'varchar', 'credential_type': 'varchar',
    'status': 'varchar', 'created_at': 'timestamp', 'last_used_at': 'timestamp',
    'rotated_at': 'timestamp',
} %}

{{ newest_snapshots(columns, kinds) }}
