{{ config(materialized='table') }}

-- One row a pull request: its newest version. Its merge is an OCSF entity activation.
with versions as (
  select *
  from {{ ref('stg_github__pull_request') }}
  where not is_duplicate and repository is not null and number is not null
),

newest as (
  select *
  from versions
  qualify row_number() over (
    partition by repository, number
    order by updated_at desc nulls last, received_at desc, sequence desc, record_key desc
  ) = 1
)

select
  newest.source_id,
  systems.system,
  configured.entity,
  newest.repository,
  newest.number,

  newest.opener_login,
  newest.opener_type,
  newest.opened_at,
  newest.is_merged,
  newest.merged_at,
  -- a merge without its time is placed where the record was last seen to move
  cast(
    case
      when newest.is_merged then coalesce(
        newest.merged_at, newest.closed_at, newest.updated_at, newest.received_at
      )
    end as date
  ) as merged_on,
  newest.merged_by_login,
  newest.merged_by_type,
  newest.merge_revision,
  newest.base_branch,
  newest.base_revision,
  newest.head_branch,
  newest.head_revision,
  newest.commit_count,

  3004 as class_uid,
  if(newest.is_merged, 10, 3) as activity_id,
  if(newest.is_merged, 300410, 300403) as type_uid,
  '1.8.0' as ocsf_version,
  newest.received_at,
  newest.record_key
from newest
left join {{ ref('int_source_systems') }} as systems on newest.source_id = systems.source_id
left join {{ source('ops', 'sources') }} as configured on newest.source_id = configured.source_id
