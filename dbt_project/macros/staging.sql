{#- Boolean: the record's receipt is not staged yet. Bronze shows the receipts that no successful
    build has seen; a build that failed half-way may have staged some of them. -#}
{% macro staging_increment() -%}
  {%- if is_incremental() -%}
    receipt_id not in (select staged.receipt_id from {{ this }} as staged)
  {%- else -%}
    true
  {%- endif -%}
{%- endmacro %}

{#- The relation with `is_duplicate` added: true for every later sighting of the same key, by
    (received_at, source_id, sequence, record_key). Nothing is dropped here, so that Bronze = staged + duplicates +
    rejected can be counted; readers take `where not is_duplicate`. -#}
{% macro dedupe(relation, key_columns) -%}
  select
    *,
    row_number() over (
      partition by {{ key_columns | join(', ') }} order by received_at, source_id, sequence, record_key
    ) > 1
    {%- if is_incremental() %}
    or exists (
      select 1 from {{ this }} as staged
      where not staged.is_duplicate
      {%- for column in key_columns %}
        and staged.{{ column }} is not distinct from {{ relation }}.{{ column }}
      {%- endfor %}
    )
    {%- endif %} as is_duplicate
  from {{ relation }}
{%- endmacro %}

{#- The frame of a staging model: `source` holds the Bronze records still to be staged, `renamed` one
    row for each of them with our names, and `dedupe` is the last statement. The contract (its YAML)
    says which columns come out.

    bronze_records: records of one stream of a kind, with their receipt's `sequence`.
    requested_records: the same, with what their object was asked for.
    file_records: the same for file drops, with what the listing says of the file.
    fields: a from_json structure; where given, `parsed` holds these fields of the record, NULL
    where one is missing or of another type. -#}
{% macro bronze_records(kind, stream=none, fields=none) -%}
  select
    records.*,
    {%- if fields %}
    from_json(records.record, '{{ fields }}') as parsed,
    {%- endif %}
    receipts.sequence
  from {{ source('bronze', kind) }} as records
  inner join {{ source('ops', 'receipts') }} as receipts using (receipt_id)
  where {{ staging_increment() }}
  {%- if stream %} and records.stream = '{{ stream }}'{% endif %}
{%- endmacro %}

{#- `request` is the JSON context of the first request that was answered with the record's object,
    `requests` all of them: identical bytes for two requests are one object. -#}
{% macro requested_records(kind, stream, fields=none) -%}
  select records.*, asked.request, asked.requests
  from ({{ bronze_records(kind, stream, fields) }}) as records
  left join (
    select
      receipt_id,
      object_sha256,
      min_by(context, page) as request,
      list(context order by page, url) as requests
    from {{ ref('stg_request') }}
    where receipt_id in (select fresh.receipt_id from {{ source('bronze', kind) }} as fresh)
    group by receipt_id, object_sha256
  ) as asked using (receipt_id, object_sha256)
{%- endmacro %}

{#- What the requests that an object answered asked for by one name of their context: a sorted list.
    For requested_records. -#}
{% macro asked_for(name) -%}
  list_sort(list_distinct(list_filter(
    list_transform(coalesce(requests, []), asking -> (asking ->> '$.{{ name }}')),
    asked -> asked is not null
  )))
{%- endmacro %}

{#- `asset_ids` are the assets whose files bear these bytes (one object may lie in two folders),
    `file_path` one path, `modified_at` the newest time of change. -#}
{% macro file_records(kind, stream, fields=none) -%}
  select records.*, coalesce(asked.asset_ids, []) as asset_ids, asked.file_path, asked.modified_at
  from ({{ bronze_records(kind, stream, fields) }}) as records
  left join (
    select
      receipt_id,
      object_sha256,
      list_sort(list_distinct(list(context ->> '$.asset_id') filter (
        where (context ->> '$.asset_id') is not null
      ))) as asset_ids,
      min(url) as file_path,
      max({{ instant("context ->> '$.modified_at'") }}) as modified_at
    from {{ ref('stg_request') }}
    where receipt_id in (select fresh.receipt_id from {{ source('bronze', kind) }} as fresh)
    group by receipt_id, object_sha256
  ) as asked using (receipt_id, object_sha256)
{%- endmacro %}

{#- Where a staged record came from: the first columns of every staging model. -#}
{% macro provenance() -%}
  source_id,
  receipt_id,
  sequence,
  record_key,
  received_at
{%- endmacro %}
