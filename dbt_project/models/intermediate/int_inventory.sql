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
} %}
{%- set columns = {
    'native_id': 'varchar', 'asset_type': 'varchar', 'name': 'varchar', 'provider': 'varchar',
    'account': 'varchar', 'region': 'varchar', 'environment': 'varchar', 'owner': 'varchar',
    'os_name': 'varchar', 'os_version': 'varchar', 'version': 'varchar', 'digest': 'varchar',
    'purl': 'varchar', 'cpe': 'varchar', 'last_seen_at': 'timestamp', 'unmapped': 'json',
} %}

{{ newest_snapshots(columns, kinds) }}
