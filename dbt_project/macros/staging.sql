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

{#- The relation (columns receipt_id, object_sha256) with what its object was asked for, one row a
    record: `request` is the JSON context of the first request that was answered with it and
    `requests` all of them (identical bytes for two requests are one object), `request_url` the
    first address. -#}
{% macro with_request(relation) -%}
  select {{ relation }}.*, asked.request, asked.requests, asked.request_url
  from {{ relation }}
  left join (
    select
      receipt_id,
      object_sha256,
      min_by(context, page) as request,
      list(context order by page, url) as requests,
      min_by(url, page) as request_url
    from {{ ref('stg_request') }}
    group by receipt_id, object_sha256
  ) as asked using (receipt_id, object_sha256)
{%- endmacro %}

{#- The Bronze records of one stream that are still to be staged, with their receipt's sequence. -#}
{% macro bronze_records(kind, stream) -%}
  select records.*, receipts.sequence
  from {{ source('bronze', kind) }} as records
  inner join {{ source('ops', 'receipts') }} as receipts using (receipt_id)
  where records.stream = '{{ stream }}' and {{ staging_increment() }}
{%- endmacro %}
