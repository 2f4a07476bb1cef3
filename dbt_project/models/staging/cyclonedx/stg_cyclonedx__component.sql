-- Components of bills of materials, one row a component as it stands in the document's own list; what
-- lies within it is in `nested`, as it came.
with source as (
    {{ file_records('cyclonedx', 'component', '{
        "bom-ref": "VARCHAR",
        "type": "VARCHAR",
        "group": "VARCHAR",
        "name": "VARCHAR",
        "version": "VARCHAR",
        "purl": "VARCHAR",
        "cpe": "VARCHAR",
        "scope": "VARCHAR",
        "hashes": [{"alg": "VARCHAR", "content": "VARCHAR"}],
        "components": "JSON"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(coalesce(event_time, modified_at, received_at) as date) as event_day,
        object_sha256,
        asset_ids,
        -- the component
        nullif(parsed."bom-ref", '') as bom_ref,
        parsed."type" as component_type,
        nullif(parsed."group", '') as component_group,
        parsed.name,
        nullif(parsed.version, '') as version,
        nullif(parsed.purl, '') as purl,
        nullif(parsed.cpe, '') as cpe,
        parsed.scope,
        lower(list_filter(parsed.hashes, h -> h.alg = 'SHA-256')[1].content) as sha256,
        if(json_type(parsed.components) = 'ARRAY', parsed.components, null) as nested
    from source
)

{{ dedupe('renamed', ['source_id', 'record_key', 'asset_ids']) }}
