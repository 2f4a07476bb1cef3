{#- Leg required: the rules in force that day ask this account for a second factor.

    A sign-in passes stages (int_access_policies), so one that asks is enough. Within a stage the
    first rule that applies decides. Whether a rule applies can be unknown: it has a condition that
    only a sign-in meets, or names a group whose members were not read. Then it and every later rule
    up to the first that applies for certain may decide, and only what all of them say counts.

    units: the account's units, a row an account and day. -#}
{% macro iam_01_required(units) -%}
with asked as (
    select
        units.*,
        coalesce((
            {{ parameter('IAM-01', 'phishing_resistant_for_privileged', 'units.system', 'units.day') }}
            ->> '$'
        ) = 'true', false) as is_resistance_asked
    from {{ units }} as units
),

-- What a rule names, parsed once a rule; and whether the members of all that were read.
rules_named as (
    select
        *,
        {{ people_named('policy') }},
        {{ people_named('rule') }},
        coalesce(from_json(applies_to -> '$.unevaluated', '["VARCHAR"]'), []) as unevaluated
    from {{ ref('int_access_policies') }}
    where
        stage in ('session', 'dashboard')
        and status is distinct from 'INACTIVE'
        and (system, day) in (select (system, day) from asked)
),

-- Okta's Identity Engine asks at the dashboard too: its other applications show that it is one.
staged as (
    select
        system,
        day,
        bool_or(stage in ('dashboard', 'application')) as has_applications
    from {{ ref('int_access_policies') }}
    where (system, day) in (select (system, day) from asked)
    group by system, day
),

groups_of_rules as (
    select
        system,
        day,
        list(distinct group_id) as known,
        list(distinct group_id) filter (where is_everyone) as of_everyone
    from {{ ref('int_policy_groups') }}
    where (system, day) in (select (system, day) from asked)
    group by system, day
),

rules as (
    select
        rules_named.*,
        {{ groups_known('policy') }},
        {{ groups_known('rule') }}
    from rules_named
    left join groups_of_rules
        on rules_named.system = groups_of_rules.system and rules_named.day = groups_of_rules.day
),

groups_of_accounts as (
    select
        system,
        day,
        account_id,
        list(distinct group_id) as own
    from {{ ref('int_policy_groups') }}
    where account_id is not null and (system, day) in (select (system, day) from asked)
    group by system, day, account_id
),

matched as (
    select
        units.unit_key,
        rules.stage,
        rules.priority,
        rules.record_key,
        rules.requires_second_factor,
        rules.requires_phishing_resistant,
        concat('"', rules.policy_name, '" / "', rules.rule_name, '"') as rule,
        {{ people_match('policy') }} and {{ people_match('rule') }} as is_for_account,
        if(
            is_for_account and (len(rules.unevaluated) > 0 or rules.status is null),
            null,
            is_for_account
        ) as is_applied,
        if(
            len(rules.unevaluated) > 0,
            concat(' (condition: ', array_to_string(list_distinct(rules.unevaluated), ', '), ')'),
            ''
        ) as condition
    from (
        select
            asked.unit_key,
            asked.system,
            asked.day,
            asked.account_id,
            list_concat(
                coalesce(groups_of_accounts.own, []), coalesce(groups_of_rules.of_everyone, [])
            ) as own
        from asked
        left join groups_of_rules
            on asked.system = groups_of_rules.system and asked.day = groups_of_rules.day
        left join groups_of_accounts
            on asked.system = groups_of_accounts.system
            and asked.day = groups_of_accounts.day
            and asked.account_id = groups_of_accounts.account_id
    ) as units
    inner join rules on units.system = rules.system and units.day = rules.day
),

certain as (
    select
        unit_key,
        stage,
        min(priority) filter (where is_applied) as priority
    from matched
    group by unit_key, stage
),

-- What a stage asks: true or false where every rule that may decide says so, else NULL.
decided as (
    select
        matched.unit_key,
        matched.stage,
        {{ all_agree('matched.requires_second_factor', 'certain.priority') }} as asks,
        {{ all_agree('matched.requires_phishing_resistant', 'certain.priority') }} as asks_resistant,
        string_agg(
            concat(
                matched.rule, matched.condition,
                case
                    when matched.requires_second_factor then ' asks for a second factor'
                    when not matched.requires_second_factor then ' asks for none'
                    else ' does not say what it asks for'
                end
            ),
            ', else ' order by matched.priority
        ) as said,
        list(matched.record_key order by matched.priority) as rule_keys
    from matched
    inner join certain
        on matched.unit_key = certain.unit_key and matched.stage = certain.stage
    where
        matched.is_applied is distinct from false
        and matched.priority <= coalesce(certain.priority, matched.priority)
    group by matched.unit_key, matched.stage
),

by_stage as (
    select
        unit_key,
        max(asks) filter (where stage = 'session') as session_asks,
        max(asks) filter (where stage = 'dashboard') as dashboard_asks,
        max(asks_resistant) filter (where stage = 'session') as session_resists,
        max(asks_resistant) filter (where stage = 'dashboard') as dashboard_resists,
        count(*) filter (where stage = 'dashboard') as dashboards,
        string_agg(concat(stage, ': ', said), '; ' order by stage desc) as said,
        flatten(list(rule_keys order by stage desc)) as rule_keys
    from decided
    group by unit_key
),

privileges as (
    select
        roles.system,
        roles.day,
        roles.account_id,
        bool_or(roles.is_privileged) as is_privileged,
        bool_or(roles.is_privileged is null) as is_unclear,
        list(roles.record_key order by roles.record_key) filter (where roles.is_privileged)
            as role_keys
    from {{ ref('int_roles') }} as roles
    group by roles.system, roles.day, roles.account_id
),

roles_read as (
    select distinct
        asked.system,
        asked.day
    from asked
    inner join {{ ref('int_gates') }} as gates
        on gates.stream = 'identities.role'
        and asked.system = gates.system
        and asked.day between gates.open_from and gates.open_to
),

seen as (
    select
        asked.*,
        by_stage.said,
        by_stage.session_asks or case
            when by_stage.dashboards > 0 then by_stage.dashboard_asks
            when staged.has_applications then null
            else false
        end as asks,
        by_stage.session_resists or case
            when by_stage.dashboards > 0 then by_stage.dashboard_resists
            when staged.has_applications then null
            else false
        end as asks_resistant,
        case
            when privileges.is_privileged or asked.is_admin then true
            when privileges.is_unclear or roles_read.day is null then null
            else false
        end as is_privileged,
        list_concat(
            [asked.record_key],
            list_concat(coalesce(by_stage.rule_keys, []), coalesce(privileges.role_keys, []))
        ) as all_keys
    from asked
    left join by_stage on asked.unit_key = by_stage.unit_key
    left join staged on asked.system = staged.system and asked.day = staged.day
    left join privileges
        on asked.system = privileges.system
        and asked.day = privileges.day
        and asked.account_id = privileges.account_id
    left join roles_read on asked.system = roles_read.system and asked.day = roles_read.day
),

judged as (
    select
        *,
        case
            when is_enabled is null or kind is null then 'unknown_account'
            when said is null then 'no_rule'
            when asks is null then 'unclear'
            when not asks then 'none_asked'
            when not is_resistance_asked then 'asked'
            when asks_resistant then 'asked'
            when is_privileged is null then 'unknown_privilege'
            when not is_privileged then 'asked'
            when asks_resistant is null then 'unclear'
            else 'weak'
        end as finding
    from seen
)

select
    'required' as leg_id,
    unit_key, attributes, entity, system, asset_id, event_time, effective_on,
    case finding
        when 'asked' then 'PASS'
        when 'none_asked' then 'ABSENT'
        when 'weak' then 'ABSENT'
        else 'NOT_TESTED'
    end as proposed,
    case finding
        when 'asked' then null
        when 'none_asked' then 'NO_SECOND_FACTOR_REQUIRED'
        when 'weak' then 'NOT_PHISHING_RESISTANT'
        else 'null_field'
    end as reason_code,
    case finding
        when 'unknown_account' then concat(
            'identities.account: ',
            if(is_enabled is null, concat('status ', coalesce(status, 'not given')), 'kind unknown')
        )
        when 'no_rule' then 'access_policies: no sign-in rule is known that could apply'
        when 'unclear' then concat('access_policies.applies_to: not all is known; ', said)
        when 'unknown_privilege'
            then 'identities.role: whether the account is privileged is not known'
        when 'weak' then concat('Privileged, and no phishing-resistant factor is asked for; ', said)
        else said
    end as reason,
    person_id, is_in_scope,
    all_keys as record_keys,
    json_object('phishing_resistant_for_privileged', is_resistance_asked) as parameters,
    cast([
        {{ need('identities.account', 'day', 'day', 'system') }},
        {{ need('access_policies', 'day', 'day', 'system') }}
    ] as {{ needs_type() }}) as needs,
    day as hangs_from,
    day as hangs_to
from judged
{%- endmacro %}
