{#- Assignments to Okta's applications in the terms of int_roles. What an account may do within the
    application is the application's own matter: an assignment gives no rights in Okta itself. -#}
{% macro roles__okta_apps() -%}
select
    assigned.source_id, assigned.receipt_id, assigned.sequence, assigned.record_key,
    assigned.received_at, assigned.event_day, assigned.account_id,
    concat('USER of ', coalesce(applications.label, assigned.application_id)) as role,
    false as is_privileged,
    if(assigned.scope = 'GROUP', 'a group that is not named', null) as via
from (
    select *, unnest(application_ids) as application_id
    from {{ ref('stg_okta__application_user') }}
) as assigned
left join {{ ref('stg_okta__application') }} as applications
    on assigned.receipt_id = applications.receipt_id
    and assigned.application_id = applications.application_id
    and not applications.is_duplicate
{%- endmacro %}
