-- Factors as each day's newest snapshot shows them: one row an account, day and factor. A security
-- question is a second thing known, not a second factor.
{%- set kinds = {
    'google_workspace_users': factors__google_workspace_users,
    'aws_iam_credential_report': factors__aws_iam_credential_report,
    'okta_users': factors__okta_users,
    'entra_users': factors__entra_users,
    'github_members': factors__github_members,
} %}
{%- set columns = {
    'account_ids': 'varchar[]', 'factor_id': 'varchar', 'factor_type': 'varchar',
    'provider': 'varchar', 'status': 'varchar', 'created_at': 'timestamp',
} %}

select
    * exclude (account_ids, observed_at, entity),
    unnest(account_ids) as account_id,
    {{ is_second_factor('factor_type') }} as is_second_factor
from ({{ newest_snapshots(columns, kinds) }}) as answers
