{#- Leg used: nobody signed in as the leaver after the end. -#}
{% macro iam_04_used(traced) -%}
with run as (
    select as_of from {{ source('ops', 'run') }}
),

-- Sign-ins that succeeded or do not say that they failed.
sign_ins as (
    select
        system, person_id, actor_login, actor_type, event_time, received_at, record_key,
        coalesce(outcome, '') <> 'SUCCESS' or event_time is null as is_unclear
    from {{ ref('int_access_events') }}
    where stream = 'sign_in' and coalesce(outcome, 'UNKNOWN') in ('SUCCESS', 'UNKNOWN')
),

-- The leaver's own, and those of nobody (or of several people) that may be theirs.
leaver_sign_ins as (
    select traced.unit_key, sign_ins.*, false as is_unowned
    from {{ traced }} as traced
    inner join sign_ins
        on traced.person_id = sign_ins.person_id and traced.system = sign_ins.system

    union all

    select traced.unit_key, sign_ins.*, true as is_unowned
    from {{ traced }} as traced
    inner join sign_ins on traced.system = sign_ins.system
    where
        sign_ins.person_id is null
        and lower(coalesce(sign_ins.actor_type, 'User')) like '%user%'
        and (
            traced.is_unknowable
            or list_contains(traced.logins, concat(traced.system, ':', sign_ins.actor_login))
            or traced.work_email = sign_ins.actor_login
        )
),

-- What of them lies after the end and before any new spell, by some reading; after_count by every
-- reading. One without a time may lie anywhere before we received it.
uses as (
    select
        unit_key,
        count(*) filter (where is_certain and is_after) as after_count,
        min(event_time) filter (where is_certain and is_after) as first_after,
        min(event_time) filter (where is_certain) as first_use,
        bool_or(not is_unowned and is_unclear) as is_unclear,
        string_agg(distinct actor_login, ', ' order by actor_login) filter (where is_unowned)
            as unowned_logins,
        list_sort(list(sign_in_key)) as record_keys
    from (
        select
            traced.unit_key,
            sign_ins.event_time,
            sign_ins.actor_login,
            sign_ins.record_key as sign_in_key,
            sign_ins.is_unowned,
            sign_ins.is_unclear,
            not sign_ins.is_unowned and not sign_ins.is_unclear as is_certain,
            sign_ins.event_time > traced.left_to
            and coalesce(sign_ins.event_time < traced.returns_at, true) as is_after
        from {{ traced }} as traced
        inner join leaver_sign_ins as sign_ins using (unit_key)
        where
            coalesce(sign_ins.event_time, sign_ins.received_at) > traced.left_from
            and coalesce(sign_ins.event_time < traced.returns_by, true)
    ) as possible
    group by unit_key
),

used_seen as (
    select
        traced.*,
        uses.after_count,
        uses.first_after,
        uses.first_use,
        uses.record_keys as use_keys,
        coalesce(traced.doubtful_logins, uses.unowned_logins) as unresolved_logins,
        case
            when traced.left_from is null then 'null_field'
            when uses.after_count > 0 then 'EXCEPTION'
            when uses.is_unclear then 'unclear'
            when uses.first_use is not null then 'bounded'
            when traced.doubtful_keys is not null or uses.unowned_logins is not null
                then 'unresolved_person'
            else 'PASS'
        end as use_ruling,
        coalesce(cast(traced.left_from as date), traced.effective_on) as watched_from,
        least(
            run.as_of,
            coalesce(cast(traced.returns_by as date), run.as_of),
            if(coalesce(traced.is_revoked, false), cast(traced.revoked_to as date), run.as_of)
        ) as covered_to
    from {{ traced }} as traced
    cross join run
    left join uses using (unit_key)
)

select
    'used' as leg_id,
    unit_key, attributes, entity, system,
    system as asset_id,
    coalesce(first_after, first_use, end_latest) as event_time,
    effective_on,
    if(use_ruling in ('PASS', 'EXCEPTION'), use_ruling, 'NOT_TESTED') as proposed,
    case use_ruling
        when 'PASS' then null
        when 'EXCEPTION' then 'USED_AFTER_END'
        when 'unclear' then 'null_field'
        else use_ruling
    end as reason_code,
    case use_ruling
        when 'null_field' then concat('roster.end_at cannot be read: ', end_stated)
        when 'unclear' then concat(
            'access_events.sign_in.outcome or at: a sign-in after the end (', end_stated,
            ') does not say whether it succeeded, or when it was'
        )
        when 'EXCEPTION' then concat(
            after_count, ' successful sign-in event(s) after the end (', end_stated,
            '), the first at ', strftime(first_after, '%Y-%m-%d %H:%M:%S')
        )
        when 'bounded' then concat(
            'Used at ', strftime(first_use, '%Y-%m-%d %H:%M:%S'),
            if(
                first_use > left_to,
                ', when the next spell had begun by one reading of its start and not by the other',
                concat(
                    ', the end is known only as ', end_stated,
                    ': before the end by one reading, after it by the other'
                )
            )
        )
        when 'unresolved_person' then concat(
            'May be the leaver''s, but belongs to nobody in the roster, or to several people: ',
            unresolved_logins
        )
        else concat('No successful sign-in from the end (', end_stated, ') to ', covered_to)
    end as reason,
    person_id, vendor_id,
    cast(null as varchar) as criteria_key,
    is_in_scope,
    json_object('bare_end_reads_as', bare_end_reads_as) as parameters,
    list_concat([record_key], use_keys, if(use_ruling = 'unresolved_person', doubtful_keys, []))
        as record_keys,
    cast([
        {{ need('access_events.sign_in', 'watched_from', 'greatest(covered_to, watched_from)',
                'system') }},
        {{ need('roster', 'effective_on', 'effective_on') }},
        {{ need('assets.asset', 'effective_on', 'effective_on') }}
    ] as {{ needs_type() }}) as needs,
    watched_from as hangs_from,
    date '9999-12-31' as hangs_to,
    counts_from,
    -- a use after the limit counts for its own day too
    greatest(counts_to, cast(first_after as date)) as counts_to
from used_seen
{%- endmacro %}
