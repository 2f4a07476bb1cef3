{{ config(materialized='table') }}

-- When and for what each waiver accepts an exception: from its approval and its receipt by us,
-- whichever is later, until it expires or leaves the register, approved by the owner of a stated
-- control in force that names the test. A waiver without approval, expiry or scope accepts nothing.
with history as (
  {{ register_history('stg_register__waiver') }}
),

named as (
  select
    *,
    split_part(history.test_id, '.', 1) as named_test,
    nullif(split_part(history.test_id, '.', 2), '') as named_leg,
    unnest({{ split_list('scope') }}) as scope_entry
  from history
  where waiver_id is not null
),

owners as (
  select distinct
    controls.owner,
    tests.test_id,
    tests.leg_id,
    controls.in_force_from,
    controls.in_force_to
  from {{ ref('int_stated_controls') }} as controls
  inner join {{ ref('int_stated_control_tests') }} as tests
    on controls.control_id = tests.control_id and controls.in_force_from = tests.in_force_from
),

accepted as (
  select
    named.*,
    greatest(
      named.received_from,
      {{ latest('named.approved_at') }},
      cast(owners.in_force_from as timestamp)
    ) as accepts_from,
    least(
      coalesce(named.received_to, timestamp '9999-12-31'),
      {{ earliest('named.expires_at') }},
      cast(owners.in_force_to as timestamp) + interval 1 day
    ) as accepts_to
  from named
  inner join owners
    on named.approver = owners.owner
    and named.named_test = owners.test_id
    and (owners.leg_id is null or named.named_leg is null or named.named_leg = owners.leg_id)
  where {{ latest('named.approved_at') }} is not null and {{ earliest('named.expires_at') }} is not null
)

select distinct
  waiver_id,
  named_test as test_id,
  named_leg as leg_id,
  if(strpos(scope_entry, '=') > 0, split_part(scope_entry, '=', 1), null) as scope_attribute,
  if(strpos(scope_entry, '=') > 0, substr(scope_entry, strpos(scope_entry, '=') + 1), scope_entry)
    as scope_value,
  accepts_from,
  accepts_to,
  owner,
  approver,
  reason,
  compensating_control,
  record_key
from accepted
where accepts_from < accepts_to
