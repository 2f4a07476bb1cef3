{{ config(materialized='table') }}

-- The pull requests that each production deployment is the first of its environment to contain: those
-- whose merge lies on the new path, and those merged into the head of one of these.
with contained as (
  select repository, deployment_id, unnest(new_revisions) as revision
  from {{ ref('int_deployments_compared') }}
),

merged as (
  select repository, number, merge_revision
  from {{ ref('int_pull_requests') }}
  where is_merged and merge_revision is not null
),

direct as (
  select contained.repository, contained.deployment_id, merged.number
  from contained
  inner join merged
    on contained.repository = merged.repository and contained.revision = merged.merge_revision
),

nested as (
  select direct.repository, direct.deployment_id, merged.number
  from direct
  inner join {{ ref('int_pull_commits') }} as commits
    on direct.repository = commits.repository and direct.number = commits.number
  inner join merged
    on commits.repository = merged.repository and commits.commit_sha = merged.merge_revision
),

brought as (
  select * from direct
  union
  select * from nested
)

select brought.repository, brought.deployment_id, brought.number
from brought
inner join {{ ref('int_deployments') }} as deployments
  on brought.repository = deployments.repository
  and brought.deployment_id = deployments.deployment_id
qualify row_number() over (
  partition by brought.repository, deployments.environment, brought.number
  order by deployments.started_at, brought.deployment_id
) = 1
