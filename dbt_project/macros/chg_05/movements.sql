{#- The population of both legs: one row a movement of a protected branch, with who made it. -#}
{% macro chg_05_movements() -%}
select
  updates.*,
  days.first_day,
  assets.asset_id,
  assets.is_in_scope,
  assets.record_key as asset_record_key,
  -- the system that would list the repository's pull requests: none where only git is read
  coalesce(pull_systems.system, updates.system) as pull_system,
  coalesce(updates.update_kind in ('pr_merge', 'merge_queue_merge'), false) as is_merge,
  logins.person_id,
  people.vendor_id
from {{ ref('int_ref_updates') }} as updates
inner join {{ ref('int_judged_days') }} as days
  on updates.moved_on between days.first_day and days.last_day
left join {{ ref('int_repository_assets') }} as assets
  on lower(updates.repository) = assets.repository
  and updates.moved_on between assets.valid_from and assets.valid_to
left join (
  select repository, min(system) as system
  from {{ ref('int_repositories') }}
  where has_pull_requests
  group by repository
) as pull_systems on updates.repository = pull_systems.repository
left join {{ ref('int_person_logins') }} as logins
  on lower(updates.system) = logins.system and lower(updates.actor_login) = logins.login
asof left join {{ ref('int_people') }} as people
  on logins.person_id = people.person_id and updates.moved_at >= people.start_earliest
where {{ is_affected('CHG-05', 'updates.moved_on') }}
  and exists (
    select 1 from {{ ref('int_repositories') }} as branches
    where updates.repository = branches.repository
      and updates.branch = branches.branch
      and updates.moved_on between branches.valid_from and branches.valid_to
  )
{%- endmacro %}
