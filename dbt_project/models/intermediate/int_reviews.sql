{{ config(materialized='table') }}

-- One row a review, with every state seen of it: a dismissal overwrites the state, so what it was
-- before comes from an earlier version or from the timeline, and is null where neither says.
with versions as (
  select *
  from {{ ref('stg_github__review') }}
  where not is_duplicate and repository is not null and number is not null
),

dismissals as (
  select
    repository,
    number,
    review_id,
    min(dismissed_at) as dismissed_at,
    arg_min(dismissed_state, dismissed_at) as dismissed_state,
    arg_min(actor_login, dismissed_at) as dismissed_by_login,
    arg_min(record_key, dismissed_at) as dismissal_record_key
  from {{ ref('stg_github__timeline') }}
  where not is_duplicate and event = 'review_dismissed'
  group by repository, number, review_id
),

reviews as (
  select
    arg_min(source_id, (received_at, sequence, record_key)) as source_id,
    repository,
    number,
    review_id,
    -- a review without id is a row of its own
    if(review_id is null, record_key, null) as anonymous_key,
    arg_max(reviewer_login, (received_at, sequence, record_key)) as reviewer_login,
    arg_max(reviewer_type, (received_at, sequence, record_key)) as reviewer_type,
    min(submitted_at) as submitted_at,
    arg_max(revision, (received_at, sequence, record_key)) as revision,
    arg_max(state, (received_at, sequence, record_key)) filter (where state <> 'DISMISSED')
      as state_seen,
    coalesce(bool_or(state = 'DISMISSED'), false) as is_dismissed,
    min(received_at) filter (where state = 'DISMISSED') as first_seen_dismissed_at,
    max(received_at) filter (where state <> 'DISMISSED') as last_seen_standing_at,
    count(*) as versions_seen,
    arg_max(record_key, (received_at, sequence, record_key)) as record_key
  from versions
  group by repository, number, review_id, anonymous_key
)

select
  reviews.source_id,
  systems.system,
  configured.entity,
  reviews.repository,
  reviews.number,
  reviews.review_id,

  reviews.reviewer_login,
  reviews.reviewer_type,
  reviews.submitted_at,
  reviews.revision,
  coalesce(reviews.state_seen, dismissals.dismissed_state) as original_state,
  reviews.is_dismissed or dismissals.review_id is not null as is_dismissed,
  dismissals.dismissed_at,
  reviews.first_seen_dismissed_at,
  reviews.last_seen_standing_at,
  dismissals.dismissed_by_login,
  reviews.versions_seen,

  3004 as class_uid,
  3 as activity_id,
  300403 as type_uid,
  '1.8.0' as ocsf_version,
  reviews.record_key,
  dismissals.dismissal_record_key
from reviews
left join dismissals
  on reviews.repository = dismissals.repository
  and reviews.number = dismissals.number
  and reviews.review_id = dismissals.review_id
left join {{ ref('int_source_systems') }} as systems on reviews.source_id = systems.source_id
left join {{ source('ops', 'sources') }} as configured on reviews.source_id = configured.source_id
