{#- Leg revision: a run of the interval scanned a revision that was then head of a protected branch. -#}
{% macro vul_02_revision(units, heads) -%}
with runs as (
    select *, coalesce(started_at, completed_at) as began_at
    from {{ ref('int_scan_runs') }}
    where asset_id is not null
),

known_commits as (
    select lower(repository) as repository, commit_sha as revision from {{ ref('int_commits') }}
    union
    select repository, revision from {{ heads }} as heads
),

repository_systems as (
    select lower(repository) as repository, min(system) as system
    from {{ ref('int_repositories') }}
    group by lower(repository)
),

-- The runs that leg ran counts, of each interval of a repository.
interval_runs as (
    select
        units.unit_key,
        lower(units.native_id) as repository,
        runs.record_key,
        runs.revision,
        runs.completed_at,
        runs.began_at,
        try_cast({{ parameter('VUL-02', 'head_tolerance_h', 'units.asset_id', 'units.interval_start') }}
            ->> '$' as double) as head_tolerance_h
    from {{ units }} as units
    inner join runs
        on units.asset_id = runs.asset_id
        and runs.is_successful
        and list_contains(runs.scan_types, units.scanner_type)
        and runs.completed_at >= units.interval_start
        and runs.completed_at < units.interval_end
    where units.type = 'repository'
),

tolerated as (
    select
        *,
        began_at - to_seconds(head_tolerance_h * 3600) as near_from,
        began_at + to_seconds(head_tolerance_h * 3600) as near_to
    from interval_runs
),

matched as (
    select
        tolerated.unit_key,
        tolerated.record_key,
        any_value(tolerated.repository) as repository,
        any_value(tolerated.revision) as revision,
        any_value(tolerated.completed_at) as completed_at,
        any_value(tolerated.near_from) as near_from,
        any_value(tolerated.near_to) as near_to,
        count(heads.revision) > 0 as is_head_known,
        coalesce(bool_or(
            heads.revision = tolerated.revision
            and heads.sure_from <= tolerated.near_to and heads.sure_to > tolerated.near_from
        ), false) as is_head,
        coalesce(bool_or(heads.revision = tolerated.revision), false) as may_be_head
    from tolerated
    left join {{ heads }} as heads
        on tolerated.repository = heads.repository
        and heads.may_from <= tolerated.near_to
        and heads.may_to > tolerated.near_from
    group by tolerated.unit_key, tolerated.record_key
),

revision_seen as (
    select
        matched.unit_key,
        bool_or(matched.is_head) as is_head,
        bool_or(matched.may_be_head) as may_be_head,
        bool_and(matched.is_head_known and known_commits.revision is not null) as is_known,
        count(*) as runs,
        min(matched.record_key) filter (where matched.is_head) as head_key,
        min(matched.revision) filter (where matched.is_head) as head_revision,
        min(matched.completed_at) filter (where matched.is_head) as head_run_at,
        list_sort(list(distinct matched.revision)) as revisions,
        list_sort(list(matched.record_key)) as run_keys,
        min(cast(matched.near_from as date)) as near_from,
        max(cast(matched.near_to as date)) as near_to,
        list_sort(list(distinct cast(matched.near_from as date))) as near_days,
        any_value(repository_systems.system) as system
    from matched
    left join known_commits
        on matched.repository = known_commits.repository
        and matched.revision = known_commits.revision
    left join repository_systems on matched.repository = repository_systems.repository
    group by matched.unit_key
),

revision_ruled as (
    select
        units.*,
        revision_seen.* exclude (unit_key),
        case
            when is_head then 'PASS'
            when is_running then 'PENDING'
            when may_be_head then 'bounded'
            when is_known then 'ABSENT'
            else 'null_field'
        end as ruling
    from {{ units }} as units
    inner join revision_seen using (unit_key)
)

select
    'revision' as leg_id,
    unit_key, attributes, entity,
    cast(null as varchar) as system,
    asset_id,
    cast(interval_start as timestamp) as event_time,
    interval_start as effective_on,
    if(ruling in ('PASS', 'ABSENT', 'PENDING'), ruling, 'NOT_TESTED') as proposed,
    case ruling
        when 'ABSENT' then 'NOT_HEAD' when 'bounded' then 'bounded'
        when 'null_field' then 'null_field'
    end as reason_code,
    case ruling
        when 'PASS' then concat(
            'The run of ', strftime(head_run_at, '%Y-%m-%d %H:%M:%S'), ' scanned ',
            head_revision, ', then head of a protected branch'
        )
        when 'PENDING' then concat('The interval runs until ', interval_end - 1)
        when 'bounded' then
            'Only the day''s tip of the branch is known: head by one reading, not by the other'
        when 'ABSENT' then concat(
            'None of ', runs, ' run(s) scanned a revision that was head of a protected branch: ',
            array_to_string(revisions, ', ')
        )
        else 'findings.scan_run.revision: absent, or not among the collected commits'
    end as reason,
    cast(null as varchar) as person_id,
    cast(null as varchar) as vendor_id,
    scanner_type as criteria_key,
    is_in_scope,
    cast(null as json) as parameters,
    list_concat([asset_key], if(ruling = 'PASS', [head_key], run_keys)) as record_keys,
    cast(list_concat(
        if(
            ruling = 'PASS',
            [{{ need(
                'change_events.ref_update', 'cast(head_run_at as date)',
                'cast(head_run_at as date)', 'repository_system'
            ) }}],
            list_transform(near_days, near_day -> {{ need(
                'change_events.ref_update', 'near_day', 'near_day', 'repository_system'
            ) }})
        ),
        [{{ need('assets.asset', 'judged_from', 'judged_from') }}]
    ) as {{ needs_type() }}) as needs,
    date '1900-01-01' as hangs_from,
    -- while the head is unknown, the next movement may tell it
    if(ruling = 'null_field', date '9999-12-31', greatest(interval_end, near_to)) as hangs_to,
    interval_start as counts_from,
    interval_end - 1 as counts_to
from (select *, system as repository_system from revision_ruled) as ruled
{%- endmacro %}
