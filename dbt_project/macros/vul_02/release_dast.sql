{#- Leg release_dast: every successful production deployment of a service that dast applies to is
    followed by a dast run in time. -#}
{% macro vul_02_release_dast() -%}
with run as (
    select as_of, period_start, cast(as_of as timestamp) + interval 1 day as as_of_end
    from {{ source('ops', 'run') }}
),

assets as (
    select * from {{ ref('int_assets') }}
),

runs as (
    select *, coalesce(started_at, completed_at) as began_at
    from {{ ref('int_scan_runs') }}
    where asset_id is not null
),

releases as (
    select
        deployments.*,
        assets.asset_id,
        assets.entity as asset_entity,
        assets.is_in_scope,
        assets.record_key as asset_key,
        try_cast(
            {{ parameter(
                'VUL-02', 'dast_after_release_days', 'assets.asset_id', 'deployments.started_on'
            ) }} ->> '$' as integer
        ) as dast_days
    from {{ ref('int_deployments') }} as deployments
    cross join run
    inner join assets
        on list_contains(assets.scanner_types, 'dast')
        and assets.type = 'service'
        and (
            lower(assets.native_id) = lower(deployments.repository)
            or lower(assets.name) = lower(split_part(deployments.repository, '/', 2))
        )
        and deployments.started_on between assets.valid_from and assets.valid_to
    where
        deployments.is_production
        and deployments.is_success
        and deployments.started_on between run.period_start and run.as_of
        and {{ is_affected('VUL-02', 'deployments.started_on') }}
),

due_releases as (
    select *, started_at + to_days(dast_days) as due_at from releases
),

release_runs as (
    select
        due_releases.deployment_id,
        due_releases.asset_id,
        min(runs.completed_at) filter (where runs.is_successful) as scanned_at,
        arg_min(runs.record_key, (runs.completed_at, runs.record_key))
            filter (where runs.is_successful) as run_key,
        min(runs.record_key) filter (where runs.is_successful is null) as unstated_key
    from due_releases
    inner join runs
        on due_releases.asset_id = runs.asset_id
        and coalesce(list_contains(runs.scan_types, 'dast'), true)
        and runs.is_successful is distinct from false
        and runs.completed_at >= due_releases.started_at
        and runs.completed_at <= due_releases.due_at
    -- a run that names a revision must name this release's or a later one's
    where
        runs.revision is null
        or runs.revision = due_releases.revision
        or exists (
            select 1 from {{ ref('int_deployments') }} as later
            where later.repository = due_releases.repository
                and later.revision = runs.revision
                and later.started_at >= due_releases.started_at
        )
    group by due_releases.deployment_id, due_releases.asset_id
),

release_dast_ruled as (
    select
        due_releases.*,
        release_runs.* exclude (deployment_id, asset_id),
        case
            when due_at is null then 'null_field'
            when scanned_at is not null then 'PASS'
            when run.as_of_end <= due_at then 'PENDING'
            when unstated_key is not null then 'null_field'
            else 'ABSENT'
        end as ruling
    from due_releases
    cross join run
    left join release_runs
        on due_releases.deployment_id = release_runs.deployment_id
        and due_releases.asset_id = release_runs.asset_id
)

select
    'release_dast' as leg_id,
    concat_ws('|', deployment_id, asset_id) as unit_key,
    json_object('deployment_id', deployment_id, 'asset_id', asset_id) as attributes,
    asset_entity as entity,
    cast(null as varchar) as system,
    asset_id,
    started_at as event_time,
    started_on as effective_on,
    if(ruling = 'null_field', 'NOT_TESTED', ruling) as proposed,
    case ruling when 'ABSENT' then 'DAST_MISSING' when 'null_field' then 'null_field' end
        as reason_code,
    case ruling
        when 'null_field' then case
            when started_at is null then 'change_events.deployment.started_at: not given'
            when due_at is null then 'VUL-02 dast_after_release_days: no limit was ever given'
            else 'findings.scan_run.status: the only run does not state its success'
        end
        when 'PASS' then concat(
            'A dast run ended on ', strftime(scanned_at, '%Y-%m-%d %H:%M:%S'), ', ',
            date_diff('hour', started_at, scanned_at), ' hours after the release began'
        )
        when 'PENDING' then concat('A dast run is due by ', strftime(due_at, '%Y-%m-%d %H:%M:%S'))
        else concat(
            'No successful dast run from ', strftime(started_at, '%Y-%m-%d %H:%M:%S'), ' to ',
            strftime(due_at, '%Y-%m-%d %H:%M:%S')
        )
    end as reason,
    cast(null as varchar) as person_id,
    cast(null as varchar) as vendor_id,
    'dast' as criteria_key,
    is_in_scope,
    json_object('dast_after_release_days', dast_days) as parameters,
    list_filter(
        [record_key, success_record_key, asset_key, run_key, unstated_key], k -> k is not null
    ) as record_keys,
    cast([
        {{ need('change_events.deployment', 'started_on', 'started_on', 'release_system') }},
        {{ need(
            'findings.scan_run',
            "if(ruling = 'PASS', cast(scanned_at as date), started_on)",
            "case ruling when 'PASS' then cast(scanned_at as date) "
            ~ "when 'PENDING' then started_on else cast(due_at as date) end",
            scanner_type="'dast'"
        ) }},
        {{ need('assets.asset', 'started_on', 'started_on') }}
    ] as {{ needs_type() }}) as needs,
    started_on as hangs_from,
    cast(coalesce(due_at, timestamp '9999-12-31') as date) as hangs_to,
    started_on as counts_from,
    cast(coalesce(due_at, started_at) as date) as counts_to
from (select *, system as release_system from release_dast_ruled) as ruled
{%- endmacro %}
