{#- Okta's policy rules in the terms of int_access_policies.

    A sign-in to Okta passes two stages: the rule for the session (of type OKTA_SIGN_ON) and, in
    Identity Engine, the one of Okta's own dashboard; other applications ask by policies of their own.
    In each stage policies are tried in their order, each with its rules in theirs, and the first
    rule that applies stands; where no rule of a policy does, the next policy is tried. -#}
{% macro access_policies__okta_policies() -%}
with policies as (
    select * from {{ ref('stg_okta__policy') }} where not is_duplicate
),

applied as (
    select
        receipt_id,
        access_policy_id,
        list(distinct application_name order by application_name) as application_names,
        list(distinct label order by label) as labels
    from {{ ref('stg_okta__application') }}
    where access_policy_id is not null and not is_duplicate
    group by receipt_id, access_policy_id
),

asked as (
    select
        rules.*,
        rules.conditions -> '$.people' as rule_people,
        policies.policy_name,
        policies.policy_type,
        policies.priority as policy_priority,
        policies.status as policy_status,
        policies.conditions -> '$.people' as policy_people,
        applied.labels,
        case policies.policy_type
            when 'OKTA_SIGN_ON' then 'session'
            when 'ACCESS_POLICY' then if(
                coalesce(list_contains(applied.application_names, 'okta_enduser'), false),
                'dashboard', 'application'
            )
            when 'MFA_ENROLL' then 'enrolment'
            when 'PASSWORD' then 'password'
        end as stage,
        list_concat(
            {{ okta_conditions_unevaluated('policies.conditions') }},
            {{ okta_conditions_unevaluated('rules.conditions') }}
        ) as unevaluated
    from {{ ref('stg_okta__policy_rule') }} as rules
    left join policies
        on rules.receipt_id = policies.receipt_id and rules.policy_id = policies.policy_id
    left join applied
        on policies.receipt_id = applied.receipt_id
        and policies.policy_id = applied.access_policy_id
    where not rules.is_duplicate
)

select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    policy_id, policy_name, rule_id, rule_name, stage,
    cast(row_number() over (
        partition by receipt_id, stage
        order by policy_priority nulls last, policy_id, priority nulls last, record_key
    ) as integer) as priority,
    case
        when policy_status = 'ACTIVE' and status = 'ACTIVE' then 'ACTIVE'
        when policy_status = 'INACTIVE' or status = 'INACTIVE' then 'INACTIVE'
    end as status,
    json_object(
        'policy', policy_people,
        'rule', rule_people,
        'unevaluated', unevaluated,
        'applications', coalesce(labels, [])
    ) as applies_to,
    {{ okta_rule_asks_second_factor('actions') }} as requires_second_factor,
    {{ okta_rule_asks_phishing_resistant('actions') }} as requires_phishing_resistant,
    case
        when stage = 'session' then actions -> '$.signon'
        when stage in ('dashboard', 'application') then actions -> '$.appSignOn'
    end as factors
from asked
{%- endmacro %}
