-- Packages of SPDX documents, one row a package. NOASSERTION says nothing: unknown.
with source as (
    {{ file_records('spdx', 'package', '{
        "SPDXID": "VARCHAR",
        "name": "VARCHAR",
        "versionInfo": "VARCHAR",
        "supplier": "VARCHAR",
        "primaryPackagePurpose": "VARCHAR",
        "licenseConcluded": "VARCHAR",
        "licenseDeclared": "VARCHAR",
        "checksums": [{"algorithm": "VARCHAR", "checksumValue": "VARCHAR"}],
        "externalRefs": [{"referenceType": "VARCHAR", "referenceLocator": "VARCHAR"}]
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(coalesce(event_time, modified_at, received_at) as date) as event_day,
        object_sha256,
        asset_ids,
        -- the package
        parsed."SPDXID" as spdx_id,
        parsed.name,
        nullif(nullif(parsed."versionInfo", ''), 'NOASSERTION') as version,
        nullif(parsed.supplier, 'NOASSERTION') as supplier,
        upper(parsed."primaryPackagePurpose") as purpose,
        nullif(
            coalesce(nullif(parsed."licenseConcluded", 'NOASSERTION'), parsed."licenseDeclared"),
            'NOASSERTION'
        ) as licence,
        list_filter(parsed."externalRefs", r -> r."referenceType" = 'purl')[1]."referenceLocator"
            as purl,
        list_filter(
            parsed."externalRefs", r -> r."referenceType" in ('cpe23Type', 'cpe22Type')
        )[1]."referenceLocator" as cpe,
        lower(
            list_filter(parsed.checksums, c -> upper(c.algorithm) = 'SHA256')[1]."checksumValue"
        ) as sha256
    from source
)

{{ dedupe('renamed', ['source_id', 'record_key', 'asset_ids']) }}
