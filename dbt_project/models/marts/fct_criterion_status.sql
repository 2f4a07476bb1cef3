-- Status of every criterion over the whole period of the run; `coverage(framework, first_day,
-- end_day)` in this database asks the same of any other.
{{ config(post_hook="{{ install_coverage() }}") }}

{{ coverage_sql(
  'criteria.framework',
  "(select period_start from " ~ source('ops', 'run') ~ ")",
  "(select as_of + 1 from " ~ source('ops', 'run') ~ ")"
) }}
