-- Fleet's hosts as one snapshot shows them: one row a host and receipt. Whether the disk is encrypted
-- is NULL where Fleet does not say it.
with source as (
    {{ bronze_records('fleet_hosts', 'host', '{
        "id": "BIGINT",
        "uuid": "VARCHAR",
        "hostname": "VARCHAR",
        "display_name": "VARCHAR",
        "computer_name": "VARCHAR",
        "hardware_serial": "VARCHAR",
        "hardware_model": "VARCHAR",
        "platform": "VARCHAR",
        "os_version": "VARCHAR",
        "osquery_version": "VARCHAR",
        "status": "VARCHAR",
        "team_name": "VARCHAR",
        "disk_encryption_enabled": "BOOLEAN",
        "seen_time": "VARCHAR",
        "detail_updated_at": "VARCHAR",
        "last_enrolled_at": "VARCHAR",
        "mdm": {"enrollment_status": "VARCHAR", "encryption_key_available": "BOOLEAN"}
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the host
        coalesce(cast(parsed.id as varchar), record_key) as host_id,
        hash(record) as content_hash,
        nullif(parsed.uuid, '') as uuid,
        coalesce(nullif(parsed.display_name, ''), nullif(parsed.hostname, '')) as name,
        nullif(parsed.hardware_serial, '') as hardware_serial,
        nullif(parsed.hardware_model, '') as hardware_model,
        nullif(parsed.team_name, '') as team_name,
        nullif(parsed.status, '') as status,
        -- its operating system: Fleet writes name and version in one
        parsed.platform,
        nullif(parsed.os_version, '') as os_stated,
        {{ os_name('os_stated') }} as os_name,
        {{ os_version('os_stated') }} as os_version,
        -- how it is set
        parsed.disk_encryption_enabled as is_disk_encrypted,
        nullif(parsed.mdm.enrollment_status, '') as mdm_status,
        -- times
        {{ instant('parsed.seen_time') }} as last_seen_at,
        {{ instant('parsed.detail_updated_at') }} as described_at,
        {{ instant('parsed.last_enrolled_at') }} as enrolled_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'host_id', 'content_hash']) }}
