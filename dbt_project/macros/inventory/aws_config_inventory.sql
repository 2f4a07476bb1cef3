{#- What AWS Config records in the terms of int_inventory. What is gone is left out; a resource that
    several regions' snapshots list (users, roles) is one, as it was captured last. -#}
{% macro inventory__aws_config_inventory() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    coalesce(arn, concat_ws('/', resource_type, resource_id)) as native_id,
    'cloud_resource' as asset_type,
    coalesce(resource_name, nullif(tags ->> '$.Name', ''), resource_id) as name,
    'aws' as provider,
    account_id as account,
    region,
    to_json({
        'resource_type': resource_type, 'resource_id': resource_id,
        'availability_zone': availability_zone, 'tags': tags, 'status': item_status,
        'captured_at': captured_at, 'created_at': created_at
    }) as unmapped
from {{ ref('stg_aws__resource') }}
where not is_duplicate and not is_deleted
qualify row_number() over (
    partition by receipt_id, account_id, region, resource_type, coalesce(resource_id, record_key)
    order by captured_at desc nulls last, record_key
) = 1
{%- endmacro %}
