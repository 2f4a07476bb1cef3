-- RETROACTIVE_EDIT: a register row whose past-effective field changed after we first received it, that
-- was taken out, or that was added later for days before. Of every register the fields that a leg or
-- a control reads. Shown, never hidden; controls and approvals still count from when we first
-- received them. A view: nobody pays for it but who asks.
{{ config(materialized='view') }}

with roster as (
  {{ register_history('stg_register__roster') }}
),

waivers as (
  {{ register_history('stg_register__waiver') }}
),

controls as (
  {{ register_history('stg_register__control') }}
),

assets as (
  {{ register_history('stg_register__asset') }}
),

edits as (
  {{ register_edits('roster', 'roster', 'person_id', [
    'entity', 'work_email', 'name', 'employer', 'vendor_id', 'logins', 'start_at', 'end_at'
  ], order_by='start_at, record_key', since='start_at') }}
  union all
  {{ register_edits('waivers', 'waivers', 'waiver_id', [
    'test_id', 'scope', 'approver', 'approved_at', 'expires_at'
  ], since='never') }}
  union all
  {{ register_edits('controls', 'controls', 'control_id', [
    'statement', 'owner', 'criteria', 'tests', 'scope', 'valid_from', 'valid_to'
  ], since='valid_from') }}
  union all
  {{ register_edits('assets', 'assets', 'asset_id', [
    'entity', 'type', 'name', 'native_id', 'criticality', 'scanner_types', 'in_scope'
  ]) }}
)

select
  register,
  row_id,
  if(register = 'roster', row_id, null) as person_id,
  edit.field as field,
  edit.value_before as value_before,
  edit.value_after as value_after,
  first_received_at,
  changed_at,
  record_keys
from edits
where edit.is_past and edit.value_before is distinct from edit.value_after
