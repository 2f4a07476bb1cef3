{{ config(materialized='table') }}

-- How a successful production deployment stands to the one before it, along first parents. From the
-- new revision down to the first commit that arrived on the branch before the earlier revision did,
-- or to that revision itself; then from the earlier revision down to this commit. Where both meet,
-- the commits above are what is new: `forward`, `back` (nothing new), `same`; `first` (no earlier
-- deployment known) and `unknown` (no path among the commits known) are not judged.
with recursive deployments as (
  select * from {{ ref('int_deployments') }}
  where is_success and is_production and revision is not null
),

arrivals as (
  select repository, commit_sha, min(arrived_at) as arrived_at
  from {{ ref('int_commits_arrived') }}
  group by repository, commit_sha
),

steps as (
  select commits.repository, commits.commit_sha, commits.first_parent, arrivals.arrived_at
  from {{ ref('int_commits') }} as commits
  left join arrivals
    on commits.repository = arrivals.repository and commits.commit_sha = arrivals.commit_sha
),

searches as (
  select
    deployments.repository,
    deployments.deployment_id,
    deployments.revision,
    deployments.previous_revision,
    arrivals.arrived_at as previous_arrived_at
  from deployments
  inner join arrivals
    on deployments.repository = arrivals.repository
    and deployments.previous_revision = arrivals.commit_sha
  where deployments.revision <> deployments.previous_revision
),

newer as (
  select
    searches.*,
    searches.revision as commit_sha,
    1 as depth,
    searches.revision = searches.previous_revision
    or coalesce(arrivals.arrived_at < searches.previous_arrived_at, false) as is_end
  from searches
  left join arrivals
    on searches.repository = arrivals.repository and searches.revision = arrivals.commit_sha

  union

  select
    newer.* exclude (commit_sha, depth, is_end),
    steps.first_parent as commit_sha,
    newer.depth + 1 as depth,
    steps.first_parent = newer.previous_revision
    or coalesce(arrivals.arrived_at < newer.previous_arrived_at, false) as is_end
  from newer
  inner join steps
    on newer.repository = steps.repository and newer.commit_sha = steps.commit_sha
  left join arrivals
    on newer.repository = arrivals.repository and steps.first_parent = arrivals.commit_sha
  where not newer.is_end and steps.first_parent is not null
),

ends as (
  select
    newer.repository,
    newer.deployment_id,
    newer.previous_revision,
    newer.commit_sha as meeting_revision,
    arrivals.arrived_at as meeting_arrived_at
  from newer
  left join arrivals
    on newer.repository = arrivals.repository and newer.commit_sha = arrivals.commit_sha
  where newer.is_end
),

older as (
  select ends.*, ends.previous_revision as commit_sha
  from ends

  union

  select older.* exclude (commit_sha), steps.first_parent as commit_sha
  from older
  inner join steps
    on older.repository = steps.repository and older.commit_sha = steps.commit_sha
  left join arrivals
    on older.repository = arrivals.repository and steps.first_parent = arrivals.commit_sha
  where older.commit_sha <> older.meeting_revision
    and steps.first_parent is not null
    and coalesce(arrivals.arrived_at >= older.meeting_arrived_at, true)
),

met as (
  select repository, deployment_id, meeting_revision
  from older
  where commit_sha = meeting_revision
),

paths as (
  select
    met.repository,
    met.deployment_id,
    coalesce(
      list(newer.commit_sha order by newer.depth)
        filter (where newer.commit_sha <> met.meeting_revision),
      []
    ) as new_revisions
  from met
  inner join newer
    on met.repository = newer.repository and met.deployment_id = newer.deployment_id
  group by met.repository, met.deployment_id
)

select
  deployments.repository,
  deployments.deployment_id,
  case
    when deployments.previous_deployment_id is null then 'first'
    when deployments.previous_revision = deployments.revision then 'same'
    when paths.deployment_id is null then 'unknown'
    when len(paths.new_revisions) = 0 then 'back'
    else 'forward'
  end as relation,
  coalesce(paths.new_revisions, []) as new_revisions
from deployments
left join paths
  on deployments.repository = paths.repository and deployments.deployment_id = paths.deployment_id
