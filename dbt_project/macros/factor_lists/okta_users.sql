{#- Accounts whose factors Okta answered in full: what the request asked for says whose they are. -#}
{% macro factor_lists__okta_users() -%}
select
    requests.source_id, requests.receipt_id, requests.sequence, requests.record_key,
    requests.received_at,
    cast(requests.received_at as date) as event_day,
    requests.context ->> '$.account_id' as account_id
from {{ ref('stg_request') }} as requests
inner join {{ source('ops', 'sources') }} as configured
    on requests.source_id = configured.source_id and configured.kind = 'okta_users'
where requests.shape = 'factors' and requests.status = 200
{%- endmacro %}
