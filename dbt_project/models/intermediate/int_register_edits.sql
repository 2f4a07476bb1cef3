-- RETROACTIVE_EDIT: a register row whose past-effective field changed after we first received it, or
-- a control that was stated later for days before. Shown, never hidden; approvals still count from
-- when we first received them.
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

controls_added as (
  select *
  from (
    select
      *,
      is_first and cast(received_from as date) = min(cast(received_from as date)) over ()
        as is_in_first_version
    from controls
    where control_id is not null
    qualify row_number() over (
      partition by control_id order by received_from, source_id, record_key
    ) = 1
  ) as first_versions
  where
    not is_in_first_version
    and coalesce(
      cast({{ earliest('valid_from') }} as date) < cast(received_from as date), true
    )
),

edits as (
  {{ register_edits('roster', 'roster', 'person_id',
                    ['start_at', 'end_at', 'vendor_id', 'logins'], 'start_at, record_key') }}
  union all
  {{ register_edits('waivers', 'waivers', 'waiver_id',
                    ['approved_at', 'expires_at', 'test_id', 'scope']) }}
  union all
  {{ register_edits('controls', 'controls', 'control_id',
                    ['valid_from', 'valid_to', 'criteria', 'tests', 'scope']) }}
  union all
  {{ register_edits('assets', 'assets', 'asset_id',
                    ['type', 'native_id', 'criticality', 'scanner_types', 'in_scope']) }}
  union all
  select
    'controls' as register,
    control_id as row_id,
    received_from as first_received_at,
    received_from as changed_at,
    [record_key] as record_keys,
    {
      'field': 'added', 'value_before': cast(null as varchar),
      'value_after': concat('in force from ', coalesce(valid_from, 'no date')), 'is_past': true
    } as edit
  from controls_added
)

select
  register,
  row_id,
  edit.field as field,
  edit.value_before as value_before,
  edit.value_after as value_after,
  first_received_at,
  changed_at,
  record_keys
from edits
where edit.is_past and edit.value_before is distinct from edit.value_after
