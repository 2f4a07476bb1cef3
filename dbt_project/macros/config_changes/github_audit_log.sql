{#- Changes of settings that GitHub's audit log tells, in the terms of int_config_changes. -#}
{% macro config_changes__github_audit_log() -%}
select
  source_id, receipt_id, sequence, record_key, received_at, event_day,
  event_id, event_key, happened_at as event_time, stream, action as event_type,
  class_and_activity[1] as class_uid,
  class_and_activity[2] as activity_id,
  if(ends_with(action, '_failed') or ends_with(action, '_failure'), 'FAILURE', 'SUCCESS') as outcome,
  actor_id, if(is_actor_bot, 'Bot', if(actor_login is null, null, 'User')) as actor_type, actor_login,
  client_ip, country, user_agent,
  organisation as account,
  target_type as resource_type, target_id as resource,
  operation_type as action,
  category as setting,
  previous_visibility as old_value,
  visibility as new_value,
  json_object(
    'name', name, 'user', user_login, 'team', team, 'business', business,
    'credential_type', credential_type, 'details', details
  ) as unmapped
from ({{ github_audit() }}) as audit
where stream = 'config_change'
{%- endmacro %}
