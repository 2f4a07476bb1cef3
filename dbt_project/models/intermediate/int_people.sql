{{ config(materialized='table') }}

-- One row per employment spell, from the newest receipt that lists the person: somebody who
-- disappears from the roster without an end still explains the past.
with history as (
  {{ register_history('stg_register__roster') }}
),

spells as (
  select
    *,
    min(received_from) over (partition by person_id, start_at) as first_received_at,
    coalesce(received_to, timestamp '9999-12-31') as listed_until
  from history
  where person_id is not null
),

newest as (
  select *
  from spells
  qualify
    listed_until = max(listed_until) over (partition by person_id)
    and row_number() over (
      partition by person_id, start_at order by listed_until desc, received_from desc, record_key
    ) = 1
)

select
  person_id,
  coalesce(entity, source_entity) as entity,
  lower(work_email) as work_email,
  name,
  employer,
  vendor_id,
  manager_id,
  role,
  country,
  start_at as spell_start,
  {{ earliest('start_at') }} as start_earliest,
  {{ latest('start_at') }} as start_latest,
  {{ earliest('end_at') }} as end_earliest,
  {{ latest('end_at') }} as end_latest,
  end_at as end_stated,
  {{ split_list('lower(logins)') }} as logins,
  cast(first_received_at as date) as first_received_on,
  coalesce({{ earliest('start_at') }} < first_received_at, true) as is_stated_later,
  record_key
from newest
