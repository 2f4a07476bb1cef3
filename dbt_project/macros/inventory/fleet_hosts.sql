{#- Fleet's hosts in the terms of int_inventory. -#}
{% macro inventory__fleet_hosts() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    coalesce(hardware_serial, uuid, host_id) as native_id,
    'device' as asset_type,
    name,
    'fleet' as provider,
    team_name as account,
    coalesce(os_name, platform) as os_name,
    os_version,
    last_seen_at,
    to_json({
        'is_disk_encrypted': is_disk_encrypted, 'mdm_status': mdm_status, 'status': status,
        'hardware_model': hardware_model, 'described_at': described_at
    }) as unmapped
from {{ ref('stg_fleet__host') }}
where not is_duplicate
{%- endmacro %}
