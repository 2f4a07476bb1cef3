{{ config(materialized='table') }}

-- Which person a login belongs to, by what is known of the login itself: the roster's logins, then
-- the work email (of system '*', or a login that is one), then links: those that somebody confirmed,
-- those that a system itself states, the addresses of an account's commits last. The first rule
-- that names anybody decides. A login of several people belongs to none, and so does one that
-- another rule gives to somebody else.
{%- set kinds = {
  'register': person_links__register,
  'github_pulls': person_links__github_pulls,
  'github_saml_identities': person_links__github_saml_identities,
} %}
{%- set columns = {
  'system': 'varchar', 'login': 'varchar', 'email': 'varchar', 'person_id': 'varchar',
  'rule': 'varchar',
} %}
{%- set rules = [
  'roster.logins', 'work_email', 'confirmed_link', 'saml_identity', 'commit_email'
] %}

with people as (
  select * from {{ ref('int_people') }}
),

stated as (
  select
    person_id,
    record_key,
    unnest(logins) as stated_login
  from people
),

links as (
  select
    source_id,
    lower(system) as system,
    lower(login) as login,
    lower(email) as email,
    person_id,
    rule,
    min_by(record_key, (received_at, record_key)) as record_key,
    min_by(receipt_id, (received_at, record_key)) as receipt_id
  from ({{ united(columns, kinds) }}) as frame
  where login is not null
  group by all
),

-- whoever the roster does not know is nobody
linked as (
  select
    coalesce(links.system, lower(systems.system)) as system,
    links.login,
    links.rule,
    coalesce(named.person_id, addressed.person_id) as person_id,
    links.record_key,
    links.receipt_id
  from links
  left join (select distinct person_id from people) as named on links.person_id = named.person_id
  left join (select distinct person_id, work_email from people) as addressed
    on links.person_id is null and links.email = addressed.work_email
  left join {{ ref('int_source_systems') }} as systems on links.source_id = systems.source_id
  where coalesce(named.person_id, addressed.person_id) is not null
),

candidates as (
  select
    split_part(stated_login, ':', 1) as system,
    substr(stated_login, strpos(stated_login, ':') + 1) as login,
    'roster.logins' as rule,
    person_id,
    record_key,
    cast(null as varchar) as receipt_id
  from stated
  where strpos(stated_login, ':') > 0
  union all
  select
    '*' as system,
    work_email as login,
    'work_email' as rule,
    person_id,
    record_key,
    null as receipt_id
  from people
  where work_email is not null
  union all
  select system, login, rule, person_id, record_key, receipt_id from linked
),

by_rule as (
  select
    system,
    login,
    rule,
    list_sort(list_distinct(list(person_id))) as persons,
    min(record_key) as record_key,
    list(receipt_id) filter (where receipt_id is not null) as receipt_ids
  from candidates
  group by system, login, rule
),

ruled as (
  select * from by_rule
  union all
  -- a login that is a work email, and that another rule speaks of too
  select named.system, named.login, addresses.rule, addresses.persons, addresses.record_key, null
  from (select distinct system, login from by_rule where system != '*') as named
  inner join by_rule as addresses on addresses.system = '*' and named.login = addresses.login
),

decided as (
  select
    system,
    login,
    list(
      {
        'rule': rule, 'persons': persons, 'record_key': record_key,
        'receipt_ids': coalesce(receipt_ids, [])
      }
      order by list_position({{ rules }}, rule)
    ) as found
  from ruled
  group by system, login
),

judged as (
  select
    *,
    list_sort(list_distinct(flatten(list_transform(found, lambda other: other.persons)))) as persons,
    -- a link that says what an earlier rule says changes nothing
    list_filter(
      found, lambda other: other.rule = found[1].rule or other.persons != found[1].persons
    ) as telling,
    len(found[1].persons) > 1
    or len(list_filter(
      found, lambda other: not list_contains(other.persons, found[1].persons[1])
    )) > 0 as is_conflict
  from decided
)

select
  system,
  login,
  if(is_conflict, null, found[1].persons[1]) as person_id,
  cast(if(is_conflict, len(persons), 1) as integer) as candidates,
  found[1].rule as rule,
  is_conflict,
  persons,
  list_sort(list_distinct(flatten(list_transform(telling, lambda other: other.receipt_ids))))
    as linked_by,
  found[1].record_key as record_key
from judged
