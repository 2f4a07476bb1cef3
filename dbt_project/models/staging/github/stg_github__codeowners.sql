with source as (
  {{ requested_records('github_branch_protection', 'codeowners', '
    {"errors": [{"line": "INTEGER", "kind": "VARCHAR", "path": "VARCHAR"}]}
  ') }}
),

-- CODEOWNERS files without error answer alike
renamed as (
  select
    {{ provenance() }},
    cast(received_at as date) as event_day,
    {{ asked_for('repository') }} as repositories,
    cast(len(parsed.errors) as integer) as error_count,
    list_sort(list_distinct(list_transform(parsed.errors, lambda error: error.kind))) as error_kinds,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'repositories', 'content_hash']) }}
