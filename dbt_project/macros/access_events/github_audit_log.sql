{#- GitHub's audit log in the terms of int_access_events; its changes of settings are in
    int_config_changes. The log tells what was done: an action that it names as failed was not. -#}
{% macro access_events__github_audit_log() -%}
select
  -- where it came from
  source_id, receipt_id, sequence, record_key, received_at, event_day,
  -- what happened
  event_id, event_key, happened_at as event_time, stream, action as event_type,
  class_and_activity[1] as class_uid,
  class_and_activity[2] as activity_id,
  if(ends_with(action, '_failed') or ends_with(action, '_failure'), 'FAILURE', 'SUCCESS') as outcome,
  -- who, to whom
  actor_id, if(is_actor_bot, 'Bot', if(actor_login is null, null, 'User')) as actor_type, actor_login,
  user_id as target_user_id, target_type, target_id,
  -- how
  credential_type, client_ip, country, user_agent,
  if(new_rank = 5 or action = 'business.add_admin', true, null) as is_privileged,
  json_object(
    'user', user_login, 'repository', repository, 'team', team, 'organisation', organisation,
    'business', business, 'name', name, 'old_permission', old_permission,
    'new_permission', new_permission, 'details', details
  ) as unmapped
from ({{ github_audit() }}) as audit
where stream is distinct from 'config_change'
{%- endmacro %}
