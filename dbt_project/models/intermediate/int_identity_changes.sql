-- What two adjacent days' full snapshots show to have happened to an account: it appeared, changed or
-- vanished in between. An account that is gone may have been deleted or only hidden from us: no
-- event of its own says which, so the OCSF activity is Other.
{%- set told = [
    'login', 'email', 'person_id', 'kind', 'status', 'is_enabled', 'is_disabled', 'is_federated_only',
    'is_sso_managed', 'has_local_password', 'created_at',
] %}
{#- what may not have been read that day: unknown on one side is no change -#}
{%- set known = ['is_admin', 'has_mfa', 'factor_types', 'roles'] %}

with versions as (
    select
        *,
        {%- for field in told + known %}
        lag({{ field }}) over each_account as {{ field }}_before,
        {%- endfor %}
        lag(last_record_key) over each_account as record_key_before
    from {{ ref('int_identities') }}
    window each_account as (partition by source_id, account_id order by valid_from)
),

changes as (
    select *, 'appeared' as change, valid_from as event_day, cast([] as varchar[]) as fields,
        cast(null as json) as was, cast(null as json) as is_now, [record_key] as record_keys
    from versions
    where began_by = 'appeared'

    union all by name

    select *, 'vanished' as change, valid_to + 1 as event_day, cast([] as varchar[]) as fields,
        cast(null as json) as was, cast(null as json) as is_now, [last_record_key] as record_keys
    from versions
    where ended_by = 'vanished'

    union all by name

    select *, 'changed' as change, valid_from as event_day,
        list_filter([
            {%- for field in told %}
            if({{ field }} is distinct from {{ field }}_before, '{{ field }}', null),
            {%- endfor %}
            {%- for field in known %}
            if({{ field }} != {{ field }}_before, '{{ field }}', null){{ ',' if not loop.last }}
            {%- endfor %}
        ], field -> field is not null) as fields,
        json_object(
            {%- for field in told + known %}
            '{{ field }}', {{ field }}_before{{ ',' if not loop.last }}
            {%- endfor %}
        ) as was,
        json_object(
            {%- for field in told + known %}
            '{{ field }}', {{ field }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) as is_now,
        [record_key_before, record_key] as record_keys
    from versions
    where began_by = 'changed'
)

select
    -- whose
    source_id,
    system,
    entity,
    account_id,
    login,
    person_id,
    -- what, and between which two days
    change,
    event_day - 1 as seen_before_on,
    event_day,
    fields,
    was as value_before,
    is_now as value_after,
    '1.8.0' as ocsf_version,
    3001 as class_uid,
    99 as activity_id,
    300199 as type_uid,
    record_keys
from changes
where change != 'changed' or len(fields) > 0
