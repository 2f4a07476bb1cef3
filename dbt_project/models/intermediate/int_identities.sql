{{ config(materialized='table') }}

-- The life of each account in versions, from daily snapshots (OCSF User Inventory): one row for each
-- unbroken run of days on which it looked the same. Second factors are NULL where their list was not
-- read that day, roles where not every source of the system that tells of roles was read in full:
-- unknown, never none.
{%- set columns = [
    'system', 'entity', 'login', 'email', 'person_id', 'kind', 'status', 'is_enabled', 'is_disabled',
    'is_admin', 'is_federated_only', 'is_sso_managed', 'has_local_password', 'has_mfa',
    'factor_types', 'roles', 'created_at',
] %}

with second_factors as (
    select
        source_id, day, account_id,
        list_sort(list_distinct(list(factor_type))) as factor_types
    from {{ ref('int_factors') }}
    where is_second_factor and status = 'ACTIVE'
    group by source_id, day, account_id
),

-- roles may come from other sources of the same system than the accounts
roles as (
    select
        system, day, account_id,
        list_sort(list_distinct(list(role))) as roles,
        bool_or(is_privileged) as is_privileged
    from {{ ref('int_roles') }}
    group by system, day, account_id
),

role_days as (
    select systems.system, verdicts.day
    from {{ source('ops', 'verdicts') }} as verdicts
    inner join {{ ref('int_source_systems') }} as systems using (source_id)
    where verdicts.stream = 'identities.role' and verdicts.verdict != 'RETIRED'
    group by systems.system, verdicts.day
    having bool_and(verdicts.verdict in ('COMPLETE', 'EMPTY_CONFIRMED', 'LATE'))
),

states as (
    select
        accounts.* exclude (is_admin),
        coalesce(
            accounts.is_admin or roles.is_privileged, accounts.is_admin, roles.is_privileged
        ) as is_admin,
        if(lists.account_id is null, null, coalesce(second_factors.factor_types, []))
            as factor_types,
        if(lists.account_id is null, null, second_factors.account_id is not null) as has_mfa,
        if(role_days.day is null, null, coalesce(roles.roles, [])) as roles
    from {{ ref('int_accounts') }} as accounts
    left join (
        select distinct source_id, day, account_id from {{ ref('int_factor_lists') }}
    ) as lists
        on accounts.source_id = lists.source_id
        and accounts.day = lists.day
        and accounts.account_id = lists.account_id
    left join second_factors
        on accounts.source_id = second_factors.source_id
        and accounts.day = second_factors.day
        and accounts.account_id = second_factors.account_id
    left join roles
        on accounts.system = roles.system
        and accounts.day = roles.day
        and accounts.account_id = roles.account_id
    left join role_days on accounts.system = role_days.system and accounts.day = role_days.day
    where accounts.account_id is not null
)

select
    *,
    '1.8.0' as ocsf_version,
    5003 as class_uid,
    2 as activity_id,
    500302 as type_uid
from ({{ daily_history('states', ['account_id'], columns, 'identities.account') }}) as versions
