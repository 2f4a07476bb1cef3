{{ config(materialized='table') }}

-- The system that each configured source belongs to: the one that its configuration names, else
-- the one whose native_id is the tenant that its newest receipt names, else the source itself.
with newest as (
  select
    source_id,
    max_by(tenant, sequence) as tenant
  from {{ source('ops', 'receipts') }}
  where tenant is not null
  group by source_id
),

systems as (
  select
    native_id,
    min(asset_id) as asset_id
  from {{ ref('int_assets') }}
  where type = 'system' and valid_to = date '9999-12-31' and native_id is not null
  group by native_id
)

select
  sources.source_id,
  sources.kind,
  coalesce(sources.system, systems.asset_id, sources.source_id) as system
from {{ source('ops', 'sources') }} as sources
left join newest using (source_id)
left join systems on newest.tenant = systems.native_id
