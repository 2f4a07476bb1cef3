-- Bills of materials, one row a document: what it describes, and which edition of it this is. A serial
-- number with a higher version takes the place of the same with a lower one.
with source as (
    {{ file_records('cyclonedx', 'bom', '{
        "serialNumber": "VARCHAR",
        "version": "BIGINT",
        "specVersion": "VARCHAR",
        "metadata": {
            "timestamp": "VARCHAR",
            "component": {
                "type": "VARCHAR", "name": "VARCHAR", "version": "VARCHAR", "purl": "VARCHAR",
                "bom-ref": "VARCHAR"
            }
        },
        "dependencies": ["JSON"],
        "vulnerabilities": ["JSON"]
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(coalesce(event_time, modified_at, received_at) as date) as event_day,
        object_sha256,
        asset_ids,
        -- the document
        nullif(parsed."serialNumber", '') as serial_number,
        parsed.version as edition,
        parsed."specVersion" as spec_version,
        {{ instant('parsed.metadata."timestamp"') }} as stated_at,
        -- what it describes
        parsed.metadata.component."type" as subject_type,
        nullif(parsed.metadata.component.name, '') as subject_name,
        nullif(parsed.metadata.component.version, '') as subject_version,
        nullif(parsed.metadata.component.purl, '') as subject_purl,
        cast(len(parsed.dependencies) as integer) as dependencies,
        cast(len(parsed.vulnerabilities) as integer) as vulnerabilities
    from source
)

{{ dedupe('renamed', ['source_id', 'record_key', 'asset_ids']) }}
