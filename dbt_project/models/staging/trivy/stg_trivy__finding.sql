-- Trivy's findings, one row an entry of a result's lists. Its target, class and date stand in the
-- report around it. Of misconfigurations only failed checks are findings; UNKNOWN is no severity.
with source as (
    {{ file_records('trivy', 'finding') }}
),

reports as (
    select receipt_id, object_sha256, record as report
    from ({{ bronze_records('trivy', 'scan_run') }})
),

located as (
    select
        source.*,
        reports.report,
        -- '/Results/0/Vulnerabilities/3': the result, and the list that the entry stood in
        regexp_extract(record_path, '^(.*)/[^/]+/\d+$', 1) as result_path,
        regexp_extract(record_path, '/([^/]+)/\d+$', 1) as list_name,
        json_extract_string(report, result_path || '/Target') as target,
        json_extract_string(report, result_path || '/Class') as class
    from source
    left join reports using (receipt_id, object_sha256)
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        object_sha256,
        asset_ids,
        cast(coalesce(
            {{ instant("report ->> '$.CreatedAt'") }}, modified_at, received_at
        ) as date) as event_day,
        -- what was found
        {{ trivy_finding('record', 'list_name') }},
        list_name <> 'Misconfigurations'
        or coalesce(record ->> '$.Status', 'FAIL') = 'FAIL' as is_reported,
        -- where
        target,
        class,
        -- what a hand did about it
        false as is_suppressed,
        cast(null as varchar) as suppressed_by
    from located
)

{{ dedupe('renamed', ['source_id', 'record_key', 'asset_ids']) }}
