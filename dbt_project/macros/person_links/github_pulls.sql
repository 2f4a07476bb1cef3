{#- Addresses of the commits that GitHub itself ties to an account. A machine's commits bear anybody's
    address. -#}
{% macro person_links__github_pulls() -%}
{%- for model in ['stg_github__branch_commit', 'stg_github__pull_commit'] %}
select
    source_id, receipt_id, record_key, received_at,
    author_login as login,
    author_email as email,
    'commit_email' as rule
from {{ ref(model) }}
where
    not is_duplicate and author_login is not null and author_email is not null
    and not {{ is_bot('author_type', 'author_login') }}
{{ 'union all' if not loop.last }}
{%- endfor %}
{%- endmacro %}
