{#- Exceptions by absence: the relation (a leg's judged shape) may propose ABSENT where a failure
    shows only in that something was not seen. That is an EXCEPTION where every need is met;
    absence seen through a gap is not an observation. -#}
{% macro rule_on_absence(relation) -%}
  select
    {{ relation }}.* exclude (proposed, reason_code, reason),
    case
      when proposed != 'ABSENT' then proposed
      when failed.reason_code is null then 'EXCEPTION'
      else 'NOT_TESTED'
    end as proposed,
    case
      when proposed = 'ABSENT' and failed.reason_code is not null then failed.reason_code
      else {{ relation }}.reason_code
    end as reason_code,
    case
      when proposed = 'ABSENT' and failed.reason_code is not null
        then concat(failed.reason, '; ', {{ relation }}.reason)
      else {{ relation }}.reason
    end as reason
  from {{ relation }}
  left join ({{ failing_needs(relation) }}) as failed on {{ relation }}.needs = failed.needs
{%- endmacro %}
