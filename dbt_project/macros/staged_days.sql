{#- Every staging model, for two readers: the days that new rows touch (int_changed_days) and the
    account of every record (fct_record_account). One entry a model:

    model: its name; kind and stream: the Bronze stream that it stages in full;
    feeds: the ledger streams that its rows belong to; days: SQL expressions over the model, the
    days that a new row can change (dates; NULL is left out).
    A build leaves out kinds of which nothing was ever received (known_kinds).
    The model has source_id, receipt_id and is_duplicate; one that never de-duplicates says
    has_duplicates: false. `is_rejected`, where a model has it, is named by rejected: true. -#}
{% macro staged_days() -%}
  {%- set entries = (
    staged_registers()
    + staged_days_change()
    + staged_days_access()
    + staged_days_github_access()
    + staged_days_microsoft()
    + staged_days_google()
    + staged_days_vulnerability()
    + staged_days_estate()
    + staged_days_aws()
    + staged_days_logs()
  ) -%}
  {{ return(entries | selectattr('kind', 'in', known_kinds(entries | map(attribute='kind'))) | list) }}
{%- endmacro %}

{#- Registers count for the days that their rows speak for (int_changed_days), not for an event. -#}
{% macro staged_registers() -%}
  {{ return([
    {'model': 'stg_register__roster', 'kind': 'register', 'stream': 'roster', 'feeds': [], 'days': []},
    {'model': 'stg_register__asset', 'kind': 'register', 'stream': 'asset', 'feeds': [], 'days': []},
    {'model': 'stg_register__waiver', 'kind': 'register', 'stream': 'waiver', 'feeds': [], 'days': []},
    {'model': 'stg_register__link', 'kind': 'register', 'stream': 'link', 'feeds': [], 'days': []},
    {'model': 'stg_register__control', 'kind': 'register', 'stream': 'control', 'feeds': [], 'days': []},
  ]) }}
{%- endmacro %}

{#- github_pulls, github_deployments, git_log -#}
{% macro staged_days_change() -%}
  {%- set deployed = ['change_events.deployment'] -%}
  {{ return([
    {'model': 'stg_github__pull_request', 'kind': 'github_pulls', 'stream': 'pull_request',
     'feeds': ['change_events.pull_request'], 'days': ['event_day']},
    {'model': 'stg_github__review', 'kind': 'github_pulls', 'stream': 'review',
     'feeds': ['change_events.review'], 'days': ['event_day']},
    {'model': 'stg_github__timeline', 'kind': 'github_pulls', 'stream': 'timeline',
     'feeds': ['change_events.review'], 'days': ['event_day']},
    {'model': 'stg_github__pull_commit', 'kind': 'github_pulls', 'stream': 'pull_commit',
     'feeds': ['change_events.commit'], 'days': ['event_day']},
    {'model': 'stg_github__branch_commit', 'kind': 'github_pulls', 'stream': 'branch_commit',
     'feeds': ['change_events.commit'], 'days': ['event_day']},
    {'model': 'stg_github__ref_update', 'kind': 'github_pulls', 'stream': 'ref_update',
     'feeds': ['change_events.ref_update'], 'days': ['event_day']},
    {'model': 'stg_github__repository', 'kind': 'github_pulls', 'stream': 'repository',
     'feeds': ['change_events.ref_update'], 'days': ['created_at']},
    {'model': 'stg_github__repository', 'kind': 'github_deployments', 'stream': 'repository',
     'feeds': ['change_events.deployment'], 'days': []},
    {'model': 'stg_github__branch', 'kind': 'github_pulls', 'stream': 'branch',
     'feeds': ['change_events.ref_update'], 'days': []},
    {'model': 'stg_github__deployment', 'kind': 'github_deployments', 'stream': 'deployment',
     'feeds': deployed, 'days': ['event_day'], 'key': 'deployment_id'},
    {'model': 'stg_github__deployment_status', 'kind': 'github_deployments',
     'stream': 'deployment_status', 'feeds': deployed, 'days': ['event_day'],
     'key': 'deployment_id'},
    {'model': 'stg_git__commit', 'kind': 'git_log', 'stream': 'commit',
     'feeds': ['change_events.commit'], 'days': ['event_day']},
    {'model': 'stg_git__ref_tip', 'kind': 'git_log', 'stream': 'ref_tip',
     'feeds': ['change_events.ref_update'], 'days': ['event_day']},
  ]) }}
{%- endmacro %}

{#- aws_cloudtrail, aws_iam_credential_report, aws_config_inventory -#}
{% macro staged_days_aws() -%}
  {{ return([
    {'model': 'stg_aws__event', 'kind': 'aws_cloudtrail', 'stream': 'event',
     'feeds': [
       'access_events.sign_in', 'access_events.resource_access', 'access_events.grant',
       'access_events.revoke', 'access_events.elevation', 'change_events.config_change',
       'change_events.infra_change'
     ], 'days': ['event_day']},
    {'model': 'stg_aws__account', 'kind': 'aws_iam_credential_report', 'stream': 'account',
     'feeds': ['identities.account', 'identities.factor', 'identities.credential'],
     'days': ['event_day']},
    {'model': 'stg_aws__resource', 'kind': 'aws_config_inventory', 'stream': 'item',
     'feeds': ['assets.inventory'], 'days': ['event_day']},
  ]) }}
{%- endmacro %}

{#- okta_system_log, okta_users -#}
{% macro staged_days_access() -%}
  {%- set log_streams = [
    'access_events.sign_in', 'access_events.grant', 'access_events.revoke', 'access_events.disable'
  ] -%}
  {{ return([
    {'model': 'stg_okta__event', 'kind': 'okta_system_log', 'stream': 'event',
     'feeds': log_streams, 'days': ['event_day']},
    {'model': 'stg_okta__account', 'kind': 'okta_users', 'stream': 'account',
     'feeds': ['identities.account'], 'days': ['event_day']},
    {'model': 'stg_okta__factor', 'kind': 'okta_users', 'stream': 'factor',
     'feeds': ['identities.factor'], 'days': ['event_day'], 'has_duplicates': false},
  ] + staged_days_okta_access() + staged_days_gitlab()) }}
{%- endmacro %}

{#- okta_policies, okta_groups, okta_apps: three kinds that list groups and applications -#}
{% macro staged_days_okta_access() -%}
  {%- set entries = [] -%}
  {%- for stream, kind, fed, has_duplicates in [
    ('policy', 'okta_policies', 'access_policies', true),
    ('policy_rule', 'okta_policies', 'access_policies', true),
    ('application', 'okta_policies', 'access_policies', true),
    ('group', 'okta_policies', 'access_policies', true),
    ('group_member', 'okta_policies', 'access_policies', false),
    ('group', 'okta_groups', 'identities.role', true),
    ('group_member', 'okta_groups', 'identities.role', false),
    ('group_role', 'okta_groups', 'identities.role', false),
    ('user_role', 'okta_groups', 'identities.role', false),
    ('application', 'okta_apps', 'assets.inventory', true),
    ('application_user', 'okta_apps', 'identities.role', false),
    ('application_group', 'okta_apps', 'identities.role', false),
  ] -%}
    {%- do entries.append({
      'model': 'stg_okta__' ~ stream, 'kind': kind, 'stream': stream, 'feeds': [fed],
      'days': ['event_day'], 'has_duplicates': has_duplicates
    }) -%}
  {%- endfor -%}
  {{ return(entries) }}
{%- endmacro %}

{#- gitlab_members -#}
{% macro staged_days_gitlab() -%}
  {%- set entries = [] -%}
  {%- for stream, fed, has_duplicates in [
    ('group', ['identities.role'], true),
    ('project', ['repo_access'], true),
    ('group_member', ['identities.account', 'identities.role'], false),
    ('project_member', ['identities.account', 'identities.role', 'repo_access'], false),
  ] -%}
    {%- do entries.append({
      'model': 'stg_gitlab__' ~ stream, 'kind': 'gitlab_members', 'stream': stream, 'feeds': fed,
      'days': ['event_day'], 'has_duplicates': has_duplicates
    }) -%}
  {%- endfor -%}
  {{ return(entries) }}
{%- endmacro %}

{#- sarif, trivy, cisa_kev -#}
{% macro staged_days_vulnerability() -%}
  {{ return([
    {'model': 'stg_sarif__finding', 'kind': 'sarif', 'stream': 'finding',
     'feeds': ['findings.finding'], 'days': ['event_day']},
    {'model': 'stg_sarif__scan_run', 'kind': 'sarif', 'stream': 'scan_run',
     'feeds': ['findings.finding', 'findings.scan_run'],
     'days': ['first_event_day', 'event_day']},
    {'model': 'stg_trivy__finding', 'kind': 'trivy', 'stream': 'finding',
     'feeds': ['findings.finding'], 'days': ['event_day']},
    {'model': 'stg_trivy__scan_run', 'kind': 'trivy', 'stream': 'scan_run',
     'feeds': ['findings.finding', 'findings.scan_run'], 'days': ['event_day']},
    {'model': 'stg_cisa__kev', 'kind': 'cisa_kev', 'stream': 'vulnerability',
     'feeds': ['kev'], 'days': ['listed_day']},
  ]) }}
{%- endmacro %}

{#- entra_signins, entra_audit, entra_users, azure_activity, azure_diagnostic_logs -#}
{% macro staged_days_microsoft() -%}
  {{ return([
    {'model': 'stg_entra__sign_in', 'kind': 'entra_signins', 'stream': 'sign_in',
     'feeds': ['access_events.sign_in'], 'days': ['event_day']},
    {'model': 'stg_entra__audit', 'kind': 'entra_audit', 'stream': 'audit',
     'feeds': [
       'access_events.grant', 'access_events.revoke', 'access_events.disable',
       'access_events.elevation'
     ], 'days': ['event_day']},
    {'model': 'stg_entra__account', 'kind': 'entra_users', 'stream': 'account',
     'feeds': ['identities.account'], 'days': ['event_day']},
    {'model': 'stg_entra__factor', 'kind': 'entra_users', 'stream': 'factor',
     'feeds': ['identities.factor'], 'days': ['event_day']},
    {'model': 'stg_entra__role', 'kind': 'entra_users', 'stream': 'role',
     'feeds': ['identities.role'], 'days': ['event_day']},
    {'model': 'stg_entra__role_member', 'kind': 'entra_users', 'stream': 'role_member',
     'feeds': ['identities.role'], 'days': ['event_day']},
    {'model': 'stg_azure__activity', 'kind': 'azure_activity', 'stream': 'activity',
     'feeds': ['change_events.config_change', 'change_events.infra_change'],
     'days': ['event_day']},
    {'model': 'stg_azure__diagnostic_log', 'kind': 'azure_diagnostic_logs', 'stream': 'entry',
     'feeds': [
       'access_events.sign_in', 'access_events.grant', 'access_events.revoke',
       'access_events.disable', 'access_events.elevation',
       'change_events.config_change', 'change_events.infra_change'
     ], 'days': ['event_day']},
  ]) }}
{%- endmacro %}

{#- github_audit_log, github_members; github_repo_access, of which a snapshot also settles the day before -#}
{% macro staged_days_github_access() -%}
  {%- set nearby = ['event_day', 'event_day - 1'] -%}
  {{ return([
    {'model': 'stg_github__audit_event', 'kind': 'github_audit_log', 'stream': 'audit_event',
     'feeds': [
       'access_events.grant', 'access_events.revoke', 'access_events.disable',
       'change_events.config_change'
     ], 'days': ['event_day']},
    {'model': 'stg_github__member', 'kind': 'github_members', 'stream': 'member',
     'feeds': ['identities.account', 'identities.factor', 'identities.role'],
     'days': ['event_day']},
    {'model': 'stg_github__protection', 'kind': 'github_branch_protection', 'stream': 'protection',
     'feeds': ['assets.setting'], 'days': ['event_day']},
    {'model': 'stg_github__unprotected', 'kind': 'github_branch_protection',
     'stream': 'unprotected', 'feeds': ['assets.setting'], 'days': ['event_day']},
    {'model': 'stg_github__rule', 'kind': 'github_branch_protection', 'stream': 'rule',
     'feeds': ['assets.setting'], 'days': ['event_day']},
    {'model': 'stg_github__codeowners', 'kind': 'github_branch_protection',
     'stream': 'codeowners', 'feeds': ['assets.setting'], 'days': ['event_day']},
    {'model': 'stg_github__rule_suite', 'kind': 'github_branch_protection',
     'stream': 'rule_suite', 'feeds': [], 'days': []},
    {'model': 'stg_github__saml_identity', 'kind': 'github_saml_identities',
     'stream': 'saml_identity', 'feeds': ['identities.account'], 'days': ['event_day']},
    {'model': 'stg_github__collaborator', 'kind': 'github_repo_access', 'stream': 'collaborator',
     'feeds': ['repo_access'], 'days': nearby},
    {'model': 'stg_github__repository_team', 'kind': 'github_repo_access',
     'stream': 'repository_team', 'feeds': ['repo_access'], 'days': nearby},
    {'model': 'stg_github__team_member', 'kind': 'github_repo_access', 'stream': 'team_member',
     'feeds': ['repo_access'], 'days': nearby},
  ]) }}
{%- endmacro %}

{#- google_workspace_activity, google_workspace_users -#}
{% macro staged_days_google() -%}
  {{ return([
    {'model': 'stg_google__activity', 'kind': 'google_workspace_activity', 'stream': 'activity',
     'feeds': [
       'access_events.sign_in', 'access_events.disable', 'access_events.grant',
       'access_events.revoke', 'access_events.resource_access'
     ], 'days': ['event_day']},
    {'model': 'stg_google__account', 'kind': 'google_workspace_users', 'stream': 'account',
     'feeds': ['identities.account', 'identities.factor', 'identities.role'],
     'days': ['event_day']},
  ]) }}
{%- endmacro %}
