{{ config(materialized='table') }}

-- Every review of a merged pull request that approved it, or may have, and how it stands at the
-- merge: `counted`, one of bot, late, dismissed, withdrawn, self, stale (never counts), or one of
-- null_field, bounded, unresolved_person (would count under one reading of what is not known).
with pulls as (
  select * from {{ ref('int_pull_requests') }} where is_merged
),

reviews as (
  select
    reviews.* exclude (system, entity, source_id),
    pulls.merged_at,
    pulls.head_revision,
    logins.person_id,
    {{ is_bot('reviews.reviewer_type', 'reviews.reviewer_login') }} as is_bot
  from {{ ref('int_reviews') }} as reviews
  inner join pulls on reviews.repository = pulls.repository and reviews.number = pulls.number
  left join {{ ref('int_person_logins') }} as logins
    on lower(pulls.system) = logins.system and lower(reviews.reviewer_login) = logins.login
),

objections as (
  select
    repository, number, coalesce(person_id, lower(reviewer_login)) as reviewer, original_state,
    submitted_at
  from reviews
  where (original_state is null or original_state = 'CHANGES_REQUESTED')
    and submitted_at <= merged_at
),

approvals as (
  select
    reviews.*,
    exists (
      select 1 from objections
      where reviews.repository = objections.repository
        and reviews.number = objections.number
        and objections.reviewer = coalesce(reviews.person_id, lower(reviews.reviewer_login))
        and objections.submitted_at > reviews.submitted_at
        and objections.original_state is not null
    ) as is_withdrawn,
    exists (
      select 1 from objections
      where reviews.repository = objections.repository
        and reviews.number = objections.number
        and objections.reviewer = coalesce(reviews.person_id, lower(reviews.reviewer_login))
        and objections.submitted_at > reviews.submitted_at
        and objections.original_state is null
    ) as may_be_withdrawn,
    exists (
      select 1 from {{ ref('int_pull_authors') }} as authors
      where reviews.repository = authors.repository
        and reviews.number = authors.number
        and reviews.person_id = authors.person_id
        and not authors.is_base_merge
    ) as is_author,
    exists (
      select 1 from {{ ref('int_pull_authors') }} as authors
      where reviews.repository = authors.repository
        and reviews.number = authors.number
        and reviews.person_id = authors.person_id
        and authors.is_base_merge
    ) as is_base_merger
  from reviews
  where reviews.original_state = 'APPROVED'
    or (reviews.original_state is null and reviews.is_dismissed)
),

-- when a dismissal can have happened, as an interval; both ends null where there was none
dated as (
  select
    *,
    case
      when is_dismissed then coalesce(
        dismissed_at, greatest(submitted_at, last_seen_standing_at), timestamp '1900-01-01'
      )
    end as dismissed_earliest,
    case
      when is_dismissed
        then coalesce(dismissed_at, first_seen_dismissed_at, timestamp '9999-12-31')
    end as dismissed_latest
  from approvals
)

select
  repository,
  number,
  review_id,
  reviewer_login,
  person_id,
  revision,
  submitted_at,
  case
    when is_bot then 'bot'
    when submitted_at > merged_at then 'late'
    when dismissed_latest <= merged_at then 'dismissed'
    when is_withdrawn then 'withdrawn'
    when is_author then 'self'
    when revision <> head_revision then 'stale'
    when submitted_at is null or merged_at is null or reviewer_login is null
      or revision is null or head_revision is null or original_state is null
      or may_be_withdrawn or is_base_merger then 'null_field'
    when dismissed_earliest <= merged_at then 'bounded'
    when person_id is null then 'unresolved_person'
    else 'counted'
  end as standing,
  case
    when submitted_at is null then 'change_events.review.submitted_at'
    when merged_at is null then 'change_events.pull_request.merged_at'
    when reviewer_login is null then 'change_events.review.reviewer'
    when revision is null then 'change_events.review.revision'
    when head_revision is null then 'change_events.pull_request.head_revision'
    when original_state is null or may_be_withdrawn
      then 'change_events.review.state before its dismissal'
    when is_base_merger
      then 'change_events.commit.diff_hash of a merge of the base branch that the reviewer made'
  end as missing_field,
  dismissed_earliest,
  dismissed_latest,
  is_dismissed,
  record_key,
  dismissal_record_key
from dated
