{{ config(materialized='table') }}

-- The commits that a pull request holds: those listed that its head descends to. A list in which
-- every commit ever seen is counted by the platform needs no walk; one that saw a rewritten head
-- does. `is_base_merge`: two or more parents, one of them not of this pull request (so on the base).
with recursive listed as (
  select *
  from (
    select * exclude (numbers), unnest(numbers) as number
    from {{ ref('stg_github__pull_commit') }}
    where not is_duplicate and repository is not null
  )
  qualify row_number() over (
    partition by repository, number, commit_sha order by received_at, sequence, record_key
  ) = 1
),

pulls as (
  select repository, number, head_revision, commit_count from {{ ref('int_pull_requests') }}
),

totals as (
  select pulls.*, count(listed.commit_sha) as listed_count
  from pulls
  left join listed on pulls.repository = listed.repository and pulls.number = listed.number
  group by all
),

walked as (
  select totals.repository, totals.number, totals.head_revision as commit_sha
  from totals
  where totals.listed_count <> totals.commit_count and totals.listed_count > 0

  union

  select walked.repository, walked.number, unnest(listed.parents) as commit_sha
  from walked
  inner join listed
    on walked.repository = listed.repository
    and walked.number = listed.number
    and walked.commit_sha = listed.commit_sha
),

-- a head that is not listed (the list stops at the cap) says nothing about what was rewritten
reachable as (
  select distinct walked.repository, walked.number
  from walked
  inner join totals on walked.repository = totals.repository and walked.number = totals.number
  inner join listed
    on totals.repository = listed.repository
    and totals.number = listed.number
    and totals.head_revision = listed.commit_sha
),

held as (
  select listed.*
  from listed
  left join reachable
    on listed.repository = reachable.repository and listed.number = reachable.number
  left join walked
    on listed.repository = walked.repository
    and listed.number = walked.number
    and listed.commit_sha = walked.commit_sha
  where reachable.number is null or walked.commit_sha is not null
),

outside_parents as (
  select distinct children.repository, children.number, children.commit_sha
  from (
    select repository, number, commit_sha, unnest(parents) as parent
    from held
    where len(parents) > 1
  ) as children
  left join held
    on children.repository = held.repository
    and children.number = held.number
    and children.parent = held.commit_sha
  where held.commit_sha is null
)

select
  held.source_id,
  held.repository,
  held.number,
  held.commit_sha,
  held.parents,
  held.author_login,
  held.author_type,
  held.author_email,
  held.authored_at,
  held.committed_at,
  held.coauthor_emails,
  held.author_name_hash,
  held.message_hash,
  outside_parents.commit_sha is not null as is_base_merge,

  3004 as class_uid,
  3 as activity_id,
  300403 as type_uid,
  '1.8.0' as ocsf_version,
  held.event_day,
  held.record_key
from held
left join outside_parents
  on held.repository = outside_parents.repository
  and held.number = outside_parents.number
  and held.commit_sha = outside_parents.commit_sha
