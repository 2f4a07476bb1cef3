{#- Components of bills of materials in the terms of int_inventory, those within others too. `account`
    is what the bill describes: its asset, else the name that it gives. Every file of a day counts,
    in whichever receipt it came, so that no receipt is newer than another here. -#}
{% macro inventory__cyclonedx() -%}
{%- set fields %}'{"type": "VARCHAR", "group": "VARCHAR", "name": "VARCHAR", "version": "VARCHAR", "purl": "VARCHAR", "cpe": "VARCHAR", "components": "JSON"}'{% endset %}
select
    found.source_id, found.receipt_id, cast(0 as bigint) as sequence, found.record_key,
    found.received_at, found.event_day,
    coalesce(found.purl, concat_ws('@', concat_ws('/', found.component_group, found.name), found.version))
        as native_id,
    if(found.component_type = 'operating-system', 'image', 'package') as asset_type,
    found.name,
    'cyclonedx' as provider,
    coalesce(asset_id, bills.subject_name) as account,
    if(found.component_type = 'operating-system', found.name, null) as os_name,
    if(found.component_type = 'operating-system', found.version, null) as os_version,
    found.version, found.purl, found.cpe,
    to_json({'type': found.component_type, 'serial_number': bills.serial_number, 'edition': bills.edition})
        as unmapped
from (
    with recursive every_component as (
        select
            source_id, receipt_id, record_key, received_at, event_day, object_sha256, asset_ids,
            component_type, component_group, name, version, purl, cpe, nested
        from {{ ref('stg_cyclonedx__component') }}
        where not is_duplicate
        union all
        select
            source_id, receipt_id, record_key, received_at, event_day, object_sha256, asset_ids,
            inner_."type", nullif(inner_."group", ''), inner_.name, nullif(inner_.version, ''),
            nullif(inner_.purl, ''), nullif(inner_.cpe, ''), inner_.components
        from (
            select *, from_json(unnest(from_json(nested, '["JSON"]')), {{ fields }}) as inner_
            from every_component
            where nested is not null
        )
    )

    select * exclude (asset_ids), unnest(if(len(asset_ids) = 0, [null], asset_ids)) as asset_id
    from every_component
) as found
left join {{ ref('stg_cyclonedx__bom') }} as bills
    on found.source_id = bills.source_id
    and found.receipt_id = bills.receipt_id
    and found.object_sha256 = bills.object_sha256
    and not bills.is_duplicate
{%- endmacro %}
