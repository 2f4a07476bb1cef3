{#- Whose a GitHub account is by the company's own sign-on: the address that it was signed in with. -#}
{% macro person_links__github_saml_identities() -%}
select
  source_id, receipt_id, sequence, record_key, received_at, event_day,
  login, email, 'saml_identity' as rule
from {{ ref('stg_github__saml_identity') }}
where not is_duplicate and login is not null and email is not null
{%- endmacro %}
