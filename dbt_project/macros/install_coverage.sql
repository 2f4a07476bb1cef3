{#- `coverage(framework, first_day, end_day)` and `coverage_counts(…)` as table macros of the
    warehouse file, so that the command line, packs and auditors' SQL ask for any period. They read
    what fct_criterion_status reads, and are made once it is there. -#}
{% macro install_coverage() -%}
  create or replace macro main.coverage(wanted_framework, wanted_first_day, wanted_end_day) as table (
    {#- without the file's name: a release is the same database under another one #}
    {{ coverage_sql('wanted_framework', 'wanted_first_day', 'wanted_end_day')
       | replace('"' ~ target.database ~ '".', '') }}
    order by framework, criterion_id
  );
  create or replace macro main.coverage_counts(
    wanted_framework, wanted_first_day, wanted_end_day
  ) as table (
    select
      count(*) filter (where is_in_scope) as in_scope,
      count(*) filter (where is_mapped) as mapped,
      count(*) filter (where is_tested_complete) as tested_complete,
      count(*) filter (where is_clean) as no_exceptions_noted
    from main.coverage(wanted_framework, wanted_first_day, wanted_end_day)
  );
{%- endmacro %}
