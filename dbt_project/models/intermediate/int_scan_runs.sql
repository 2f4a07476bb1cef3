{{ config(materialized='table') }}

-- Scan runs, one row a run and asset. A file belongs to the asset that its own content names (by
-- native_id or name), else to the one of its folder. `scan_types` are the types that the run can
-- speak for; NULL where neither source nor tool says it.
with sarif_documents as (
    select
        *,
        from_json(runs, '[{
            "scanner": "VARCHAR", "scanner_version": "VARCHAR", "category": "VARCHAR",
            "revision": "VARCHAR", "branch": "VARCHAR", "named_targets": ["VARCHAR"],
            "is_successful": "BOOLEAN", "started_at": "TIMESTAMP", "completed_at": "TIMESTAMP"
        }]') as parsed_runs
    from {{ ref('stg_sarif__scan_run') }}
    where not is_duplicate
),

sarif_runs as (
    -- a document without runs scanned nothing: it stands in staging alone
    select
        source_id, receipt_id, sequence, record_key, received_at, object_sha256, asset_ids,
        file_path, file_day,
        unnest(range(len(parsed_runs))) as run_index,
        parsed_runs[run_index + 1] as run
    from sarif_documents
),

runs as (
    select
        source_id, receipt_id, sequence, record_key, received_at, object_sha256, run_index,
        asset_ids, file_path,
        run.scanner, run.scanner_version, run.category,
        cast(null as varchar) as artifact_type, cast([] as varchar[]) as classes,
        coalesce(run.named_targets, []) as named_targets,
        run.revision, run.branch, run.is_successful, run.started_at, run.completed_at,
        coalesce(cast(run.completed_at as date), file_day) as event_day
    from sarif_runs

    union all

    select
        source_id, receipt_id, sequence, record_key, received_at, object_sha256,
        cast(0 as bigint) as run_index,
        asset_ids, file_path,
        scanner, scanner_version, '' as category,
        artifact_type, classes, named_targets,
        revision, branch, is_successful, started_at, completed_at, event_day
    from {{ ref('stg_trivy__scan_run') }}
    where not is_duplicate
),

names as (
    select asset_id, lower(native_id) as name, valid_from, valid_to from {{ ref('int_assets') }}
    union all
    select asset_id, lower(name) as name, valid_from, valid_to from {{ ref('int_assets') }}
),

stated as (
    select record_key, receipt_id, run_index, event_day, unnest(named_targets) as target
    from runs
),

targets as (
    select distinct
        record_key,
        receipt_id,
        run_index,
        event_day,
        unnest({{ target_names('target') }}) as name
    from stated
),

named as (
    select
        targets.record_key,
        targets.receipt_id,
        targets.run_index,
        if(count(distinct names.asset_id) = 1, min(names.asset_id), null) as asset_id
    from targets
    inner join names
        on targets.name = names.name
        and targets.event_day between names.valid_from and names.valid_to
    group by targets.record_key, targets.receipt_id, targets.run_index
),

placed as (
    select
        runs.* exclude (asset_ids),
        unnest(case
            when named.asset_id is not null then [named.asset_id]
            when len(asset_ids) > 0 then asset_ids
            else [null]
        end) as asset_id,
        case
            when named.asset_id is not null then 'content' when len(asset_ids) > 0 then 'folder'
        end as asset_basis
    from runs
    left join named
        on runs.record_key = named.record_key
        and runs.receipt_id = named.receipt_id
        and runs.run_index is not distinct from named.run_index
),

typed as (
    select
        placed.*,
        configured.entity as source_entity,
        configured.scanner_types as source_types,
        case
            when artifact_type = 'container_image' then ['container']
            when artifact_type in ('cyclonedx', 'spdx') then ['sca']
            when artifact_type = 'kubernetes'
                then list_concat(['container'], if(list_contains(classes, 'config'), ['iac'], []))
            when artifact_type is not null then list_concat(
                ['sca'],
                if(list_contains(classes, 'config'), ['iac'], []),
                if(list_contains(classes, 'secret'), ['secret'], [])
            )
            when tools.scan_type is not null then [tools.scan_type]
        end as possible_types
    from placed
    left join {{ source('ops', 'sources') }} as configured
        on placed.source_id = configured.source_id
    left join {{ ref('int_scan_tools') }} as tools on lower(placed.scanner) = tools.tool
)

select
    -- which run
    typed.source_id,
    typed.receipt_id,
    typed.record_key,
    typed.object_sha256,
    typed.run_index,
    typed.file_path,
    md5(concat_ws('|', typed.record_key, typed.run_index, typed.asset_id)) as run_key,
    -- of what
    coalesce(assets.entity, typed.source_entity) as entity,
    typed.asset_id,
    assets.type as asset_type,
    typed.asset_basis,
    typed.revision,
    typed.branch,
    -- by what
    typed.scanner,
    typed.scanner_version,
    typed.category,
    typed.artifact_type,
    case
        when len(source_types) = 1 then source_types
        when possible_types is null then null
        when coalesce(len(source_types), 0) = 0 then possible_types
        else list_sort(list_intersect(possible_types, source_types))
    end as scan_types,
    -- how and when it ended
    typed.is_successful,
    typed.started_at,
    typed.completed_at,
    typed.event_day,
    typed.received_at,
    '1.8.0' as ocsf_version,
    6007 as class_uid
from typed
left join {{ ref('int_assets') }} as assets
    on typed.asset_id = assets.asset_id
    and typed.event_day between assets.valid_from and assets.valid_to
