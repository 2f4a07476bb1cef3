{#- Methods that Entra's users registered, in the terms of int_factors. An email address and security
    questions serve to reset a password, never to sign in. Who is said to be registered and shows no
    method has one that is not named. -#}
{% macro factors__entra_users() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    [account_id] as account_ids,
    concat_ws(':', account_id, method) as factor_id,
    method as factor_type,
    'MICROSOFT' as provider,
    case
        when method is null or is_mfa_registered is null then null
        when is_mfa_registered and method not in ('email', 'securityQuestion') then 'ACTIVE'
        else 'PASSWORD_RESET_ONLY'
    end as status
from (
    select
        *,
        unnest(if(is_mfa_registered and len(coalesce(methods, [])) = 0, [null], methods)) as method
    from {{ ref('stg_entra__factor') }}
    where not is_duplicate and account_id is not null
) as methods
{%- endmacro %}
