with source as (
  {{ requested_records('github_branch_protection', 'unprotected') }}
),

-- one answer in the same words for every branch that has no protection
renamed as (
  select
    {{ provenance() }},
    cast(received_at as date) as event_day,
    {{ asked_for('subject') }} as subjects,
    record ->> '$.message' as message,
    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'subjects', 'content_hash']) }}
