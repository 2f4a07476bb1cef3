-- The ledger streams that each leg needs, and whether any configured source feeds them. The
-- ledger itself (extraction_manifest) is always there.
select distinct
  fields.test_id,
  fields.leg_id,
  fields.stream,
  fields.stream in (select streams.stream from {{ source('ops', 'source_streams') }} as streams)
    as is_configured
from {{ ref('leg_field') }} as fields
where fields.is_required and fields.stream != 'extraction_manifest'
