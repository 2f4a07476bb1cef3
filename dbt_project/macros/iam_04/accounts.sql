{#- The leavers with what became of their accounts there, and with accounts of nobody that may be
    theirs: `ruling`, and what it rests on. -#}
{% macro iam_04_accounts(leavers) -%}
with run as (
    select cast(as_of as timestamp) + interval 1 day as as_of_end from {{ source('ops', 'run') }}
),

accounts as (
    select * from {{ ref('int_accounts') }}
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
        leavers.unit_key,
        accounts.source_id,
        accounts.account_id,
        min(accounts.created_at) as created_at,
        arg_max(accounts.record_key, (accounts.day, accounts.record_key)) as record_key,
        arg_max(accounts.status, accounts.day) as status,
        max(accounts.day) as seen_on
    from {{ leavers }} as leavers
    inner join accounts
        on leavers.person_id = accounts.person_id and leavers.system = accounts.system
    group by leavers.unit_key, accounts.source_id, accounts.account_id
    having min(coalesce(accounts.created_at, leavers.left_to - interval 1 second))
        < any_value(leavers.left_to)
),

observed as (
    select
        held.unit_key,
        held.account_id,
        changes.kind,
        changes.off_from,
        changes.off_to,
        changes.record_key,
        leavers.left_from,
        leavers.left_to,
        leavers.limit_to,
        leavers.returns_at,
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
    inner join {{ leavers }} as leavers using (unit_key)
    inner join {{ ref('int_account_changes') }} as changes
        on leavers.system = changes.system and held.account_id = changes.account_id
    where leavers.returns_at is null or changes.off_to < leavers.returns_at
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
        leavers.returns_at is null and newest.is_disabled is false as is_still_enabled,
        case
            when leavers.limit_to is null or leavers.left_from is null then null
            when newest.account_id is not null and newest.is_disabled is null then 'unknown'
            when is_still_enabled and run.as_of_end <= leavers.limit_to then 'pending'
            when is_still_enabled then 'kept'
            when revocations.off_to <= leavers.limit_from then 'in_time'
            when run.as_of_end <= leavers.limit_to then 'pending'
            when coalesce(revocations.off_from, last_on.on_until) > leavers.limit_to then 'late'
            when revocations.off_to is null and leavers.returns_by <= leavers.limit_from
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
    inner join {{ leavers }} as leavers using (unit_key)
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
        leavers.unit_key,
        string_agg(unowned.login, ', ' order by unowned.login) as logins,
        list(unowned.record_key order by unowned.record_key) as record_keys
    from {{ leavers }} as leavers
    inner join unowned on leavers.system = unowned.system
    where
        coalesce(unowned.created_at < leavers.left_to, true)
        and (
            leavers.is_unknowable
            or list_contains(leavers.logins, concat(leavers.system, ':', unowned.login))
            or leavers.work_email in (unowned.login, unowned.email)
            or unowned.is_enabled_now and list_contains(
                string_split_regex(split_part(coalesce(unowned.login, unowned.email), '@', 1), '[^a-z]+'),
                list_extract(string_split_regex(lower(trim(leavers.name)), '\s+'), -1)
            )
        )
    group by leavers.unit_key
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
)

select
    leavers.*,
    unit_rulings.* exclude (unit_key, ruling, record_keys),
    unit_rulings.record_keys as account_keys,
    doubtful.logins as doubtful_logins,
    doubtful.record_keys as doubtful_keys,
    newest_days.newest_day,
    case
        when leavers.left_from is null or leavers.limit_to is null then 'null_field'
        when unit_rulings.ruling = 'EXCEPTION' then 'EXCEPTION'
        when doubtful.unit_key is not null then 'unresolved_person'
        when unit_rulings.unit_key is null then 'no_account'
        else unit_rulings.ruling
    end as ruling
from {{ leavers }} as leavers
left join unit_rulings using (unit_key)
left join doubtful using (unit_key)
left join newest_days on leavers.system = newest_days.system
{%- endmacro %}
