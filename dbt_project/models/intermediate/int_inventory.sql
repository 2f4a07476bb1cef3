-- Devices, workloads, images and whatever else the estate's own systems list, as each day's newest
-- snapshot shows them: one row a thing and day. What the organisation states of its assets is
-- int_assets.
{%- set kinds = {
    'okta_apps': inventory__okta_apps,
    'fleet_hosts': inventory__fleet_hosts,
    'kubernetes_workloads': inventory__kubernetes_workloads,
    'osquery_results': inventory__osquery_results,
    'cyclonedx': inventory__cyclonedx,
    'spdx': inventory__spdx,
    'aws_config_inventory': inventory__aws_config_inventory,
} %}
{%- set columns = {
    'native_id': 'varchar', 'asset_type': 'varchar', 'name': 'varchar', 'provider': 'varchar',
    'account': 'varchar', 'region': 'varchar', 'environment': 'varchar', 'owner': 'varchar',
    'os_name': 'varchar', 'os_version': 'varchar', 'version': 'varchar', 'digest': 'varchar',
    'purl': 'varchar', 'cpe': 'varchar', 'last_seen_at': 'timestamp', 'unmapped': 'json',
} %}

select
    *,
    '1.8.0' as ocsf_version,
    -- Device, Software or Cloud Resources Inventory
    case
        when asset_type = 'device' then 5001
        when asset_type in ('package', 'image', 'application') then 5020
        when asset_type in ('workload', 'cloud_resource', 'repository') then 5023
    end as class_uid,
    2 as activity_id,
    class_uid * 100 + activity_id as type_uid
from ({{ newest_snapshots(columns, kinds) }}) as snapshots
