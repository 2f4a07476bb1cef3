{#- Vault's audit devices in the terms of int_access_events: one row a call, told by its response, or
    by its request where no response came. What hands out a credential for a time, or a token, is
    elevation; signing in to Vault itself belongs to no stream of the control library. -#}
{% macro access_events__vault_audit() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    coalesce(request_id, record_key) as event_id, event_key, event_time,
    case
        when regexp_matches(path, '^auth/.*login') then null
        when starts_with(path, 'auth/token/create') or (lease_id is not null and operation <> 'renew')
            then 'elevation'
        else 'resource_access'
    end as stream,
    operation as event_type,
    case
        when error is not null then 'FAILURE'
        when ends_with(entry_type, 'response') then 'SUCCESS'
    end as outcome,
    error as outcome_reason,
    if(regexp_matches(path, '^auth/.*login'), 3002, 6003) as class_uid,
    case
        when regexp_matches(path, '^auth/.*login') then 1
        when operation = 'create' then 1
        when operation in ('read', 'list') then 2
        when operation in ('update', 'patch') then 3
        when operation = 'delete' then 4
        else 99
    end as activity_id,
    -- who, to what
    coalesce(entity_id, display_name) as actor_id, token_type as actor_type,
    coalesce(actor_login, lower(display_name)) as actor_login,
    mount_type as target_type, path as target_id,
    -- how
    token_accessor as session_id, client_ip,
    starts_with(path, 'sys/') or list_contains(policies, 'root') as is_privileged,
    json_object(
        'mount_point', mount_point, 'namespace', namespace, 'policies', policies,
        'lease_id', lease_id, 'display_name', display_name
    ) as unmapped
from (
    select
        *,
        -- a call is told once: by the response where there is one
        row_number() over (
            partition by source_id, coalesce(request_id, record_key)
            order by ends_with(entry_type, 'response') desc, sequence, record_key
        ) as place
    from {{ ref('stg_vault__entry') }}
    where not is_duplicate
) as calls
where place = 1
{%- endmacro %}
