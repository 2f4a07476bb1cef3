-- Trivy's findings, one row an entry of a result's lists. Its target, class and date stand in the
-- report around it. Of misconfigurations only failed checks are findings; UNKNOWN is no severity.
with bronze as (
    select bronze.*, receipts.sequence
    from {{ source('bronze', 'trivy') }} as bronze
    inner join {{ source('ops', 'receipts') }} as receipts using (receipt_id)
    where {{ staging_increment() }}
),

asked as (
    {{ file_requests() }}
),

reports as (
    select receipt_id, object_sha256, record as report
    from bronze
    where stream = 'scan_run'
),

located as (
    select
        bronze.*,
        reports.report,
        -- '/Results/0/Vulnerabilities/3': the result, and the list that the entry stood in
        regexp_extract(record_path, '^(.*)/[^/]+/\d+$', 1) as result_path,
        regexp_extract(record_path, '/([^/]+)/\d+$', 1) as list_name,
        json_extract_string(report, result_path || '/Target') as target,
        json_extract_string(report, result_path || '/Class') as class
    from bronze
    left join reports using (receipt_id, object_sha256)
    where stream = 'finding'
),

renamed as (
    select
        -- where it came from
        source_id,
        receipt_id,
        sequence,
        record_key,
        received_at,
        object_sha256,
        coalesce(asked.asset_ids, []) as asset_ids,
        cast(coalesce(
            {{ earliest("report ->> '$.CreatedAt'") }}, asked.modified_at, received_at
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
    left join asked using (receipt_id, object_sha256)
),

deduplicated as (
    {{ dedupe('renamed', ['source_id', 'record_key', 'asset_ids']) }}
)

select * from deduplicated
