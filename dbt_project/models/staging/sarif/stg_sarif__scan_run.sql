-- SARIF documents, one row a document with what each of its runs says of itself (int_scan_runs has
-- one row a run). A run that does not say whether the scan succeeded proves none: NULL, never true.
with source as (
    {{ file_records('sarif', 'scan_run') }}
),

documents as (
    select
        * exclude (record),
        coalesce(from_json(record -> '$.runs', '[{
            "tool": {"driver": {"name": "VARCHAR", "semanticVersion": "VARCHAR",
                                "version": "VARCHAR"}},
            "automationDetails": {"id": "VARCHAR"},
            "invocations": [{"executionSuccessful": "BOOLEAN",
                             "startTimeUtc": "VARCHAR", "endTimeUtc": "VARCHAR"}],
            "versionControlProvenance": [{"repositoryUri": "VARCHAR", "revisionId": "VARCHAR",
                                          "branch": "VARCHAR"}],
            "properties": {"imageName": "VARCHAR", "repoTags": ["VARCHAR"]}
        }]'), []) as runs
    from source
),

described as (
    select
        *,
        list_transform(runs, run -> {
            'scanner': lower(run.tool.driver.name),
            'scanner_version': coalesce(
                run.tool.driver."semanticVersion", run.tool.driver.version
            ),
            -- an id is `category/instance`: runs of one category succeed each other
            'category': regexp_replace(
                coalesce(run."automationDetails".id, ''), '/?[^/]*$', ''
            ),
            'revision': run."versionControlProvenance"[1]."revisionId",
            'branch': run."versionControlProvenance"[1].branch,
            'named_targets': list_filter(
                list_concat(
                    list_transform(run."versionControlProvenance", v -> v."repositoryUri"),
                    [run.properties."imageName"],
                    run.properties."repoTags"
                ),
                name -> name is not null
            ),
            'is_successful': case
                when list_contains(
                    list_transform(run.invocations, i -> i."executionSuccessful"), false
                ) then false
                when len(run.invocations) > 0 and len(list_filter(
                    run.invocations, i -> i."executionSuccessful" is null
                )) = 0 then true
            end,
            'started_at': list_min(list_transform(
                run.invocations, i -> {{ instant("i.\"startTimeUtc\"") }}
            )),
            'completed_at': list_max(list_transform(
                run.invocations, i -> {{ instant("i.\"endTimeUtc\"") }}
            ))
        }) as described_runs
    from documents
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        object_sha256,
        asset_ids,
        file_path,
        cast(coalesce(modified_at, received_at) as date) as file_day,
        -- what its runs say
        to_json(described_runs) as runs,
        cast(coalesce(
            list_min(list_transform(described_runs, run -> run.completed_at)),
            modified_at,
            received_at
        ) as date) as first_event_day,
        cast(coalesce(
            list_max(list_transform(described_runs, run -> run.completed_at)),
            modified_at,
            received_at
        ) as date) as event_day
    from described
)

{{ dedupe('renamed', ['source_id', 'record_key', 'asset_ids']) }}
