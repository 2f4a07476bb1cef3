{#- Okta's applications in the terms of int_inventory. -#}
{% macro inventory__okta_apps() -%}
select
    applications.source_id, applications.receipt_id, applications.sequence, applications.record_key,
    applications.received_at, applications.event_day,
    applications.application_id as native_id,
    'application' as asset_type,
    coalesce(applications.label, applications.application_name) as name,
    'okta' as provider,
    json_object(
        'catalogue_name', applications.application_name,
        'status', applications.status,
        'sign_on_mode', applications.sign_on_mode,
        'access_policy_id', applications.access_policy_id,
        'created_at', applications.created_at
    ) as unmapped
from {{ ref('stg_okta__application') }} as applications
inner join {{ source('ops', 'sources') }} as configured
    on applications.source_id = configured.source_id and configured.kind = 'okta_apps'
where not applications.is_duplicate
{%- endmacro %}
