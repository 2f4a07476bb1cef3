{{ config(materialized='table') }}

-- Accounts as each day's newest snapshot shows them: one row an account and day. Of two accounts
-- that one snapshot tells in different ways, the enabled one stands; the day is a gap.
--
-- is_enabled: somebody can sign in; is_disabled: nobody can any more. An account may be neither; a
-- status that we do not know is NULL in both.
{%- set kinds = {
    'okta_users': accounts__okta_users,
} %}
{%- set columns = {
    'account_id': 'varchar', 'account_key': 'varchar', 'login': 'varchar', 'email': 'varchar',
    'stated_kind': 'varchar', 'status': 'varchar', 'is_enabled': 'boolean',
    'is_disabled': 'boolean', 'is_admin': 'boolean', 'is_federated_only': 'boolean',
    'is_sso_managed': 'boolean', 'has_local_password': 'boolean', 'created_at': 'timestamp',
    'status_changed_at': 'timestamp', 'last_login_at': 'timestamp',
} %}

with resolved as (
    select
        snapshots.*,
        if(by_login.login is not null, by_login.person_id, by_email.person_id) as person_id
    from ({{ newest_snapshots(columns, kinds) }}) as snapshots
    left join {{ ref('int_person_logins') }} as by_login
        on by_login.system = snapshots.system and snapshots.login = by_login.login
    left join {{ ref('int_person_logins') }} as by_email
        on by_email.system = '*' and coalesce(snapshots.email, snapshots.login) = by_email.login
    qualify row_number() over (
        partition by snapshots.source_id, snapshots.day, snapshots.account_key
        order by coalesce(snapshots.is_enabled, snapshots.status is null) desc, snapshots.record_key
    ) = 1
)

select
    * exclude (account_key, stated_kind),
    case
        when stated_kind = 'service' then 'service'
        when person_id is not null or stated_kind = 'human' then 'human'
    end as kind
from resolved
