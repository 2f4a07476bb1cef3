{{ control_test_config('CHG-05') }}

-- No commit reached a protected branch outside a pull request.
with movements as (
  {{ chg_05_movements() }}
),

arrivals as (
  {{ chg_05_arrivals('movements') }}
),

descents as (
  select repository, commit_sha, unnest(parents) as parent
  from {{ ref('int_commits') }}
  where repository in (select repository from movements)
),

commits_judged as (
  {{ chg_05_commits('arrivals', 'descents') }}
),

commits as (
  {{ rule_on_absence('commits_judged') }}
),

rewrite as (
  {{ chg_05_rewrite('movements', 'arrivals', 'descents') }}
)

{{ settle('CHG-05', ['commits', 'rewrite'], lasting=['commits']) }}
