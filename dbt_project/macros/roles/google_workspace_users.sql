{#- The administrators among Google Workspace's users. Which roles a delegated one has, the listing
    does not say. -#}
{% macro roles__google_workspace_users() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    account_id,
    if(is_super_admin, 'super administrator', 'delegated administrator') as role,
    true as is_privileged
from {{ ref('stg_google__account') }}
where not is_duplicate and (is_super_admin or is_delegated_admin)
{%- endmacro %}
