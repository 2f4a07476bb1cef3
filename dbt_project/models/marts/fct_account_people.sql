-- Which person each account belongs to, by which rule: one row a system and account, as last seen in a
-- listing; after those, logins that only events or changes name. What nobody could be found for, and
-- what two rules dispute, stands here like the rest: nobody is guessed. A view: nobody pays for it
-- but who asks.
{{ config(materialized='view') }}

with listed as (
  select
    source_id, lower(system) as system, account_id, login, email, kind, is_enabled, person_id,
    person_rule as rule,
    person_candidates as candidates,
    is_person_disputed as is_conflict,
    'accounts' as seen_in,
    day as last_seen_on,
    record_key
  from {{ ref('int_accounts') }}
  qualify row_number() over (
    partition by source_id, coalesce(account_id, login, record_key) order by day desc, record_key
  ) = 1
),

named as (
  select source_id, actor_login as login, false as is_bot, 'events' as seen_in,
    event_day as seen_on, record_key
  from {{ ref('int_access_events') }}
  where actor_type is null or lower(actor_type) like '%user%'
  union all
  select source_id, reviewer_login, {{ is_bot('reviewer_type', 'reviewer_login') }},
    'changes', cast(submitted_at as date), record_key
  from {{ ref('int_reviews') }}
  union all
  select source_id, actor_login, is_bot, 'changes', moved_on, record_key
  from {{ ref('int_ref_updates') }}
  union all
  select source_id, creator_login, {{ is_bot('null', 'creator_login') }}, 'changes', started_on,
    record_key
  from {{ ref('int_deployments') }}
  union all
  select source_id, author_login, {{ is_bot('author_type', 'author_login') }}, 'changes',
    cast(committed_at as date), record_key
  from {{ ref('int_commits') }}
),

-- what no listing holds
others as (
  select
    lower(systems.system) as system,
    lower(named.login) as login,
    min(named.source_id) as source_id,
    bool_or(named.is_bot) as is_bot,
    min(named.seen_in) as seen_in,
    max(named.seen_on) as last_seen_on,
    arg_max(named.record_key, (named.seen_on, named.record_key)) as record_key
  from named
  left join {{ ref('int_source_systems') }} as systems on named.source_id = systems.source_id
  anti join listed
    on lower(systems.system) = listed.system and lower(named.login) = listed.login
  where named.login is not null
  group by lower(systems.system), lower(named.login)
)

select
  source_id, system, account_id, login, email, kind, is_enabled, person_id, rule, candidates,
  is_conflict, seen_in, last_seen_on, record_key
from listed
union all
select
  others.source_id,
  others.system,
  null as account_id,
  others.login,
  null as email,
  case
    when others.is_bot then 'service'
    when by_login.person_id is not null or by_email.person_id is not null then 'human'
  end as kind,
  null as is_enabled,
  if(by_login.login is null, by_email.person_id, by_login.person_id) as person_id,
  coalesce(by_login.rule, by_email.rule) as rule,
  coalesce(by_login.persons, by_email.persons, []) as candidates,
  coalesce(by_login.is_conflict, by_email.is_conflict, false) as is_conflict,
  others.seen_in,
  others.last_seen_on,
  others.record_key
from others
left join {{ ref('int_person_logins') }} as by_login
  on others.system = by_login.system and others.login = by_login.login
left join {{ ref('int_person_logins') }} as by_email
  on by_email.system = '*' and others.login = by_email.login
