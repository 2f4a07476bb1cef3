{{ config(materialized='table') }}

-- Accounts as each day's newest snapshot shows them: one row an account and day. Of two accounts
-- that one snapshot tells in different ways, the enabled one stands; the day is a gap.
--
-- is_enabled: somebody can sign in; is_disabled: nobody can any more. An account that was never
-- activated is neither; a status that we do not know is NULL in both.
with snapshots as (
    select
        *,
        max(sequence) over (partition by source_id, event_day) as newest_sequence
    from {{ ref('stg_okta__account') }}
    where not is_duplicate
),

resolved as (
    select
        snapshots.*,
        systems.system,
        configured.entity,
        if(by_login.login is not null, by_login.person_id, by_email.person_id) as person_id
    from snapshots
    left join {{ source('ops', 'sources') }} as configured
        on snapshots.source_id = configured.source_id
    left join {{ ref('int_source_systems') }} as systems
        on snapshots.source_id = systems.source_id
    left join {{ ref('int_person_logins') }} as by_login
        on by_login.system = systems.system and snapshots.login = by_login.login
    left join {{ ref('int_person_logins') }} as by_email
        on by_email.system = '*' and coalesce(snapshots.email, snapshots.login) = by_email.login
    where snapshots.sequence = snapshots.newest_sequence
    qualify row_number() over (
        partition by snapshots.source_id, snapshots.event_day, snapshots.account_key
        order by
            coalesce(snapshots.status in ('ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY', 'LOCKED_OUT'), true)
                desc,
            snapshots.record_key
    ) = 1
)

select
    -- which account
    source_id,
    receipt_id,
    record_key,
    received_at as observed_at,
    event_day as day,
    entity,
    system,
    account_id,
    login,
    email,
    person_id,
    -- what it is
    case
        when regexp_matches(lower(user_type), 'service|system|machine|bot|integration') then 'service'
        when person_id is not null or nullif(user_type, '') is not null then 'human'
    end as kind,
    coalesce(provider_type in ('FEDERATION', 'SOCIAL'), false) as is_federated_only,
    -- its state
    status,
    case
        when status in ('ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY', 'LOCKED_OUT') then true
        when status in ('STAGED', 'PROVISIONED', 'SUSPENDED', 'DEPROVISIONED') then false
    end as is_enabled,
    case
        when status in ('SUSPENDED', 'DEPROVISIONED') then true
        when status in (
            'ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY', 'LOCKED_OUT', 'STAGED', 'PROVISIONED'
        ) then false
    end as is_disabled,
    created_at,
    status_changed_at,
    last_login_at
from resolved
