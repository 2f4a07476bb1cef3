{#- Azure's activity log in the terms of int_config_changes. What governs other resources (network
    security groups, role assignments, policies, locks, diagnostic settings, access policies) is a
    setting; every other write, deletion or action is one of infrastructure. Reads, and what Azure
    says of itself (service health, advice, alerts), are neither. -#}
{% macro config_changes__azure_activity() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    event_id, event_key, event_time, stream,
    if(stream = 'config_change', 3004, 6003) as class_uid,
    case
        when action = 'create' then 1
        when action = 'read' then 2
        when action = 'update' then 3
        when action = 'delete' then 4
        else 99
    end as activity_id,
    operation as event_type,
    case status when 'Succeeded' then 'SUCCESS' when 'Failed' then 'FAILURE' else upper(status) end
        as outcome,
    sub_status as outcome_reason,
    -- who
    actor_id,
    case
        when token_type = 'user' or contains(caller, '@') then 'User'
        when caller is not null then 'ServicePrincipal'
    end as actor_type,
    if(contains(caller, '@'), lower(caller), null) as actor_login,
    client_ip,
    -- what was changed
    subscription_id as account,
    lower(coalesce(resource_type, provider_type)) as resource_type,
    lower(resource_id) as resource,
    action,
    if(stream = 'config_change', split_part(provider_type, '/', -1), null) as setting,
    request_body as new_value,
    correlation_id as request_id,
    json_object(
        'category', category,
        'level', level,
        'operation_id', operation_id,
        'acting_role', acting_role,
        'scope', scope,
        'resource_group', resource_group,
        'submitted_at', submitted_at,
        'response_body', response_body
    ) as unmapped
from (
    select
        *,
        {{ azure_operation() }}
    from {{ ref('stg_azure__activity') }}
    where not is_duplicate
) as classified
{%- endmacro %}

{#- What an operation is, of `operation`, `category` and `sub_status`: provider_type, action, stream. -#}
{% macro azure_operation() -%}
  lower(regexp_replace(operation, '(?i)(/[^/]+/action|/[^/]+)$', '')) as provider_type,
  case
      when regexp_matches(operation, '(?i)/write$')
          then if(sub_status = 'Created', 'create', 'update')
      when regexp_matches(operation, '(?i)/action$')
          then lower(regexp_extract(operation, '([^/]+)/[^/]+$', 1))
      else lower(split_part(operation, '/', -1))
  end as action,
  case
      when coalesce(category, 'Administrative') != 'Administrative' or action = 'read' then null
      -- what is no operation of a resource provider was done inside a resource
      when operation is null or not contains(operation, '/') then null
      when
          regexp_matches(
              provider_type,
              'networksecuritygroups|/firewallrules|azurefirewalls|/accesspolicies'
              || '|^microsoft\.authorization/|/diagnosticsettings|^microsoft\.security/'
          )
          then 'config_change'
      else 'infra_change'
  end as stream
{%- endmacro %}
