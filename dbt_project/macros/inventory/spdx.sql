{#- Packages of SPDX documents in the terms of int_inventory (see cyclonedx). -#}
{% macro inventory__spdx() -%}
select
    packages.source_id, packages.receipt_id, cast(0 as bigint) as sequence, packages.record_key,
    packages.received_at, packages.event_day,
    coalesce(packages.purl, concat_ws('@', packages.name, packages.version)) as native_id,
    if(packages.purpose = 'OPERATING-SYSTEM', 'image', 'package') as asset_type,
    packages.name,
    'spdx' as provider,
    coalesce(packages.asset_id, documents.subject_name) as account,
    if(packages.purpose = 'OPERATING-SYSTEM', packages.name, null) as os_name,
    if(packages.purpose = 'OPERATING-SYSTEM', packages.version, null) as os_version,
    packages.version, packages.purl, packages.cpe,
    to_json({'purpose': packages.purpose, 'namespace': documents.namespace}) as unmapped
from (
    select *, unnest(if(len(asset_ids) = 0, [null], asset_ids)) as asset_id
    from {{ ref('stg_spdx__package') }}
    where not is_duplicate
) as packages
left join {{ ref('stg_spdx__document') }} as documents
    on packages.source_id = documents.source_id
    and packages.receipt_id = documents.receipt_id
    and packages.object_sha256 = documents.object_sha256
    and not documents.is_duplicate
{%- endmacro %}
