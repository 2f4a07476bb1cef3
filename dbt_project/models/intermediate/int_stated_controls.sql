{{ config(materialized='table') }}

-- The organisation's stated controls, by version received and their own validity dates. Only the
-- first version of the register speaks for the days before it: a row that came later, edited or
-- new, speaks from its receipt, whatever its own dates say.
with history as (
  {{ register_history('stg_register__control') }}
),

versions as (
  select
    *,
    cast(received_from as date) as first_received_on,
    is_first
    and first_received_on = (
      select min(cast(received_from as date)) from history where control_id is not null
    )
    and row_number() over each_control = 1 as is_first_version,
    lead(cast(received_from as date)) over each_control as next_received_on
  from history
  where control_id is not null
  window each_control as (partition by control_id order by received_from, source_id, record_key)
),

dated as (
  select
    *,
    greatest(
      if(is_first_version, date '1900-01-01', first_received_on),
      {{ stated_day('valid_from') }}
    ) as in_force_from,
    coalesce(
      least(
        least(next_received_on, cast(received_to as date)) - 1,
        {{ stated_day('valid_to') }}
      ),
      date '9999-12-31'
    ) as in_force_to
  from versions
  -- a date that cannot be read leaves the control out of force, never in force for ever
  where
    (valid_from is null or {{ stated_day('valid_from') }} is not null)
    and (valid_to is null or {{ stated_day('valid_to') }} is not null)
)

select
  control_id,
  coalesce(entity, source_entity) as entity,
  statement,
  owner,
  frequency,
  {{ split_list('criteria') }} as criteria,
  {{ split_list('tests') }} as tests,
  {{ split_list('scope') }} as scope,
  in_force_from,
  in_force_to,
  first_received_on,
  in_force_from < first_received_on as is_stated_later,
  record_key,
  first_receipt_id,
  last_receipt_id
from dated
where in_force_from <= in_force_to
