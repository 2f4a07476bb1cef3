{{ config(materialized='table') }}

-- Which branches of a repository are protected, and since when we know it: the source's option
-- `protected_branches`, else the default branch as stated (its first statement speaks for all
-- earlier days: nothing earlier is known). A repository that only git_log reads states no default
-- branch: main and master are taken for protected (project default).
with configured as (
  select
    source_id,
    entity,
    from_json(options, '{"protected_branches": ["VARCHAR"]}').protected_branches as branches
  from {{ source('ops', 'sources') }}
  where kind = 'github_pulls'
),

stated as (
  select source_id, repository, default_branch, created_at, received_at, sequence, record_key
  from {{ ref('stg_github__repository') }}
  where repository is not null and not is_duplicate

  union all

  select source_id, repository, default_branch, null, received_at, sequence, record_key
  from {{ ref('stg_github__pull_request') }}
  where repository is not null and default_branch is not null and not is_duplicate
),

changed as (
  select
    * exclude (created_at),
    min(created_at) over (partition by source_id, repository) as created_at
  from stated
  window by_time as (
    partition by source_id, repository order by received_at, sequence, record_key
  )
  qualify default_branch is distinct from lag(default_branch) over by_time
    or row_number() over by_time = 1
),

spans as (
  select
    source_id,
    repository,
    default_branch,
    created_at,
    if(
      row_number() over by_time = 1, date '1900-01-01', cast(received_at as date)
    ) as valid_from,
    coalesce(
      cast(lead(received_at) over by_time as date) - 1, date '9999-12-31'
    ) as valid_to
  from changed
  window by_time as (
    partition by source_id, repository order by received_at, sequence, record_key
  )
),

branches as (
  select
    spans.source_id,
    configured.entity,
    spans.repository,
    unnest(
      if(len(configured.branches) > 0, configured.branches, [spans.default_branch])
    ) as branch,
    cast(spans.created_at as date) as created_on,
    spans.valid_from,
    spans.valid_to
  from spans
  inner join configured on spans.source_id = configured.source_id
),

read_by_git as (
  select
    tips.source_id,
    sources.entity,
    tips.repository,
    tips.branch,
    min(tips.event_day) as created_on
  from {{ ref('stg_git__ref_tip') }} as tips
  inner join {{ source('ops', 'sources') }} as sources on tips.source_id = sources.source_id
  where tips.branch in ('main', 'master')
    and not tips.is_duplicate
    and tips.repository not in (select repository from branches)
  group by tips.source_id, sources.entity, tips.repository, tips.branch
),

protected as (
  select *, true as has_pull_requests from branches where branch is not null
  union all
  select *, date '1900-01-01', date '9999-12-31', false from read_by_git
)

select
  protected.source_id,
  systems.system,
  protected.entity,
  protected.repository,
  protected.branch,
  protected.has_pull_requests,
  protected.created_on,
  protected.valid_from,
  protected.valid_to
from protected
left join {{ ref('int_source_systems') }} as systems on protected.source_id = systems.source_id
