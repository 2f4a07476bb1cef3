{{ control_test_config('IAM-04') }}

-- Leavers lose access within the promised hours.
with run as (
    select
        as_of,
        period_start,
        cast(as_of as timestamp) + interval 1 day as as_of_end
    from {{ source('ops', 'run') }}
),

people as (
    select * from {{ ref('int_people') }}
),

assets as (
    select * from {{ ref('int_assets') }}
),

accounts as (
    select * from {{ ref('int_accounts') }}
),

-- One row an employment spell that has ended; an end that cannot be read counts for the day on
-- which we first received it.
spells as (
    select
        *,
        coalesce(cast(end_latest as date), first_received_on) as effective_on,
        lead(start_earliest) over (partition by person_id order by start_earliest) as returns_at
    from people
),

ended as (
    select
        spells.*,
        {{ parameter('IAM-04', 'bare_end_reads_as', 'null', 'spells.effective_on') }} ->> '$'
            as bare_end_reads_as
    from spells
    cross join run
    where
        spells.end_stated is not null
        and spells.effective_on between run.period_start and run.as_of
        and {{ is_affected('IAM-04', 'spells.effective_on') }}
),

leavers as (
    select
        *,
        if(
            bare_end_reads_as <> 'interval' and end_earliest < end_latest,
            try_cast(concat(end_stated, ' ', bare_end_reads_as) as timestamp),
            end_earliest
        ) as left_from,
        if(left_from = end_earliest, end_latest, left_from) as left_to
    from ended
),

-- Every in-scope system: registered, named in anybody's logins, or with collected accounts.
named_systems as (
    select distinct split_part(unnest(logins), ':', 1) as system from people
),

systems as (
    select asset_id as system from assets where type = 'system'
    union
    select system from named_systems where system <> ''
    union
    select source_systems.system
    from {{ ref('int_source_systems') }} as source_systems
    inner join {{ source('ops', 'source_streams') }} as streams using (source_id)
    where streams.stream = 'identities.account'
),

units as (
    select
        concat_ws('|', leavers.person_id, systems.system, leavers.spell_start) as unit_key,
        json_object(
            'person_id', leavers.person_id, 'system', systems.system,
            'spell_start', leavers.spell_start
        ) as attributes,
        leavers.*,
        systems.system,
        case when assets.asset_id is not null then assets.is_in_scope end as is_in_scope,
        case
            when leavers.vendor_id is not null
                then {{ parameter(
                    'IAM-04', 'vendor_leaver_limit', 'systems.system', 'leavers.effective_on'
                ) }}
            else {{ parameter('IAM-04', 'leaver_limit', 'systems.system', 'leavers.effective_on') }}
        end as leaver_limit
    from leavers
    cross join systems
    left join assets
        on systems.system = assets.asset_id
        and leavers.effective_on between assets.valid_from and assets.valid_to
),

units_read as (
    select
        *,
        try_cast(leaver_limit ->> '$.hours' as double) as limit_hours,
        try_cast(leaver_limit ->> '$.business_days' as integer) as limit_business_days
    from units
),

limited as (
    select
        units.*,
        work_email is null
        and coalesce(trim(name), '') = ''
        and len(list_filter(logins, lambda login: starts_with(login, concat(system, ':')))) = 0
            as is_unknowable,
        case
            when limit_hours is not null then left_from + to_seconds(limit_hours * 3600)
            when limit_business_days is not null
                then {{ add_business_days('left_from', 'limit_business_days') }}
        end as limit_from,
        case
            when limit_hours is not null then left_to + to_seconds(limit_hours * 3600)
            when limit_business_days is not null
                then {{ add_business_days('left_to', 'limit_business_days') }}
        end as limit_to
    from units_read as units
),

newest_days as (
    select system, max(day) as newest_day from accounts group by system
),

newest_accounts as (
    select accounts.*
    from accounts
    inner join newest_days
        on accounts.system = newest_days.system and accounts.day = newest_days.newest_day
),

-- Accounts that the leaver held there, whenever seen; one made after the end was never held.
held as (
    select
        limited.unit_key,
        accounts.source_id,
        accounts.account_id,
        min(accounts.created_at) as created_at,
        arg_max(accounts.record_key, (accounts.day, accounts.record_key)) as record_key,
        arg_max(accounts.status, accounts.day) as status,
        max(accounts.day) as seen_on
    from limited
    inner join accounts
        on limited.person_id = accounts.person_id and limited.system = accounts.system
    group by limited.unit_key, accounts.source_id, accounts.account_id
    having min(coalesce(accounts.created_at, limited.left_to - interval 1 second))
        < any_value(limited.left_to)
),

observed as (
    select
        held.unit_key,
        held.account_id,
        changes.kind,
        changes.off_from,
        changes.off_to,
        changes.record_key,
        limited.left_from,
        limited.left_to,
        limited.limit_to,
        limited.returns_at,
        max(changes.off_to) filter (where changes.kind = 'on') over (
            partition by held.unit_key, held.account_id
            order by changes.off_to, changes.kind, changes.record_key
            rows between unbounded preceding and 1 preceding
        ) as on_before,
        min(changes.off_to) filter (where changes.kind = 'on') over (
            partition by held.unit_key, held.account_id
            order by changes.off_to, changes.kind, changes.record_key
            rows between 1 following and unbounded following
        ) as on_after
    from held
    inner join limited using (unit_key)
    inner join {{ ref('int_account_changes') }} as changes
        on limited.system = changes.system and held.account_id = changes.account_id
    where limited.returns_at is null or changes.off_to < limited.returns_at
),

-- The earliest time from which the account was disabled and stayed so. Enabling it again undoes a
-- disabling: within the limit always, later unless the person returns (it is made ready for that).
revocations as (
    select
        unit_key,
        account_id,
        min(off_to) filter (where not is_undone) as off_to,
        arg_min(greatest(off_from, least(on_before, off_to)), (off_to, record_key))
            filter (where not is_undone) as off_from,
        arg_min(record_key, (off_to, record_key)) filter (where not is_undone) as record_key,
        min(off_to) filter (where is_undone and on_after > left_from) as undone_at
    from (
        select
            *,
            on_after is not null and (returns_at is null or on_after <= limit_to) as is_undone
        from observed
        where kind = 'off'
    ) as disablings
    group by unit_key, account_id
),

-- An account that left the listing without a word of its being disabled.
departures as (
    select unit_key, account_id, max(off_to) as gone_at
    from observed
    where kind = 'gone'
    group by unit_key, account_id
),

last_on as (
    select unit_key, account_id, max(off_to) as on_until,
        arg_max(record_key, (off_to, record_key)) as record_key
    from observed
    where kind = 'on'
    group by unit_key, account_id
),

account_rulings as (
    select
        held.unit_key,
        held.account_id,
        revocations.off_from,
        revocations.off_to,
        limited.returns_at is null and newest.is_disabled is false as is_still_enabled,
        case
            when limited.limit_to is null or limited.left_from is null then null
            when newest.account_id is not null and newest.is_disabled is null then 'unknown'
            when is_still_enabled and run.as_of_end <= limited.limit_to then 'pending'
            when is_still_enabled then 'kept'
            when revocations.off_to <= limited.limit_from then 'in_time'
            when run.as_of_end <= limited.limit_to then 'pending'
            when coalesce(revocations.off_from, last_on.on_until) > limited.limit_to then 'late'
            when revocations.off_to is null and limited.returns_at <= limited.limit_from
                then 'in_time'
            else 'bounded'
        end as ruling,
        concat(
            held.account_id,
            case ruling
                when 'unknown' then concat(' has status ', coalesce(newest.status, 'not given'))
                when 'kept' then concat(' is still ', newest.status, ' in the newest snapshot')
                when 'pending' then ' is not disabled yet'
                else case
                    when revocations.off_to is null then concat(
                        ' was enabled until at least ',
                        coalesce(strftime(last_on.on_until, '%Y-%m-%d %H:%M:%S'), 'its last snapshot'),
                        if(
                            departures.gone_at is null, '',
                            concat(
                                ' and is gone from the listing of ',
                                strftime(departures.gone_at, '%Y-%m-%d %H:%M:%S'),
                                ', with no sign that it was disabled or deleted'
                            )
                        )
                    )
                    when revocations.off_from = revocations.off_to then concat(
                        ' disabled ', strftime(revocations.off_to, '%Y-%m-%d %H:%M:%S')
                    )
                    else concat(
                        ' disabled between ', strftime(revocations.off_from, '%Y-%m-%d %H:%M:%S'),
                        ' and ', strftime(revocations.off_to, '%Y-%m-%d %H:%M:%S')
                    )
                end
            end,
            if(
                revocations.undone_at is null, '',
                concat(
                    ' (disabled ', strftime(revocations.undone_at, '%Y-%m-%d %H:%M:%S'),
                    ' but enabled again: only the last disabling counts)'
                )
            )
        ) as finding,
        list_filter(
            [held.record_key, revocations.record_key, last_on.record_key], k -> k is not null
        ) as record_keys
    from held
    inner join limited using (unit_key)
    cross join run
    left join revocations
        on held.unit_key = revocations.unit_key and held.account_id = revocations.account_id
    left join last_on on held.unit_key = last_on.unit_key and held.account_id = last_on.account_id
    left join departures
        on held.unit_key = departures.unit_key and held.account_id = departures.account_id
    left join newest_accounts as newest
        on held.source_id = newest.source_id and held.account_id = newest.account_id
),

-- Accounts that belong to nobody, or to several people, as they were last seen.
unowned as (
    select
        accounts.*,
        accounts.day = newest_days.newest_day and not coalesce(accounts.is_disabled, false)
            as is_enabled_now
    from accounts
    inner join newest_days on accounts.system = newest_days.system
    where accounts.person_id is null and accounts.kind is distinct from 'service'
    qualify row_number() over (
        partition by accounts.source_id, accounts.account_id
        order by accounts.day desc, accounts.record_key
    ) = 1
),

-- An account of nobody that may be the leaver's: it bears a login or an address of theirs, or is
-- enabled and bears their family name; any may be, where nothing tells what theirs would bear.
doubtful as (
    select
        limited.unit_key,
        string_agg(unowned.login, ', ' order by unowned.login) as logins,
        list(unowned.record_key order by unowned.record_key) as record_keys
    from limited
    inner join unowned on limited.system = unowned.system
    where
        coalesce(unowned.created_at < limited.left_to, true)
        and (
            limited.is_unknowable
            or list_contains(limited.logins, concat(limited.system, ':', unowned.login))
            or limited.work_email in (unowned.login, unowned.email)
            or unowned.is_enabled_now and list_contains(
                string_split_regex(split_part(coalesce(unowned.login, unowned.email), '@', 1), '[^a-z]+'),
                list_extract(string_split_regex(lower(trim(limited.name)), '\s+'), -1)
            )
        )
    group by limited.unit_key
),

unit_rulings as (
    select
        unit_key,
        case
            when bool_or(ruling in ('kept', 'late')) then 'EXCEPTION'
            when bool_or(ruling is null or ruling = 'unknown') then 'null_field'
            when bool_or(ruling = 'bounded') then 'bounded'
            when bool_or(ruling = 'pending') then 'PENDING'
            else 'PASS'
        end as ruling,
        bool_or(ruling = 'kept') as is_kept,
        bool_and(off_to is not null and not is_still_enabled) as is_revoked,
        max(off_to) as revoked_to,
        string_agg(finding, '; ' order by account_id) as findings,
        list_sort(list_distinct(flatten(list(record_keys)))) as record_keys
    from account_rulings
    group by unit_key
),

judged as (
    select
        limited.*,
        unit_rulings.* exclude (unit_key, ruling, record_keys),
        unit_rulings.record_keys as account_keys,
        doubtful.logins as doubtful_logins,
        doubtful.record_keys as doubtful_keys,
        newest_days.newest_day,
        case
            when limited.left_from is null or limited.limit_to is null then 'null_field'
            when unit_rulings.ruling = 'EXCEPTION' then 'EXCEPTION'
            when doubtful.unit_key is not null then 'unresolved_person'
            when unit_rulings.unit_key is null then 'no_account'
            else unit_rulings.ruling
        end as ruling
    from limited
    left join unit_rulings using (unit_key)
    left join doubtful using (unit_key)
    left join newest_days on limited.system = newest_days.system
),

revoked as (
    select
        'revoked' as leg_id,
        unit_key, attributes, entity, system,
        system as asset_id,
        end_latest as event_time,
        effective_on,
        case
            when ruling in ('PASS', 'EXCEPTION', 'PENDING') then ruling
            when ruling = 'no_account' then 'NOT_APPLICABLE'
            else 'NOT_TESTED'
        end as proposed,
        case
            when ruling = 'EXCEPTION' then if(is_kept, 'NOT_REVOKED', 'REVOKED_LATE')
            when ruling not in ('PASS', 'PENDING') then ruling
        end as reason_code,
        case ruling
            when 'null_field' then case
                when left_from is null then concat('roster.end_at cannot be read: ', end_stated)
                when limit_to is null then 'IAM-04 leaver_limit: no limit was ever given'
                else concat('identities.account.status is not known: ', findings)
            end
            when 'no_account' then 'No account there, disabled ones included, was made before the end'
            when 'unresolved_person' then concat(
                'May be the leaver''s, but belongs to nobody in the roster, or to several people: ',
                doubtful_logins
            )
            when 'bounded' then concat(
                findings, '. Limit ', strftime(limit_from, '%Y-%m-%d %H:%M:%S'), ' to ',
                strftime(limit_to, '%Y-%m-%d %H:%M:%S'),
                ': in time by one reading, too late by the other'
            )
            else concat(
                'Ended ', end_stated, ', limit ', strftime(limit_to, '%Y-%m-%d %H:%M:%S'), ': ', findings
            )
        end as reason,
        person_id, vendor_id,
        cast(null as varchar) as criteria_key,
        is_in_scope,
        json_object('leaver_limit', leaver_limit, 'bare_end_reads_as', bare_end_reads_as)
            as parameters,
        list_concat([record_key], account_keys, doubtful_keys) as record_keys,
        cast([
            {{ need('identities.account', 'newest_day', 'null', 'system') }},
            {{ need('roster', 'effective_on', 'effective_on') }},
            {{ need('assets.asset', 'effective_on', 'effective_on') }}
        ] as {{ needs_type() }}) as needs,
        cast(coalesce(start_earliest, timestamp '1900-01-01') as date) as hangs_from,
        date '9999-12-31' as hangs_to
    from judged
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
    select judged.unit_key, sign_ins.*, false as is_unowned
    from judged
    inner join sign_ins
        on judged.person_id = sign_ins.person_id and judged.system = sign_ins.system

    union all

    select judged.unit_key, sign_ins.*, true as is_unowned
    from judged
    inner join sign_ins on judged.system = sign_ins.system
    where
        sign_ins.person_id is null
        and coalesce(sign_ins.actor_type, 'User') = 'User'
        and (
            judged.is_unknowable
            or list_contains(judged.logins, concat(judged.system, ':', sign_ins.actor_login))
            or judged.work_email = sign_ins.actor_login
        )
),

-- What of them lies after the end and before any new spell. One without a time may lie anywhere
-- before we received it.
uses as (
    select
        judged.unit_key,
        count(*) filter (where is_certain and event_time > left_to) as after_count,
        min(event_time) filter (where is_certain and event_time > left_to) as first_after,
        min(event_time) filter (where is_certain) as first_use,
        bool_or(not is_unowned and is_unclear) as is_unclear,
        string_agg(distinct actor_login, ', ' order by actor_login) filter (where is_unowned)
            as unowned_logins,
        list_sort(list(sign_ins.record_key)) as record_keys
    from judged
    inner join (
        select *, not is_unowned and not is_unclear as is_certain from leaver_sign_ins
    ) as sign_ins using (unit_key)
    where
        coalesce(event_time, received_at) > left_from
        and coalesce(event_time < returns_at, true)
    group by judged.unit_key
),

used_seen as (
    select
        judged.*,
        uses.after_count,
        uses.first_after,
        uses.first_use,
        uses.record_keys as use_keys,
        coalesce(judged.doubtful_logins, uses.unowned_logins) as unresolved_logins,
        case
            when judged.left_from is null then 'null_field'
            when uses.after_count > 0 then 'EXCEPTION'
            when uses.is_unclear then 'unclear'
            when uses.first_use is not null then 'bounded'
            when judged.doubtful_keys is not null or uses.unowned_logins is not null
                then 'unresolved_person'
            else 'PASS'
        end as use_ruling,
        coalesce(cast(judged.left_from as date), judged.effective_on) as watched_from,
        least(
            run.as_of,
            coalesce(cast(judged.returns_at as date), run.as_of),
            if(coalesce(judged.is_revoked, false), cast(judged.revoked_to as date), run.as_of)
        ) as covered_to
    from judged
    cross join run
    left join uses using (unit_key)
),

used as (
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
                'Used at ', strftime(first_use, '%Y-%m-%d %H:%M:%S'), ', the end is known only as ',
                end_stated, ': before the end by one reading, after it by the other'
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
        date '9999-12-31' as hangs_to
    from used_seen
),

-- Every vendor that had people here in a month, once the month has ended.
months as (
    select
        people.vendor_id,
        any_value(people.entity) as entity,
        month_start,
        cast(month_start + interval 1 month as date) - 1 as effective_on,
        list_sort(list(distinct people.record_key)) as record_keys
    from people
    cross join run
    cross join lateral (
        select cast(unnest(generate_series(
            date_trunc('month', run.period_start), run.as_of, interval 1 month
        )) as date) as month_start
    ) as calendar
    where
        people.vendor_id is not null
        and people.start_earliest < month_start + interval 1 month
        and coalesce(people.end_latest >= month_start, true)
    group by people.vendor_id, month_start
),

vendor_list as (
    select
        'vendor_list' as leg_id,
        concat_ws('|', months.vendor_id, strftime(months.month_start, '%Y-%m')) as unit_key,
        json_object('vendor_id', months.vendor_id, 'month', strftime(months.month_start, '%Y-%m'))
            as attributes,
        months.entity,
        cast(null as varchar) as system,
        cast(null as varchar) as asset_id,
        cast(months.effective_on as timestamp) as event_time,
        months.effective_on,
        'NOT_TESTED' as proposed,
        'not_connected' as reason_code,
        'No source holds the vendor''s own list of leavers' as reason,
        cast(null as varchar) as person_id,
        months.vendor_id,
        cast(null as varchar) as criteria_key,
        true as is_in_scope,
        cast(null as json) as parameters,
        months.record_keys,
        cast([
            {{ need('vendors.deliverable', 'months.month_start', 'months.effective_on') }},
            {{ need('roster', 'months.month_start', 'months.effective_on') }}
        ] as {{ needs_type() }}) as needs,
        months.month_start as hangs_from,
        date '9999-12-31' as hangs_to
    from months
    cross join run
    where
        months.effective_on <= run.as_of
        and {{ is_affected('IAM-04', 'months.effective_on') }}
)

{{ settle('IAM-04', ['revoked', 'used', 'vendor_list']) }}
