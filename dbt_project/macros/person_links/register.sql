{#- Links that the register `links` holds now. Without a name and a time nobody has confirmed it. -#}
{% macro person_links__register() -%}
select
    source_id, first_receipt_id as receipt_id, record_key, received_from as received_at,
    system, login, person_id,
    'confirmed_link' as rule
from ({{ register_history('stg_register__link') }}) as history
where received_to is null and confirmed_by is not null and {{ latest('confirmed_at') }} is not null
{%- endmacro %}
