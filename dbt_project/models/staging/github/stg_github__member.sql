with source as (
  {{ requested_records('github_members', 'member', '
    {"id": "VARCHAR", "login": "VARCHAR", "type": "VARCHAR"}
  ') }}
),

renamed as (
  select
    {{ provenance() }},
    cast(received_at as date) as event_day,

    {{ asked_for('list') }} as lists,
    parsed.id as account_id,
    coalesce(parsed.id, record_key) as account_key,
    lower(parsed.login) as login,
    parsed.type as account_type,

    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'lists', 'account_key', 'content_hash']) }}
