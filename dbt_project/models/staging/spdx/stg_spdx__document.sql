-- SPDX documents, one row a document; GitHub's exports stand within an object of their own.
with source as (
    {{ file_records('spdx', 'document') }}
),

read as (
    select
        *,
        from_json(coalesce(record -> '$.sbom', record), '{
            "spdxVersion": "VARCHAR",
            "documentNamespace": "VARCHAR",
            "name": "VARCHAR",
            "creationInfo": {"created": "VARCHAR", "creators": ["VARCHAR"]},
            "documentDescribes": ["VARCHAR"],
            "relationships": [{
                "spdxElementId": "VARCHAR", "relationshipType": "VARCHAR",
                "relatedSpdxElement": "VARCHAR"
            }]
        }') as parsed
    from source
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(coalesce(event_time, modified_at, received_at) as date) as event_day,
        object_sha256,
        asset_ids,
        -- the document
        parsed."spdxVersion" as spec_version,
        parsed."documentNamespace" as namespace,
        nullif(parsed.name, '') as subject_name,
        {{ instant('parsed."creationInfo".created') }} as stated_at,
        coalesce(parsed."creationInfo".creators, []) as creators,
        -- what it describes: stated, or by a relationship
        list_sort(list_distinct(list_concat(
            coalesce(parsed."documentDescribes", []),
            list_transform(
                list_filter(
                    coalesce(parsed.relationships, []), r -> r."relationshipType" = 'DESCRIBES'
                ), r -> r."relatedSpdxElement"
            )
        ))) as described_ids,
        cast(len(parsed.relationships) as integer) as relationships
    from read
)

{{ dedupe('renamed', ['source_id', 'record_key', 'asset_ids']) }}
