{{ config(materialized='table') }}

-- Which person an account belongs to: by the roster's logins (system:login), else by work email
-- (system '*'). A login of several people belongs to none.
with stated as (
  select
    person_id,
    record_key,
    unnest(logins) as stated_login
  from {{ ref('int_people') }}
),

candidates as (
  select
    split_part(stated_login, ':', 1) as system,
    substr(stated_login, strpos(stated_login, ':') + 1) as login,
    'roster.logins' as rule,
    person_id,
    record_key
  from stated
  where strpos(stated_login, ':') > 0
  union all
  select
    '*' as system,
    work_email as login,
    'work_email' as rule,
    person_id,
    record_key
  from {{ ref('int_people') }}
  where work_email is not null
)

select
  system,
  login,
  if(count(distinct person_id) = 1, min(person_id), null) as person_id,
  cast(count(distinct person_id) as integer) as candidates,
  rule,
  min(record_key) as record_key
from candidates
group by system, login, rule
