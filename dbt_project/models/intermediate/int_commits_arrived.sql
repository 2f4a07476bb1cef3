{{ config(materialized='table') }}

-- Which movement first made a commit reachable from a protected branch. Every tip is walked down its
-- parents, never past an earlier tip (what lies under that was there before); a commit arrived with
-- the earliest tip that reaches it. Tips are numbered 2n for what movement n left behind and 2n-1
-- for what it says it found, where nobody reported how that got there: before the first movement
-- known, or after a break in the chain.
with recursive movements as (
  select updates.*
  from {{ ref('int_ref_updates') }} as updates
  where exists (
    select 1 from {{ ref('int_repositories') }} as repositories
    where updates.repository = repositories.repository
      and updates.branch = repositories.branch
  )
),

tips as (
  select repository, branch, commit_sha, min(ordinal) as ordinal
  from (
    select repository, branch, after_revision as commit_sha, 2 * position as ordinal
    from movements
    union all
    select repository, branch, before_revision, 2 * position - 1
    from movements
    where position = 1 or is_chain_break
  )
  where commit_sha is not null
  group by repository, branch, commit_sha
),

descents as (
  select repository, commit_sha, unnest(parents) as parent from {{ ref('int_commits') }}
),

walked as (
  select repository, branch, ordinal, commit_sha
  from tips

  union

  select walked.repository, walked.branch, walked.ordinal, descents.parent
  from walked
  inner join descents
    on walked.repository = descents.repository and walked.commit_sha = descents.commit_sha
  left join tips
    on descents.repository = tips.repository
    and walked.branch = tips.branch
    and descents.parent = tips.commit_sha
  where tips.ordinal is null or tips.ordinal > walked.ordinal
),

arrived as (
  select repository, branch, commit_sha, min(ordinal) as ordinal
  from walked
  group by repository, branch, commit_sha
)

select
  arrived.repository,
  arrived.branch,
  arrived.commit_sha,
  arrived.ordinal,
  movements.position,
  arrived.ordinal % 2 = 0 as is_reported,
  -- what was there before the first movement known arrived at no known time
  case
    when arrived.ordinal % 2 = 0 then movements.moved_at
    when movements.position = 1 then timestamp '1900-01-01'
    else cast(movements.previous_moved_on as timestamp)
  end as arrived_at,
  commits.commit_sha is not null as is_known
from arrived
inner join movements
  on arrived.repository = movements.repository
  and arrived.branch = movements.branch
  and (arrived.ordinal + 1) // 2 = movements.position
left join {{ ref('int_commits') }} as commits
  on arrived.repository = commits.repository and arrived.commit_sha = commits.commit_sha
