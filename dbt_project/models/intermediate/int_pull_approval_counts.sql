{{ config(materialized='table') }}

-- Who approved and who wrote each merged pull request, counted: what CHG-02 judges and CHG-01 reads.
with pulls as (
  select * from {{ ref('int_pull_requests') }} where is_merged
),

approvals as (
  select * from {{ ref('int_pull_approvals') }}
),

counted as (
  select
    repository,
    number,
    list(distinct person_id order by person_id) filter (where standing = 'counted') as approvers,
    count(*) filter (where standing = 'stale') as stale_count,
    count(*) filter (where standing = 'self') as self_count,
    count(*) filter (where standing = 'dismissed') as dismissed_count,
    count(*) filter (where standing = 'withdrawn') as withdrawn_count,
    string_agg(distinct left(revision, 7), ', ' order by left(revision, 7))
      filter (where standing = 'stale') as stale_revisions,
    list(record_key order by record_key) as approval_record_keys,
    list(dismissal_record_key order by dismissal_record_key)
      filter (where dismissal_record_key is not null) as dismissal_record_keys
  from approvals
  group by repository, number
),

-- people who would count under one reading of what is not known, and are not counted otherwise
open_approvals as (
  select
    approvals.repository,
    approvals.number,
    count(distinct coalesce(approvals.person_id, lower(approvals.reviewer_login), approvals.record_key))
      as open_count,
    min(
      case approvals.standing when 'unresolved_person' then 1 when 'null_field' then 2 else 3 end
    ) as open_rank,
    min(approvals.missing_field) as missing_field,
    min(approvals.dismissed_earliest) filter (where approvals.standing = 'bounded')
      as dismissed_earliest,
    max(approvals.dismissed_latest) filter (where approvals.standing = 'bounded')
      as dismissed_latest
  from approvals
  left join counted
    on approvals.repository = counted.repository and approvals.number = counted.number
  where approvals.standing in ('unresolved_person', 'null_field', 'bounded')
    and not coalesce(list_contains(counted.approvers, approvals.person_id), false)
  group by approvals.repository, approvals.number
),

authors as (
  select
    repository,
    number,
    list(distinct person_id order by person_id)
      filter (where not is_base_merge and person_id is not null) as authors,
    arg_min(person_id, role <> 'opener') filter (where role = 'opener') as opener_person_id,
    count(distinct identity)
      filter (where not is_base_merge and person_id is null and not is_bot and identity is not null)
      as unresolved_author_count,
    -- an author that nobody names may be anybody
    count(*) filter (
      where not is_base_merge and identity is null and role in ('opener', 'commit author')
    ) as unnamed_author_count,
    count(distinct identity) filter (where is_bot) as bot_author_count
  from {{ ref('int_pull_authors') }}
  group by repository, number
),

commits as (
  select
    repository,
    number,
    count(*) as held_count,
    list(commit_sha) as revisions,
    list(record_key order by record_key) as commit_record_keys,
    min(event_day) as first_commit_on
  from {{ ref('int_pull_commits') }}
  group by repository, number
),

reviews as (
  select repository, number, min(cast(submitted_at as date)) as first_review_on
  from {{ ref('int_reviews') }}
  group by repository, number
)

select
  pulls.source_id,
  pulls.system,
  pulls.entity,
  pulls.repository,
  pulls.number,
  pulls.base_branch,
  pulls.opened_at,
  pulls.merged_at,
  pulls.merged_on,
  pulls.merge_revision,
  pulls.head_revision,
  pulls.merged_by_login,
  pulls.merged_by_type,

  coalesce(counted.approvers, []) as approvers,
  coalesce(open_approvals.open_count, 0) as open_count,
  case open_approvals.open_rank
    when 1 then 'unresolved_person' when 2 then 'null_field' when 3 then 'bounded'
  end as open_code,
  case open_approvals.open_rank
    when 1 then 'the reviewer''s account does not resolve to one person'
    when 2 then open_approvals.missing_field
    when 3 then concat(
      'the review was dismissed between ', open_approvals.dismissed_earliest, ' and ',
      open_approvals.dismissed_latest, ', the merge was at ', pulls.merged_at,
      ': dismissed before the merge it does not count, after it it does'
    )
  end as open_reason,
  coalesce(counted.stale_count, 0) as stale_count,
  counted.stale_revisions,
  coalesce(counted.self_count, 0) as self_count,
  coalesce(counted.dismissed_count, 0) as dismissed_count,
  coalesce(counted.withdrawn_count, 0) as withdrawn_count,

  coalesce(authors.authors, []) as authors,
  authors.opener_person_id,
  coalesce(authors.unresolved_author_count, 0) as unresolved_author_count,
  coalesce(authors.unnamed_author_count, 0) as unnamed_author_count,
  coalesce(authors.bot_author_count, 0) as bot_author_count,
  coalesce(
    list_contains(commits.revisions, pulls.head_revision)
    and commits.held_count = coalesce(pulls.commit_count, commits.held_count)
    and (pulls.commit_count is not null or commits.held_count < 250),
    false
  ) as is_commit_list_complete,
  coalesce(commits.held_count, 0) as held_commit_count,
  pulls.commit_count,

  least(
    cast(pulls.opened_at as date), reviews.first_review_on, pulls.merged_on
  ) as first_day,
  least(
    cast(pulls.opened_at as date), reviews.first_review_on, commits.first_commit_on,
    pulls.merged_on
  ) as hangs_from,
  list_concat(
    [pulls.record_key], counted.approval_record_keys, counted.dismissal_record_keys,
    commits.commit_record_keys
  ) as record_keys
from pulls
left join counted on pulls.repository = counted.repository and pulls.number = counted.number
left join open_approvals
  on pulls.repository = open_approvals.repository and pulls.number = open_approvals.number
left join authors on pulls.repository = authors.repository and pulls.number = authors.number
left join commits on pulls.repository = commits.repository and pulls.number = commits.number
left join reviews on pulls.repository = reviews.repository and pulls.number = reviews.number
