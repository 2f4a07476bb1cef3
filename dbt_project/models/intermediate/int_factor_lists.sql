-- Whose factor list a day's newest snapshot read in full: one row an account and day. A list that
-- was read and is empty has a row here and none in int_factors; a list that was not read has none.
{%- set kinds = {
    'google_workspace_users': factor_lists__google_workspace_users,
    'aws_iam_credential_report': factor_lists__aws_iam_credential_report,
    'okta_users': factor_lists__okta_users,
    'entra_users': factor_lists__entra_users,
    'github_members': factor_lists__github_members,
} %}

select
    source_id,
    receipt_id,
    min(record_key) as record_key,
    day,
    system,
    account_id
from ({{ newest_snapshots({'account_id': 'varchar'}, kinds) }}) as answers
group by source_id, receipt_id, day, system, account_id
