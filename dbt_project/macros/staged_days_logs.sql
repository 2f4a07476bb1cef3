{#- Log files: what servers and services write themselves -#}
{% macro staged_days_logs() -%}
  {{ return([
    {'model': 'stg_vault__entry', 'kind': 'vault_audit', 'stream': 'entry',
     'feeds': ['access_events.resource_access', 'access_events.elevation'],
     'days': ['event_day']},
    {'model': 'stg_kubernetes__audit_event', 'kind': 'kubernetes_audit', 'stream': 'event',
     'feeds': ['access_events.resource_access', 'change_events.infra_change'],
     'days': ['event_day']},
    {'model': 'stg_sshd__message', 'kind': 'sshd_log', 'stream': 'message',
     'feeds': ['access_events.sign_in'], 'days': ['event_day']},
    {'model': 'stg_postgres__record', 'kind': 'pgaudit', 'stream': 'record',
     'feeds': ['access_events.resource_access'], 'days': ['event_day']},
    {'model': 'stg_airflow__event_log', 'kind': 'airflow_event_log', 'stream': 'event_log',
     'feeds': ['access_events.resource_access', 'change_events.config_change'],
     'days': ['event_day']},
  ]) }}
{%- endmacro %}
