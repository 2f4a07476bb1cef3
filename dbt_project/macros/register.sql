{#- One register's Bronze rows, its columns by our names: `options.columns` of the source maps
    our name to the header in the file. Blank cells are NULL. `content` is all that the row says,
    by which its versions are told apart. An identical row in the same file is a duplicate. -#}
{% macro register_rows(stream, fields) -%}
with source as (
  {{ bronze_records('register', stream) }}
),

configured as (
  select
    source.*,
    sources.options -> 'columns' as columns,
    sources.entity as source_entity
  from source
  left join {{ source('ops', 'sources') }} as sources using (source_id)
),

renamed as (
  select
    source_id,
    receipt_id,
    sequence,
    object_sha256,
    record_key,
    received_at,
    source_entity,
    {%- for field in fields %}
    nullif(trim(record ->> concat('$."', coalesce(columns ->> '{{ field }}', '{{ field }}'), '"')), '')
      as {{ field }},
    {%- endfor %}
    cast(record as varchar) as content
  from configured
)

select
  *,
  row_number() over (
    partition by source_id, receipt_id, object_sha256, content order by record_key
  ) > 1 as is_duplicate
from renamed
{%- endmacro %}

{#- The versions of a register's rows. A row lives from the first receipt of its file that holds it
    to the first later receipt of that file that does not: received_from, received_to (NULL: still
    there), first_receipt_id, last_receipt_id (NULL: still there), is_first (in the file's first
    receipt). A receipt that brought nothing (unchanged listing) is no version. -#}
{% macro register_history(model) -%}
with files as (
  select receipts.source_id, receipts.receipt_id, asked.object_sha256, asked.url as file
  from {{ ref('stg_request') }} as asked
  inner join {{ source('ops', 'receipts') }} as receipts using (receipt_id)
  where receipts.kind = 'register' and asked.shape != 'manifest'
),

snapshots as (
  select
    files.source_id,
    files.file,
    files.receipt_id,
    receipts.received_at,
    row_number() over (partition by files.source_id, files.file order by receipts.sequence)
      as snapshot_no
  from (select distinct source_id, file, receipt_id from files) as files
  inner join {{ source('ops', 'receipts') }} as receipts using (receipt_id)
),

sightings as (
  select
    rows_.* exclude (receipt_id, sequence, received_at, object_sha256, is_duplicate),
    snapshots.file,
    snapshots.snapshot_no,
    snapshots.snapshot_no - row_number() over (
      partition by rows_.source_id, snapshots.file, rows_.content order by snapshots.snapshot_no
    ) as life_no
  from {{ ref(model) }} as rows_
  inner join files
    on rows_.receipt_id = files.receipt_id and rows_.object_sha256 = files.object_sha256
  inner join snapshots
    on files.source_id = snapshots.source_id
    and files.file = snapshots.file
    and files.receipt_id = snapshots.receipt_id
  where not rows_.is_duplicate
),

lives as (
  select
    sightings.* exclude (record_key, snapshot_no),
    min_by(sightings.record_key, sightings.snapshot_no) as record_key,
    min(sightings.snapshot_no) as first_no,
    max(sightings.snapshot_no) as last_no
  from sightings
  group by all
)

select
  lives.* exclude (first_no, last_no, life_no),
  first_seen.received_at as received_from,
  first_seen.receipt_id as first_receipt_id,
  missed.received_at as received_to,
  missed.receipt_id as last_receipt_id,
  lives.first_no = 1 as is_first
from lives
inner join snapshots as first_seen
  on lives.source_id = first_seen.source_id
  and lives.file = first_seen.file
  and lives.first_no = first_seen.snapshot_no
left join snapshots as missed
  on lives.source_id = missed.source_id
  and lives.file = missed.file
  and lives.last_no + 1 = missed.snapshot_no
{%- endmacro %}

{#- A `;`-separated cell as a list of trimmed, non-empty texts. -#}
{% macro split_list(column) -%}
  list_filter(
    list_transform(string_split(coalesce({{ column }}, ''), ';'), lambda item: trim(item)),
    lambda item: item != ''
  )
{%- endmacro %}

{#- Whether a row of register_history appeared or went in a receipt that no build has seen. -#}
{% macro is_new_version() -%}
  (
    first_receipt_id in (select receipt_id from new_receipts)
    or last_receipt_id in (select receipt_id from new_receipts)
  )
{%- endmacro %}

{#- Whether a stated day, or its change, counts for days before the receipt that changed it. A start
    that is not stated counts for ever, and a day that cannot be read may count for any. -#}
{% macro is_past_effective(field, side, received) -%}
  {%- set is_start = field in ('start_at', 'valid_from') -%}
  if(
    {{ side }}.{{ field }} is null,
    {{ 'true' if is_start else 'false' }},
    coalesce({{ earliest(side ~ '.' ~ field) }} < {{ received }}, true)
  )
{%- endmacro %}

{#- Edits of a register: a version that went in the receipt in which another of the same row came,
    paired in order where a row id has several (a person's spells), field by field. A row that went
    and left none behind is one edit, `removed`; one that came without a predecessor is `added`,
    where it speaks for days before (since: the field that says from when; 'never': from its receipt
    alone). A date is past-effective when it lies before the receipt that changed it; every other
    field speaks for the past from the start. -#}
{% macro register_edits(relation, register, id, fields, order_by='record_key', since=none) -%}
  select
    '{{ register }}' as register,
    coalesce(gone.{{ id }}, came.{{ id }}) as row_id,
    coalesce(gone.received_from, came.received_from) as first_received_at,
    coalesce(gone.received_to, came.received_from) as changed_at,
    list_filter([gone.record_key, came.record_key], lambda key: key is not null) as record_keys,
    unnest([
      {
        'field': if(came.record_key is null, 'removed', 'added'),
        'value_before': if(came.record_key is null, 'listed', null),
        'value_after': if(
          came.record_key is null,
          null,
          {% if since in (none, 'never') %}'listed'{% else -%}
          concat('from ', coalesce(came.{{ since }}, 'no date'))
          {%- endif %}
        ),
        'is_past': came.record_key is null
          {%- if since is none %}
          or gone.record_key is null
          {%- elif since != 'never' %}
          or (
            gone.record_key is null and {{ is_past_effective(since, 'came', 'came.received_from') }}
          )
          {%- endif %}
      },
      {%- for field in fields %}
      {
        'field': '{{ field }}',
        'value_before': gone.{{ field }},
        'value_after': came.{{ field }},
        'is_past': gone.record_key is not null and came.record_key is not null
          {%- if field.endswith('_at') or field.startswith('valid_') %}
          and (
            {{ is_past_effective(field, 'gone', 'gone.received_to') }}
            or {{ is_past_effective(field, 'came', 'gone.received_to') }}
          )
          {%- endif %}
      }{{ ',' if not loop.last }}
      {%- endfor %}
    ]) as edit
  from (
    select
      *,
      row_number() over (
        partition by source_id, file, {{ id }}, last_receipt_id order by {{ order_by }}
      ) as edit_no
    from {{ relation }}
    where last_receipt_id is not null and {{ id }} is not null
  ) as gone
  full join (
    select
      *,
      row_number() over (
        partition by source_id, file, {{ id }}, first_receipt_id order by {{ order_by }}
      ) as edit_no
    from (
      select
        *,
        is_first and cast(received_from as date) = (
          select min(cast(received_from as date)) from {{ relation }}
        ) as is_in_first_version
      from {{ relation }}
    ) as versions
    where not is_in_first_version and {{ id }} is not null
  ) as came
    on gone.source_id = came.source_id
    and gone.file = came.file
    and gone.{{ id }} = came.{{ id }}
    and gone.last_receipt_id = came.first_receipt_id
    and gone.edit_no = came.edit_no
{%- endmacro %}
