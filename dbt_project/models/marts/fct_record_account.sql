-- Where every Bronze record went: Bronze = staged + duplicates + rejected, per source and stream.
-- A stream without a staging model (lists that only help a collector) is not staged, and says so.
with bronze as (
  select
    source_id,
    kind,
    stream,
    sum(records) as records
  from {{ source('ops', 'receipt_streams') }}
  group by source_id, kind, stream
),

staged as (
  {%- for entry in staged_days() %}
  select
    source_id,
    '{{ entry.kind }}' as kind,
    '{{ entry.stream }}' as stream,
    count(*) filter (where not coalesce(is_rejected, false) and not coalesce(is_duplicate, false))
      as staged,
    count(*) filter (where is_duplicate and not coalesce(is_rejected, false)) as duplicates,
    count(*) filter (where is_rejected) as rejected
  from (
    select false as is_duplicate, false as is_rejected where false
    union all by name
    select * from {{ ref(entry.model) }}
  )
  group by source_id
  union all
  {%- endfor %}
  select
    requests.source_id,
    receipts.kind,
    'request' as stream,
    count(*) as staged,
    0 as duplicates,
    0 as rejected
  from {{ ref('stg_request') }} as requests
  inner join {{ source('ops', 'receipts') }} as receipts using (receipt_id)
  group by requests.source_id, receipts.kind
),

models as (
  select unnest([
    {%- for entry in staged_days() %}
    {'kind': '{{ entry.kind }}', 'stream': '{{ entry.stream }}'},
    {%- endfor %}
    {'kind': null, 'stream': 'request'}
  ], recursive := true)
)

select
  bronze.source_id,
  bronze.kind,
  bronze.stream,
  cast(bronze.records as bigint) as bronze,
  cast(coalesce(staged.staged, 0) as bigint) as staged,
  cast(coalesce(staged.duplicates, 0) as bigint) as duplicates,
  cast(coalesce(staged.rejected, 0) as bigint) as rejected,
  models.stream is not null as is_staged
from bronze
left join models
  on bronze.stream = models.stream and (models.kind is null or bronze.kind = models.kind)
left join staged
  on bronze.source_id = staged.source_id
  and bronze.kind = staged.kind
  and bronze.stream = staged.stream
