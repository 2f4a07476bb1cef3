{{ config(materialized='table') }}

-- Who wrote a pull request: its opener, the authors and co-authors of every commit in it, whoever
-- pushed its head; one row an account or address, resolved to a person. `is_base_merge` rows made
-- only merges of the base branch: they make nobody an author unless such a merge changed the diff.
with commits as (
  select * from {{ ref('int_pull_commits') }}
),

pulls as (
  select * from {{ ref('int_pull_requests') }} where is_merged
),

named as (
  select
    repository, number, 'opener' as role, opener_login as login, opener_type as account_type,
    cast(null as varchar) as email, false as is_base_merge, record_key
  from pulls

  union all

  select
    repository, number, 'commit author', author_login, author_type, author_email, is_base_merge,
    record_key
  from commits

  union all

  select
    repository, number, 'co-author', cast(null as varchar), cast(null as varchar),
    unnest(coauthor_emails), is_base_merge, record_key
  from commits

  union all

  select
    commits.repository, commits.number, 'pusher', updates.actor_login, updates.actor_type, null,
    commits.is_base_merge, updates.record_key
  from commits
  inner join pulls on commits.repository = pulls.repository and commits.number = pulls.number
  inner join {{ ref('int_ref_updates') }} as updates
    on commits.repository = updates.repository
    and commits.commit_sha = updates.after_revision
    and pulls.head_branch = updates.branch
  where updates.actor_login is not null
    and (updates.moved_at <= pulls.merged_at or updates.unclear_field = 'at')
),

-- the platform's private addresses name the account: 123+login@users.noreply.github.com
addressed as (
  select
    * replace (
      coalesce(
        lower(login), nullif(regexp_extract(email, '^(?:\d+\+)?([^@]+)@users\.noreply\.', 1), '')
      ) as login
    )
  from named
),

systems as (
  select repository, number, system from pulls
)

select
  addressed.repository,
  addressed.number,
  addressed.role,
  coalesce(addressed.login, addressed.email) as identity,
  {{ is_bot('addressed.account_type', 'addressed.login') }} as is_bot,
  case
    when logins.candidates > 1 then null
    else coalesce(logins.person_id, addresses.person_id)
  end as person_id,
  addressed.is_base_merge,
  addressed.record_key
from addressed
inner join systems
  on addressed.repository = systems.repository and addressed.number = systems.number
left join {{ ref('int_person_logins') }} as logins
  on lower(systems.system) = logins.system and addressed.login = logins.login
left join {{ ref('int_person_logins') }} as addresses
  on addresses.system = '*' and addressed.email = addresses.login
