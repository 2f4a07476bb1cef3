{{ control_test_config('IAM-01') }}

-- Second factor is enforced for every human account.
with run as (
    select as_of, period_start from {{ source('ops', 'run') }}
),

assets as (
    select * from {{ ref('int_assets') }}
),

-- Every enabled human account of each day's snapshot. Where nobody says whether an account is a
-- person's, it may be one.
accounts as (
    select
        accounts.*,
        assets.is_in_scope,
        coalesce(assets.entity, accounts.entity) as unit_entity
    from {{ ref('int_accounts') }} as accounts
    cross join run
    left join assets
        on accounts.system = assets.asset_id
        and accounts.day between assets.valid_from and assets.valid_to
    where
        accounts.day between run.period_start and run.as_of
        and accounts.is_enabled is distinct from false
        and accounts.kind is distinct from 'service'
        and {{ is_affected('IAM-01', 'accounts.day') }}
),

account_units as (
    select
        concat_ws('|', account_id, day) as unit_key,
        json_object('account_id', account_id, 'system', system, 'date', strftime(day, '%Y-%m-%d'))
            as attributes,
        unit_entity as entity,
        system,
        system as asset_id,
        observed_at as event_time,
        day as effective_on,
        person_id,
        is_in_scope,
        accounts.* exclude (entity, system, person_id, is_in_scope)
    from accounts
),

factors as (
    select
        source_id,
        account_id,
        day,
        count(*) filter (where is_second_factor and status = 'ACTIVE') as active,
        count(*) filter (where factor_type is null or status is null) as unclear,
        string_agg(distinct factor_type, ', ' order by factor_type)
            filter (where is_second_factor and status = 'ACTIVE') as active_types,
        string_agg(concat(factor_type, ' (', status, ')'), ', ' order by factor_type) as all_types,
        list(record_key order by record_key) as record_keys
    from {{ ref('int_factors') }}
    group by source_id, account_id, day
),

enrolled_seen as (
    select
        units.*,
        lists.account_id is not null as is_read,
        coalesce(factors.active, 0) as active,
        coalesce(factors.unclear, 0) as unclear,
        factors.active_types,
        factors.all_types,
        factors.record_keys as factor_keys,
        lists.record_key as list_key
    from account_units as units
    left join {{ ref('int_factor_lists') }} as lists
        on units.source_id = lists.source_id
        and units.account_id = lists.account_id
        and units.day = lists.day
    left join factors
        on units.source_id = factors.source_id
        and units.account_id = factors.account_id
        and units.day = factors.day
),

enrolled_ruled as (
    select
        'enrolled' as leg_id,
        unit_key, attributes, entity, system, asset_id, event_time, effective_on,
        case
            when is_federated_only then 'NOT_APPLICABLE'
            when active > 0 and is_enabled and kind = 'human' then 'PASS'
            when is_enabled is null or kind is null or not is_read or unclear > 0 then 'NOT_TESTED'
            else 'ABSENT'
        end as proposed,
        case
            when is_federated_only then 'federated'
            when active > 0 and is_enabled and kind = 'human' then null
            when is_enabled is null or kind is null or not is_read or unclear > 0 then 'null_field'
            else 'NO_SECOND_FACTOR'
        end as reason_code,
        case
            when is_federated_only
                then 'Signs in only through another identity provider: its account there is the unit'
            when is_enabled is null
                then concat('identities.account.status: ', coalesce(status, 'not given'))
            when kind is null
                then 'identities.account.kind: nobody says whether the account is a person''s'
            when active > 0 then concat('Active second factor: ', active_types)
            when not is_read then 'identities.factor: the account''s factor list was not read'
            when unclear > 0 then 'identities.factor: a factor without type or status'
            when all_types is null then 'The account''s factor list was read in full and is empty'
            else concat('No active second factor; listed: ', all_types)
        end as reason,
        person_id, is_in_scope,
        list_filter(
            list_concat([record_key], factor_keys, [list_key]), k -> k is not null
        ) as record_keys,
        cast([
            {{ need('identities.account', 'day', 'day', 'system') }},
            {{ need('identities.factor', 'day', 'day', 'system') }}
        ] as {{ needs_type() }}) as needs,
        day as hangs_from,
        day as hangs_to,
        cast(null as json) as parameters
    from enrolled_seen
),

enrolled_settled as (
    {{ rule_on_absence('enrolled_ruled') }}
),

enrolled as (
    select
        settled.*,
        people.vendor_id,
        cast(null as varchar) as criteria_key
    from enrolled_settled as settled
    left join ({{ vendor_of_person() }}) as people on settled.person_id = people.person_id
),

required_judged as (
    {{ iam_01_required('account_units') }}
),

required_settled as (
    {{ rule_on_absence('required_judged') }}
),

required as (
    select
        settled.*,
        people.vendor_id,
        cast(null as varchar) as criteria_key
    from required_settled as settled
    left join ({{ vendor_of_person() }}) as people on settled.person_id = people.person_id
),

used_judged as (
    {{ iam_01_used() }}
),

used_settled as (
    {{ rule_on_absence('used_judged') }}
),

used as (
    select
        settled.*,
        people.vendor_id,
        cast(null as varchar) as criteria_key,
        json_object(
            'federation_window_min',
            {{ parameter('IAM-01', 'federation_window_min', 'settled.system', 'settled.effective_on') }}
        ) as parameters
    from used_settled as settled
    left join ({{ vendor_of_person() }}) as people on settled.person_id = people.person_id
)

{%- set legs = ['enrolled', 'required', 'used'] %}
{{ settle('IAM-01', legs, scope_unread=legs) }}
