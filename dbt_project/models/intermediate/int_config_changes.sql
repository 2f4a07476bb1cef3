-- Changes to settings and to infrastructure, in OCSF's terms: one row an event, whatever control
-- plane logged it, and one more for each other way in which the source told it. A try that failed
-- is a row too: `outcome` says so. Who acted is resolved to a person by int_person_logins. What
-- a system's own words mean here stands in the macro of its kind.
{%- set kinds = {
    'azure_activity': config_changes__azure_activity,
    'aws_cloudtrail': config_changes__aws_cloudtrail,
    'github_audit_log': config_changes__github_audit_log,
    'azure_diagnostic_logs': config_changes__azure_diagnostic_logs,
    'kubernetes_audit': config_changes__kubernetes_audit,
    'airflow_event_log': config_changes__airflow_event_log,
} %}
{%- set columns = {
    'event_id': 'varchar', 'event_key': 'varchar', 'event_time': 'timestamp',
    'stream': 'varchar', 'class_uid': 'integer', 'activity_id': 'integer',
    'event_type': 'varchar', 'outcome': 'varchar', 'outcome_reason': 'varchar',
    'actor_id': 'varchar', 'actor_type': 'varchar', 'actor_login': 'varchar',
    'session_id': 'varchar', 'client_ip': 'varchar', 'country': 'varchar',
    'user_agent': 'varchar',
    'account': 'varchar', 'region': 'varchar', 'resource_type': 'varchar', 'resource': 'varchar',
    'action': 'varchar', 'setting': 'varchar', 'old_value': 'varchar', 'new_value': 'varchar',
    'request_id': 'varchar', 'unmapped': 'json',
} %}

{{ attributed_events(columns, kinds) }}
