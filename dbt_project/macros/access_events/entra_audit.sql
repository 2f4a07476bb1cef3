{#- Entra's directory audits in the terms of int_access_events.

    Who takes up a role in Privileged Identity Management is told twice: by PIM itself (activation,
    expiry), and by the directory, which PIM's own application (`MS-PIM`) asks to add or remove the
    member. The second is how the first is done, no grant of its own: its stream is NULL. -#}
{% macro access_events__entra_audit() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    event_id, event_key, event_time, stream,
    class_and_activity[1] as class_uid,
    class_and_activity[2] as activity_id,
    activity as event_type,
    upper(result) as outcome,
    result_reason as outcome_reason,
    -- who, to whom or what
    actor_id, actor_type, actor_login, target_user_id,
    case
        when role_name is not null then 'Role'
        when target_group_id is not null then 'Group'
        else target_type
    end as target_type,
    coalesce(role_name, target_group_id, target_id) as target_id,
    correlation_id as session_id,
    client_ip, user_agent,
    {{ entra_is_privileged('role_template_id') }} as is_privileged,
    json_object(
        'category', category,
        'operation_type', operation_type,
        'logged_by', logged_by,
        'actor_application', actor_application,
        'target_user_login', target_user_login,
        'role_template_id', role_template_id,
        'expires', expires_text,
        'justification', justification,
        'target_resources', target_resources
    ) as unmapped
from (
    select
        *,
        lower(activity) as said,
        coalesce(actor_application = 'MS-PIM' and logged_by = 'Core Directory', false) as is_by_pim,
        {{ entra_audit_stream() }} as stream,
        {{ entra_audit_class() }} as class_and_activity
    from {{ ref('stg_entra__audit') }}
    where not is_duplicate
) as classified
{%- endmacro %}

{#- Which stream an audit belongs to, of `said` (what was done, in lower case) and `is_by_pim`. -#}
{% macro entra_audit_stream() -%}
  case
      when is_by_pim then null
      when regexp_matches(said, 'completed \(pim activation\)$') then 'elevation'
      when
          regexp_matches(
              said,
              '^add (eligible |scoped )?(member|owner) to (role|group|application|service principal)'
              || '( in pim completed \((permanent|timebound)\))?$'
          )
          or starts_with(said, 'add app role assignment')
          or said in ('add delegated permission grant', 'consent to application')
          then 'grant'
      when
          regexp_matches(
              said,
              '^remove (eligible |scoped )?(member|owner) from '
              || '(role|group|application|service principal)'
              || '( in pim completed \((permanent|timebound)\)| completed \(pim deactivate\)'
              || '| \(pim activation expired\))?$'
          )
          or starts_with(said, 'remove app role assignment')
          or said = 'remove delegated permission grant'
          then 'revoke'
      when said in ('disable account', 'delete user', 'hard delete user') then 'disable'
  end
{%- endmacro %}

{#- OCSF's class and activity of an audit, of `said` and `stream`. -#}
{% macro entra_audit_class() -%}
  case
      when said = 'add user' then [3001, 1]
      when said = 'enable account' then [3001, 2]
      when said = 'change user password' then [3001, 3]
      when said = 'reset user password' then [3001, 4]
      when said = 'disable account' then [3001, 5]
      when said in ('delete user', 'hard delete user') then [3001, 6]
      when said = 'user registered security info' then [3001, 10]
      when said = 'user deleted security info' then [3001, 11]
      when said = 'add member to group' then [3006, 3]
      when said = 'remove member from group' then [3006, 4]
      when stream in ('grant', 'elevation') then [3005, 1]
      when stream = 'revoke' then [3005, 2]
      else [6003, 99]
  end
{%- endmacro %}
