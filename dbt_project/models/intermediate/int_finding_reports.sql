{{ config(materialized='table') }}

-- Findings as single runs reported them: one row a run, asset and finding. What a hand suppressed
-- is still reported; what passed or is gone is not.
with modified as (
    select
        source_id, receipt_id, record_key, object_sha256,
        unnest(from_json(
            modified_findings, '[{"target": "VARCHAR", "class": "VARCHAR", "entry": "JSON"}]'
        )) as modified
    from {{ ref('stg_trivy__scan_run') }}
    where not is_duplicate
),

-- findings that Trivy was told to leave out stand in the report around its results
modified_findings as (
    select
        source_id, receipt_id, record_key, object_sha256,
        modified.target,
        modified.class,
        modified.entry,
        modified.entry -> '$.Finding' as finding,
        case lower(modified.entry ->> '$.Type')
            when 'vulnerability' then 'Vulnerabilities'
            when 'misconfiguration' then 'Misconfigurations'
            when 'secret' then 'Secrets'
            when 'license' then 'Licenses'
        end as modified_list
    from modified
),

trivy_findings as (
    select
        source_id, receipt_id, record_key, object_sha256, rule_id, cve, cwes, message,
        target, class, package, resource, file_path, severity, severity_basis, fixed_version,
        is_suppressed, suppressed_by, list_name
    from {{ ref('stg_trivy__finding') }}
    where not is_duplicate and is_reported

    union all

    select
        source_id, receipt_id, record_key, object_sha256, rule_id, cve, cwes, message,
        target, class, package, resource, file_path, severity, severity_basis, fixed_version,
        true as is_suppressed,
        concat_ws(
            ': ', entry ->> '$.Status', entry ->> '$.Source', entry ->> '$.Statement'
        ) as suppressed_by,
        list_name
    from (
        select *, {{ trivy_finding('finding', 'modified_list') }}
        from modified_findings
    ) as described
),

reports as (
    select
        source_id, receipt_id, record_key, object_sha256, run_index, rule_id, cve, cwes, message,
        location, fingerprint, severity, severity_basis, fixed_version, is_suppressed,
        suppressed_by, cast(null as varchar) as list_name
    from {{ ref('stg_sarif__finding') }}
    where not is_duplicate and is_reported

    union all

    select
        source_id, receipt_id, record_key, object_sha256, cast(0 as bigint) as run_index, rule_id,
        cve, cwes, message, target as location,
        {{ trivy_fingerprint() }} as fingerprint,
        severity, severity_basis, fixed_version, is_suppressed, suppressed_by, list_name
    from trivy_findings
)

select
    md5(concat_ws(
        '|', runs.asset_id, runs.scanner, runs.category, reports.rule_id, reports.fingerprint
    )) as finding_key,
    -- the run that reported it
    runs.run_key,
    runs.source_id,
    runs.receipt_id,
    reports.record_key,
    runs.entity,
    runs.asset_id,
    runs.scanner,
    runs.category,
    runs.completed_at,
    runs.event_day,
    runs.is_successful,
    -- what was found
    case reports.list_name
        when 'Vulnerabilities' then
            if(runs.artifact_type in ('container_image', 'kubernetes'), 'container', 'sca')
        when 'Misconfigurations' then 'iac'
        when 'Secrets' then 'secret'
        when 'Licenses' then 'license'
        else runs.scan_types[1]
    end as finding_type,
    reports.rule_id,
    reports.cve,
    reports.cwes,
    reports.message,
    reports.location,
    reports.severity,
    reports.severity_basis,
    reports.fixed_version,
    reports.is_suppressed,
    reports.suppressed_by,
    '1.8.0' as ocsf_version,
    if(reports.cve is null, 2007, 2002) as class_uid
from reports
inner join {{ ref('int_scan_runs') }} as runs
    on reports.source_id = runs.source_id
    and reports.object_sha256 = runs.object_sha256
    and reports.run_index = runs.run_index
