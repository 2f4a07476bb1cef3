-- What people and services did, in OCSF's terms: one row an event, whatever system logged it, and
-- one more for each other way in which the source told it. Who acted is resolved to a person by
-- int_person_logins. What a system's own words mean here stands in the macro of its kind.
{%- set kinds = {
    'aws_cloudtrail': access_events__aws_cloudtrail,
    'google_workspace_activity': access_events__google_workspace_activity,
    'okta_system_log': access_events__okta_system_log,
    'entra_signins': access_events__entra_signins,
    'entra_audit': access_events__entra_audit,
    'github_audit_log': access_events__github_audit_log,
    'azure_diagnostic_logs': access_events__azure_diagnostic_logs,
    'vault_audit': access_events__vault_audit,
    'kubernetes_audit': access_events__kubernetes_audit,
    'sshd_log': access_events__sshd_log,
    'pgaudit': access_events__pgaudit,
    'airflow_event_log': access_events__airflow_event_log,
} %}
{%- set columns = {
    'event_id': 'varchar', 'event_key': 'varchar', 'event_time': 'timestamp',
    'stream': 'varchar', 'class_uid': 'integer', 'activity_id': 'integer',
    'event_type': 'varchar', 'outcome': 'varchar', 'outcome_reason': 'varchar',
    'actor_id': 'varchar', 'actor_type': 'varchar', 'actor_login': 'varchar',
    'target_user_id': 'varchar', 'target_type': 'varchar', 'target_id': 'varchar',
    'session_id': 'varchar', 'is_interactive': 'boolean', 'is_mfa': 'boolean',
    'credential_type': 'varchar', 'factor': 'varchar', 'authenticators': 'varchar[]',
    'client_ip': 'varchar', 'country': 'varchar', 'user_agent': 'varchar',
    'is_privileged': 'boolean', 'unmapped': 'json',
} %}

{{ attributed_events(columns, kinds) }}
