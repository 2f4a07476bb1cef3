{#- What runs in a cluster in the terms of int_inventory: its controllers, and each image and digest
    that a container runs, once a snapshot. An image whose digest is unknown is itself. -#}
{% macro inventory__kubernetes_workloads() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    controller_uid as native_id,
    'workload' as asset_type,
    concat_ws('/', namespace, name) as name,
    'kubernetes' as provider,
    namespace as account,
    to_json({'resource': resource, 'service': service, 'replicas': replicas, 'images': images})
        as unmapped
from {{ ref('stg_kubernetes__controller') }}
where not is_duplicate
union all by name
select
    source_id, receipt_id, sequence,
    min(record_key) as record_key,
    any_value(received_at) as received_at,
    event_day,
    coalesce(container.digest, container.image) as native_id,
    'image' as asset_type,
    container.image as name,
    'kubernetes' as provider,
    namespace as account,
    nullif(regexp_extract(regexp_replace(container.image, '@.*$', ''), ':([^:/]+)$', 1), '')
        as version,
    container.digest,
    to_json({'services': list_sort(list_distinct(list(service))), 'pods': count(*)}) as unmapped
from (
    select
        *,
        unnest(from_json(containers, '[{
            "image": "VARCHAR", "digest": "VARCHAR", "is_running": "BOOLEAN"
        }]')) as container
    from {{ ref('stg_kubernetes__pod') }}
    where not is_duplicate
)
where container.is_running
group by source_id, receipt_id, sequence, event_day, namespace, container.image, container.digest
{%- endmacro %}
