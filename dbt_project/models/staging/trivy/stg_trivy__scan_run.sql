-- Trivy's reports, one row a report. Trivy writes no report of a scan that failed, so a report of
-- the current schema states a successful scan; the bare lists of old versions state nothing.
with source as (
    {{ file_records('trivy', 'scan_run') }}
),

reports as (
    select
        * exclude (record),
        case when json_type(record) = 'OBJECT' then record end as report,
        from_json(report, '{
            "SchemaVersion": "BIGINT",
            "CreatedAt": "VARCHAR",
            "ArtifactName": "VARCHAR",
            "ArtifactType": "VARCHAR",
            "ClusterName": "VARCHAR",
            "Trivy": {"Version": "VARCHAR"},
            "Metadata": {
                "RepoTags": ["VARCHAR"], "RepoDigests": ["VARCHAR"], "ImageID": "VARCHAR",
                "RepoURL": "VARCHAR", "Branch": "VARCHAR", "Commit": "VARCHAR"
            },
            "Results": [{
                "Target": "VARCHAR", "Class": "VARCHAR",
                "ExperimentalModifiedFindings": ["JSON"]
            }],
            "Resources": [{"Error": "VARCHAR", "Results": [{
                "Target": "VARCHAR", "Class": "VARCHAR",
                "ExperimentalModifiedFindings": ["JSON"]
            }]}]
        }') as parsed
    from source
),

flattened as (
    select
        *,
        -- a cluster's report holds results by resource
        list_concat(
            parsed."Results",
            flatten(list_transform(parsed."Resources", resource -> resource."Results"))
        ) as results
    from reports
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        object_sha256,
        asset_ids,
        file_path,
        -- the scanner
        'trivy' as scanner,
        parsed."Trivy"."Version" as scanner_version,
        -- what was scanned
        case
            when parsed."ClusterName" is not null then 'kubernetes'
            else parsed."ArtifactType"
        end as artifact_type,
        nullif(
            coalesce(
                nullif(parsed."Metadata"."Commit", ''), parsed."Metadata"."RepoDigests"[1]
            ),
            ''
        ) as revision,
        parsed."Metadata"."Branch" as branch,
        list_filter(
            list_concat(
                [parsed."Metadata"."RepoURL", parsed."ArtifactName", parsed."ClusterName"],
                parsed."Metadata"."RepoTags",
                parsed."Metadata"."RepoDigests"
            ),
            name -> nullif(name, '') is not null
        ) as named_targets,
        coalesce(list_sort(list_distinct(list_filter(
            list_transform(results, result -> result."Class"), class -> class is not null
        ))), []) as classes,
        -- what it was told to leave out (ignore file, VEX): still findings
        to_json(flatten(list_transform(results, result -> list_transform(
            coalesce(result."ExperimentalModifiedFindings", []),
            entry -> {'target': result."Target", 'class': result."Class", 'entry': entry}
        )))) as modified_findings,
        -- whether and when it ended
        case
            when len(list_filter(parsed."Resources", r -> nullif(r."Error", '') is not null)) > 0
                then false
            when parsed."SchemaVersion" = 2 and parsed."ArtifactType" is not null
                and parsed."ArtifactName" is not null
                and coalesce(json_type(report -> '$.Results'), 'ARRAY') in ('ARRAY', 'NULL')
                then true
            when parsed."ClusterName" is not null
                and (parsed."Resources" is not null or parsed."SchemaVersion" = 2)
                then true
        end as is_successful,
        cast(null as timestamp) as started_at,
        {{ instant("parsed.\"CreatedAt\"") }} as completed_at,
        cast(coalesce(completed_at, modified_at, received_at) as date) as event_day
    from flattened
)

{{ dedupe('renamed', ['source_id', 'record_key', 'asset_ids']) }}
