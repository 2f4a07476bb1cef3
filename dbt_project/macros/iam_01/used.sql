{#- Leg used: every session shows a second factor. -#}
{% macro iam_01_used() -%}
with run as (
    select as_of, period_start from {{ source('ops', 'run') }}
),

assets as (
    select * from {{ ref('int_assets') }}
),

-- Successful interactive sign-ins of any system: the start of a session. Applications that are opened
-- within it are part of the same session. A sign-in whose outcome nobody states may have been one,
-- and so may one of a person's account of which nobody says whether a person made it. What the source
-- tells in two ways passes in neither.
sign_ins as (
    select
        events.*,
        events.version_no > 1 as is_retold,
        events.versions > 1 as is_disputed,
        assets.is_in_scope,
        coalesce(assets.entity, events.entity) as unit_entity,
        greatest(
            cast(coalesce(event_time, event_day) - interval 10 minute as date), run.period_start
        ) as seen_from,
        least(cast(coalesce(event_time, event_day) + interval 1 hour as date), run.as_of)
            as seen_to
    from (
        select
            *,
            count(*) over (partition by source_id, event_key, event_time) as versions,
            row_number() over (
                partition by source_id, event_key, event_time order by received_at, record_key
            ) as version_no
        from {{ ref('int_access_events') }}
        where
            stream = 'sign_in'
            and coalesce(is_interactive, actor_type is null or lower(actor_type) like '%user%')
            and {{ is_affected('IAM-01', 'event_day') }}
    ) as events
    cross join run
    left join assets
        on events.system = assets.asset_id
        and events.event_day between assets.valid_from and assets.valid_to
    where
        coalesce(events.outcome, 'SUCCESS') = 'SUCCESS'
        and events.event_day between run.period_start and run.as_of
),

-- Steps shown within a session, from ten minutes before its start to the next day's end. Okta tells
-- every step by itself, the password's and a question's too; others say of a whole sign-in whether a
-- second factor was shown.
steps_shown as (
    select
        sign_ins.record_key as sign_in_key,
        events.event_time,
        events.record_key,
        if(events.is_mfa, true, {{ is_second_factor('events.factor') }}) as is_second_factor,
        sign_ins.actor_id as signed_in,
        events.actor_id,
        events.outcome,
        count(*) over (
            partition by sign_ins.record_key, events.event_key, events.event_time
        ) > 1 as is_disputed
    from sign_ins
    inner join {{ ref('int_access_events') }} as events
        on sign_ins.source_id = events.source_id
        and sign_ins.session_id = events.session_id
        and events.event_day between sign_ins.event_day - 1 and sign_ins.event_day + 1
        and events.event_time >= sign_ins.event_time - interval 10 minute
        and events.record_key != sign_ins.record_key
    where events.event_type = 'user.authentication.auth_via_mfa' or events.is_mfa
),

step_ups as (
    select
        sign_in_key as record_key,
        min(event_time) filter (where is_second_factor) as stepped_up_at,
        arg_min(record_key, (event_time, record_key)) filter (where is_second_factor)
            as step_up_key,
        min(event_time) filter (where is_second_factor is null) as unnamed_step_at,
        list(record_key order by record_key) filter (where not coalesce(is_second_factor, false))
            as other_step_keys,
        coalesce(bool_or(not is_second_factor), false) as shows_secret
    from steps_shown
    where outcome = 'SUCCESS' and actor_id is not distinct from signed_in and not is_disputed
    group by sign_in_key
),

used_seen as (
    select
        sign_ins.*,
        step_ups.stepped_up_at,
        step_ups.step_up_key,
        step_ups.unnamed_step_at,
        step_ups.other_step_keys,
        list_filter(authenticators, name -> {{ is_second_factor('name') }}) as possessions,
        -- what is possessed is the second factor, whichever of the two came first
        coalesce(is_mfa, false)
        or (
            len(possessions) > 0
            and (len(authenticators) > 1 or coalesce(step_ups.shows_secret, false))
        ) as is_two,
        -- these can ask for a finger or a code themselves; the log does not say whether they did
        len(list_filter(
            authenticators,
            name -> lower(name) in (
                'okta verify', 'fastpass', 'fido2 (webauthn)', 'webauthn', 'passkey',
                'security key or biometric', 'smart card idp'
            )
        )) > 0 as may_be_two,
        -- how one began says what was shown only where the log tells every further step
        is_mfa is not null
        or (
            event_type = 'user.session.start'
            and (coalesce(credential_type = 'PASSWORD', false) or len(authenticators) > 0)
        ) as is_method_known
    from sign_ins
    left join step_ups using (record_key)
)

select
    'used' as leg_id,
    if(is_retold, record_key, event_key) as unit_key,
    json_object('event_id', event_id, 'system', system) as attributes,
    unit_entity as entity,
    system,
    system as asset_id,
    event_time,
    event_day as effective_on,
    case
        when outcome is null or event_time is null or event_id is null then 'NOT_TESTED'
        when stepped_up_at is not null or is_two
            then if(is_disputed, 'NOT_TESTED', 'PASS')
        when is_unclear then 'NOT_TESTED'
        else 'ABSENT'
    end as proposed,
    case
        when outcome is null or event_time is null or event_id is null then 'null_field'
        when stepped_up_at is not null or is_two
            then if(is_disputed, 'null_field', null)
        when is_unclear then 'null_field'
        else 'SINGLE_FACTOR'
    end as reason_code,
    case
        when outcome is null then 'access_events.sign_in.outcome: not stated'
        when event_time is null then 'access_events.sign_in.at: not stated, or without zone'
        when event_id is null then 'access_events.sign_in.event_id: not stated'
        when is_disputed
            then 'access_events.sign_in: the source tells this event in more than one way'
        when stepped_up_at is not null then concat(
            'The session shows a second factor at ', strftime(stepped_up_at, '%Y-%m-%d %H:%M:%S')
        )
        when is_mfa then 'The sign-in shows a second factor'
        when is_two and len(authenticators) = 1
            then concat('The session shows ', authenticators[1], ' and a password or question')
        when is_two then concat('The sign-in shows ', array_to_string(authenticators, ' and '))
        when session_id is null
            then 'access_events.sign_in.session_id: not stated, so no step-up can be looked for'
        when unnamed_step_at is not null then concat(
            'access_events.sign_in.factors_used: the step of ',
            strftime(unnamed_step_at, '%Y-%m-%d %H:%M:%S'), ' names no factor'
        )
        when not is_method_known
            then 'access_events.sign_in.factors_used: the log does not say how'
        when is_interactive is null
            then 'access_events.sign_in.is_interactive: not stated, so it may have been no person'
        when may_be_two then concat(
            'access_events.sign_in.factors_used: ', array_to_string(authenticators, ', '),
            ' alone; the log does not say whether it asked for a second proof'
        )
        else concat(
            'The session started with ',
            coalesce(
                nullif(array_to_string(authenticators, ', '), ''), lower(credential_type),
                'one factor'
            ),
            ' alone and shows no second factor'
        )
    end as reason,
    person_id,
    is_in_scope,
    list_filter(
        list_concat(
            [record_key, step_up_key], if(step_up_key is null, other_step_keys, [])
        ),
        k -> k is not null
    ) as record_keys,
    cast([
        {{ need('access_events.sign_in', 'seen_from', 'seen_to', 'system') }},
        {{ need('roster', 'event_day', 'event_day') }}
    ] as {{ needs_type() }}) as needs,
    event_day - 1 as hangs_from,
    event_day + 1 as hangs_to
from (
    select
        *,
        session_id is null or unnamed_step_at is not null or not is_method_known or may_be_two
        or is_interactive is null as is_unclear
    from used_seen
) as seen
{%- endmacro %}
