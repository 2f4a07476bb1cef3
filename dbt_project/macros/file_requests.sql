{#- What a file drop's listing says of each object: the assets whose files bear these bytes (one
    object may lie in two folders), one path and the newest time of change. -#}
{% macro file_requests() -%}
  select
    receipt_id,
    object_sha256,
    list_sort(list_distinct(list(context ->> '$.asset_id') filter (
      where (context ->> '$.asset_id') is not null
    ))) as asset_ids,
    min(url) as file_path,
    max({{ earliest("context ->> '$.modified_at'") }}) as modified_at
  from {{ ref('stg_request') }}
  group by receipt_id, object_sha256
{%- endmacro %}
