{#- What the conditions and actions of an Okta policy rule say. What is not known here is NULL or
    named, never taken for harmless. -#}

{#- Names of the conditions (JSON) that only a sign-in can meet, or that nobody here understands:
    people's groups and users are judged elsewhere, what includes everything is no condition, nor is
    null. -#}
{% macro okta_conditions_unevaluated(conditions) -%}
list_filter(
    coalesce(json_keys({{ conditions }}), []),
    name -> json_type({{ conditions }}, concat('$."', name, '"')) != 'NULL' and case name
        when 'people' then len(list_filter(
            coalesce(json_keys({{ conditions }}, '$.people'), []),
            part -> part not in ('groups', 'users')
        )) > 0
        or len(list_filter(
            ['groups.include', 'groups.exclude', 'users.include', 'users.exclude'],
            ids -> coalesce(json_type({{ conditions }}, concat('$.people.', ids)), 'NULL')
                not in ('ARRAY', 'NULL')
        )) > 0
        when 'network' then coalesce({{ conditions }} ->> '$.network.connection', '') != 'ANYWHERE'
        when 'authContext' then coalesce({{ conditions }} ->> '$.authContext.authType', '') != 'ANY'
        when 'riskScore' then coalesce({{ conditions }} ->> '$.riskScore.level', '') != 'ANY'
        when 'identityProvider'
            then coalesce({{ conditions }} ->> '$.identityProvider.provider', '') != 'ANY'
        when 'userType' then coalesce(json_array_length({{ conditions }}, '$.userType.include'), 0)
            + coalesce(json_array_length({{ conditions }}, '$.userType.exclude'), 0) > 0
        when 'platform' then coalesce(json_array_length({{ conditions }}, '$.platform.include'), 0)
            + coalesce(json_array_length({{ conditions }}, '$.platform.exclude'), 0) > 0
            and coalesce({{ conditions }} ->> '$.platform.include[0].type', '') != 'ANY'
        when 'risk' then coalesce(json_array_length({{ conditions }}, '$.risk.behaviors'), 1) > 0
        when 'elCondition'
            then coalesce({{ conditions }} ->> '$.elCondition.condition', '') != ''
        else coalesce(json_extract_string({{ conditions }}, concat('$."', name, '"')), '{}') != '{}'
    end
)
{%- endmacro %}

{#- Boolean: nobody gets in by a rule with these actions (JSON) without a second factor; a rule that
    denies lets nobody in. NULL where it cannot be told: a chain of methods, possession alone, or a
    form that is not known. Of the alternatives in `constraints`, one is enough to get in. -#}
{% macro okta_rule_asks_second_factor(actions) -%}
case
    when {{ actions }} ->> '$.signon.access' = 'DENY' then true
    when {{ actions }} ->> '$.signon.access' is not null
        then try_cast({{ actions }} ->> '$.signon.requireFactor' as boolean)
    when {{ actions }} ->> '$.appSignOn.access' = 'DENY' then true
    when {{ actions }} ->> '$.appSignOn.verificationMethod.type' = 'ASSURANCE'
        then case {{ actions }} ->> '$.appSignOn.verificationMethod.factorMode'
            when '2FA' then true
            when '1FA' then if(
                {{ okta_constraints_with(actions, '$.possession') }} > 0
                and {{ okta_constraints_with(actions, '$.possession') }}
                = {{ okta_constraints(actions) }},
                null,
                false
            )
        end
end
{%- endmacro %}

{#- The same for a factor that cannot be phished: every alternative must ask for it. A session's rule
    cannot ask for one. -#}
{% macro okta_rule_asks_phishing_resistant(actions) -%}
case
    when {{ actions }} ->> '$.signon.access' = 'DENY' then true
    when {{ actions }} ->> '$.signon.access' is not null then false
    when {{ actions }} ->> '$.appSignOn.access' = 'DENY' then true
    when {{ actions }} ->> '$.appSignOn.verificationMethod.type' = 'ASSURANCE'
        then {{ okta_constraints(actions) }} > 0
            and {{ okta_constraints_with(actions, '$.possession.phishingResistant', 'REQUIRED') }}
            = {{ okta_constraints(actions) }}
end
{%- endmacro %}

{#- How many alternatives a rule's constraints give; and how many of them bear a part (with a value). -#}
{% macro okta_constraints(actions) -%}
coalesce(json_array_length({{ actions }}, '$.appSignOn.verificationMethod.constraints'), 0)
{%- endmacro %}

{% macro okta_constraints_with(actions, part, value=none) -%}
len(list_filter(
    coalesce(
        from_json({{ actions }} -> '$.appSignOn.verificationMethod.constraints', '["JSON"]'), []
    ),
    alternative -> (alternative ->> '{{ part }}') {{ "= '" ~ value ~ "'" if value else 'is not null' }}
))
{%- endmacro %}
