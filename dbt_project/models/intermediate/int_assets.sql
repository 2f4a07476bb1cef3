{{ config(materialized='table') }}

-- Assets by version received. The first version of an asset reaches back to 1900: a register may
-- speak for days before we first received it, and says so (is_stated_later).
with history as (
  {{ register_history('stg_register__asset') }}
),

versions as (
  select
    *,
    cast(received_from as date) as first_received_on,
    row_number() over each_asset = 1 as is_first_version,
    lead(cast(received_from as date)) over each_asset as next_received_on
  from history
  where asset_id is not null
  window each_asset as (partition by asset_id order by received_from, source_id, record_key)
),

dated as (
  select
    *,
    if(is_first_version, date '1900-01-01', first_received_on) as valid_from,
    coalesce(
      least(next_received_on, cast(received_to as date)) - 1, date '9999-12-31'
    ) as valid_to
  from versions
)

select
  asset_id,
  coalesce(entity, source_entity) as entity,
  type,
  name,
  native_id,
  owner,
  environment,
  criticality,
  data_class,
  os_name,
  os_version,
  {{ split_list('scanner_types') }} as scanner_types,
  case lower(in_scope)
    when 'true' then true when 'yes' then true when '1' then true
    when 'false' then false when 'no' then false when '0' then false
  end as is_in_scope,
  scope_reason,
  scope_approver,
  valid_from,
  valid_to,
  first_received_on,
  is_first_version as is_stated_later,
  record_key,
  first_receipt_id,
  last_receipt_id
from dated
where valid_from <= valid_to
