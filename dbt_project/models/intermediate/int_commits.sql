{{ config(materialized='table') }}

-- One row a commit of a repository, wherever it was listed: on a branch, in a pull request, in git.
with listed as (
  select
    1 as preference, source_id, repository, commit_sha, parents, author_login, author_type,
    author_email, authored_at, committer_login, committed_at, coauthor_emails, author_name_hash,
    message_hash, cast(null as varchar[]) as paths, received_at, record_key
  from {{ ref('stg_github__branch_commit') }}
  where not is_duplicate and repository is not null and commit_sha is not null

  union all

  select
    2 as preference, source_id, repository, commit_sha, parents, author_login, author_type,
    author_email, authored_at, committer_login, committed_at, coauthor_emails, author_name_hash,
    message_hash, cast(null as varchar[]) as paths, received_at, record_key
  from {{ ref('stg_github__pull_commit') }}
  where not is_duplicate and repository is not null and commit_sha is not null

  union all

  select
    3 as preference, source_id, repository, commit_sha, parents, cast(null as varchar),
    cast(null as varchar), author_email, authored_at, cast(null as varchar), committed_at,
    coauthor_emails, cast(null as varchar), cast(null as varchar), cast(null as varchar[]),
    received_at, record_key
  from {{ ref('stg_git__commit') }}
  where not is_duplicate and repository is not null and commit_sha is not null
),

chosen as (
  select *
  from listed
  qualify row_number() over (
    partition by repository, commit_sha
    -- a listing with parents says more than one without
    order by parents is null, preference, received_at, record_key
  ) = 1
)

select
  source_id,
  repository,
  commit_sha,
  parents,
  parents[1] as first_parent,
  author_login,
  author_type,
  author_email,
  authored_at,
  committer_login,
  committed_at,
  coauthor_emails,
  author_name_hash,
  message_hash,
  paths,
  record_key
from chosen
