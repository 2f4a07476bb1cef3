{{ config(materialized='table') }}

-- Accounts as each day's newest snapshot shows them: one row an account and day. Of two accounts
-- that one snapshot tells in different ways, the enabled one stands; the day is a gap.
--
-- is_enabled: somebody can sign in; is_disabled: nobody can any more. An account may be neither; a
-- status that we do not know is NULL in both.
{%- set kinds = {
    'google_workspace_users': accounts__google_workspace_users,
    'aws_iam_credential_report': accounts__aws_iam_credential_report,
    'okta_users': accounts__okta_users,
    'entra_users': accounts__entra_users,
    'github_members': accounts__github_members,
    'gitlab_members': accounts__gitlab_members,
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
        case
            when by_login.login is null then coalesce(by_email.is_conflict, false)
            when by_email.login is null or by_login.is_conflict then by_login.is_conflict
            else not list_contains(by_email.persons, by_login.person_id)
        end as is_person_disputed,
        if(is_person_disputed, null, coalesce(by_login.person_id, by_email.person_id)) as person_id,
        case
            when coalesce(by_login.rule, '') != 'roster.logins' and by_email.login is not null
                then 'work_email'
            else by_login.rule
        end as person_rule,
        list_sort(list_distinct(list_concat(by_login.persons, by_email.persons)))
            as person_candidates
    from ({{ newest_snapshots(columns, kinds) }}) as snapshots
    -- who it belongs to, by its login and by its address: two that disagree name nobody
    left join {{ ref('int_person_logins') }} as by_login
        on by_login.system = lower(snapshots.system) and snapshots.login = by_login.login
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
