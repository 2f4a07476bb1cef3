{#- One row a movement and commit that it brought. -#}
{% macro chg_05_arrivals(movements) -%}
select
  movements.*,
  arrived.commit_sha,
  arrived.is_reported,
  arrived.is_known,
  commits.author_email,
  commits.authored_at,
  commits.message_hash,
  commits.record_key as commit_record_key
from {{ movements }} as movements
inner join {{ ref('int_commits_arrived') }} as arrived
  on movements.repository = arrived.repository
  and movements.branch = arrived.branch
  and movements.position = arrived.position
  and (arrived.is_reported or movements.is_chain_break)
left join {{ ref('int_commits') }} as commits
  on arrived.repository = commits.repository and arrived.commit_sha = commits.commit_sha
{%- endmacro %}
