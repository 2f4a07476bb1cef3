{#- The status of a criterion: the first that matches (design: coverage, section 2). `legs` are its
    mapped legs, over the period. -#}
{% macro criterion_status() -%}
  case
    when scope_reason is not null then 'OUT_OF_SCOPE'
    when evidence_mode = 'manual' and is_signed then 'ATTESTED_BY_OWNER'
    when evidence_mode = 'manual' then 'MANUAL_PENDING'
    when not is_controlled then 'NO_CONTROL'
    -- a control lists it and none of its legs supports it: it stays manual for that control
    when mapped_legs = 0 and is_signed then 'ATTESTED_BY_OWNER'
    when mapped_legs = 0 then 'MANUAL_PENDING'
    when exceptions + accepted > 0 and (has_unconnected or is_incomplete) then 'EXCEPTIONS (incomplete)'
    when exceptions + accepted > 0 then 'EXCEPTIONS'
    when has_unconnected then 'NOT_CONNECTED'
    when is_incomplete then 'INSUFFICIENT'
    -- nothing was tested: units that do not apply are no occurrence
    when passed + pending = 0 then 'NO_OCCURRENCE'
    when evidence_mode = 'mixed' and not is_signed then 'MANUAL_PENDING'
    else 'NO_EXCEPTIONS_NOTED'
  end
{%- endmacro %}

{#- Coverage of the criteria of a framework over [first_day, end_day), one row a criterion.
    Arguments are SQL expressions; days that no stated control covers, and days after as_of, are
    not complete. A unit counts where the days that it counts for touch the period, on days on which
    a stated control covers it. -#}
{% macro coverage_sql(framework, first_day, end_day) -%}
with period as (
  select
    cast({{ first_day }} as date) as first_day,
    cast({{ end_day }} as date) as end_day
),

criteria as (
  select * from {{ ref('criterion') }} as criteria
  where criteria.framework = {{ framework }}
),

decisions as (
  select
    decisions.framework,
    decisions.criterion_id,
    -- a decision without reason or approver decides nothing
    min(decisions.reason || ' (approved by ' || decisions.approver || ')')
      filter (where decisions.decision = 'scoped_out') as scope_reason,
    bool_or(decisions.decision = 'signed' and decisions.approver is not null) as is_signed
  from {{ ref('int_criterion_decisions') }} as decisions
  cross join period
  where period.end_day - 1 between decisions.in_force_from and decisions.in_force_to
  group by decisions.framework, decisions.criterion_id
),

links as (
  select
    links.framework,
    links.criterion_id,
    links.test_id,
    links.leg_id,
    links.unit_value,
    greatest(links.in_force_from, period.first_day) as first_day,
    least(links.in_force_to, period.end_day - 1) as last_day
  from {{ ref('int_coverage_links') }} as links
  semi join criteria using (framework, criterion_id)
  cross join period
  where links.in_force_from < period.end_day and links.in_force_to >= period.first_day
),

controlled as (
  select distinct framework, criterion_id from links
),

link_days as (
  select distinct
    framework,
    criterion_id,
    test_id,
    leg_id,
    unit_value,
    cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as day
  from links
  where test_id is not null
),

complete_days as (
  select framework, criterion_id, count(*) as days_complete
  from (
    select link_days.framework, link_days.criterion_id, link_days.day
    from link_days
    left join {{ ref('fct_gate_days') }} as gates using (test_id, leg_id, day)
    group by link_days.framework, link_days.criterion_id, link_days.day
    having bool_and(coalesce(gates.is_open, false))
  )
  group by framework, criterion_id
),

shut as (
  select
    framework,
    criterion_id,
    list(shut_by || ' is not complete on ' || days || ' days, first ' || first_day order by shut_by)
      as reasons
  from (
    select
      link_days.framework,
      link_days.criterion_id,
      coalesce(gates.shut_by, 'the ledger') as shut_by,
      count(distinct link_days.day) as days,
      min(link_days.day) as first_day
    from link_days
    inner join {{ ref('dim_control_test_leg') }} as legs
      on link_days.test_id = legs.test_id and link_days.leg_id = legs.leg_id and legs.is_connected
    left join {{ ref('fct_gate_days') }} as gates
      on link_days.test_id = gates.test_id
      and link_days.leg_id = gates.leg_id
      and link_days.day = gates.day
    where not coalesce(gates.is_open, false)
    group by all
  )
  group by framework, criterion_id
),

legs as (
  select
    mapped.framework,
    mapped.criterion_id,
    count(*) as mapped_legs,
    list(mapped.test_id || '.' || mapped.leg_id order by mapped.test_id, mapped.leg_id) as mapped_tests,
    bool_or(not legs.is_connected) as has_unconnected_leg,
    bool_or(not legs.is_built or legs.has_failed) as has_unbuilt_leg,
    flatten(list(
      case
        when not legs.is_connected then list_transform(
          legs.missing_streams,
          lambda missing: mapped.test_id || '.' || mapped.leg_id || ': no source of ' || missing
        )
        else []
      end
      || if(legs.is_built, [], [mapped.test_id || '.' || mapped.leg_id || ': test_not_built'])
      || if(legs.has_failed, [mapped.test_id || '.' || mapped.leg_id || ': test_failed_to_run'], [])
      order by mapped.test_id, mapped.leg_id
    )) as reasons
  from (select distinct framework, criterion_id, test_id, leg_id from link_days) as mapped
  inner join {{ ref('dim_control_test_leg') }} as legs using (test_id, leg_id)
  group by mapped.framework, mapped.criterion_id
),

counted as (
  select distinct links.framework, links.criterion_id, links.unit_value, counted.*
  from links
  inner join {{ ref('fct_leg_days') }} as counted
    on links.test_id = counted.test_id
    and links.leg_id = counted.leg_id
    and links.first_day <= counted.counts_to
    and links.last_day >= counted.counts_from
    and (links.unit_value is null or links.unit_value = counted.criteria_key)
),

units as (
  select
    counted.framework,
    counted.criterion_id,
    sum(counted.population) as population,
    sum(counted.passed) as passed,
    sum(counted.exceptions) as exceptions,
    sum(counted.accepted) as accepted,
    sum(counted.pending) as pending,
    sum(counted.not_tested) as not_tested,
    sum(counted.not_connected) as not_connected,
    sum(counted.not_applicable) as not_applicable,
    sum(counted.out_of_scope) as out_of_scope,
    sum(counted.leads) as leads,
    list_sort(list_distinct(flatten(list(coalesce(counted.not_tested_reasons, [])))))
      as not_tested_reasons
  from counted
  group by counted.framework, counted.criterion_id
),

gathered as (
  select
    criteria.framework,
    criteria.criterion_id,
    criteria.evidence_mode,
    coalesce(
      decisions.scope_reason,
      if(criteria.evidence_mode = 'out_of_scope', criteria.note || ' (control library)', null)
    ) as scope_reason,
    coalesce(decisions.is_signed, false) as is_signed,
    controlled.criterion_id is not null as is_controlled,
    coalesce(legs.mapped_legs, 0) as mapped_legs,
    coalesce(legs.mapped_tests, []) as mapped_tests,
    coalesce(units.population, 0) as population,
    coalesce(units.passed, 0) as passed,
    coalesce(units.exceptions, 0) as exceptions,
    coalesce(units.accepted, 0) as accepted,
    coalesce(units.pending, 0) as pending,
    coalesce(units.not_tested, 0) as not_tested,
    coalesce(units.not_applicable, 0) as not_applicable,
    coalesce(units.out_of_scope, 0) as out_of_scope,
    coalesce(units.leads, 0) as leads,
    coalesce(complete_days.days_complete, 0) as days_complete,
    period.end_day - period.first_day as days_total,
    coalesce(legs.has_unconnected_leg, false) or coalesce(units.not_connected, 0) > 0
      as has_unconnected,
    coalesce(legs.has_unbuilt_leg, false)
      or coalesce(units.not_tested, 0) > 0
      or coalesce(complete_days.days_complete, 0) < period.end_day - period.first_day
      as is_incomplete,
    coalesce(legs.reasons, [])
      || coalesce(shut.reasons, [])
      || list_transform(coalesce(units.not_tested_reasons, []), lambda code: 'units not tested: ' || code)
      as reasons
  from criteria
  cross join period
  left join decisions using (framework, criterion_id)
  left join controlled using (framework, criterion_id)
  left join legs using (framework, criterion_id)
  left join units using (framework, criterion_id)
  left join complete_days using (framework, criterion_id)
  left join shut using (framework, criterion_id)
),

stated as (
  select *, {{ criterion_status() }} as status from gathered
)

select
  framework,
  criterion_id,
  status,
  mapped_tests,
  cast(population as bigint) as population,
  cast(passed as bigint) as passed,
  cast(exceptions as bigint) as exceptions,
  cast(accepted as bigint) as accepted,
  cast(pending as bigint) as pending,
  cast(not_tested as bigint) as not_tested,
  cast(not_applicable as bigint) as not_applicable,
  cast(out_of_scope as bigint) as out_of_scope,
  cast(leads as bigint) as leads,
  days_complete,
  days_total,
  reasons
    || if(status = 'OUT_OF_SCOPE', [scope_reason], [])
    || if(status = 'NO_CONTROL', ['no stated control in force covers it'], [])
    || if(status = 'MANUAL_PENDING', ['the manual part is not signed, or no longer'], [])
    -- pending units block no status (design), so that they must be told
    || case
      when pending = 0 then []
      when pending = population - not_applicable - out_of_scope then
        ['nothing is tested yet: all ' || pending || ' units that apply are pending']
      else [pending || ' units are pending: their deadline lies after the last day']
    end
    as reasons,
  status != 'OUT_OF_SCOPE' as is_in_scope,
  status != 'OUT_OF_SCOPE' and mapped_legs > 0 as is_mapped,
  status != 'OUT_OF_SCOPE' and mapped_legs > 0
    and status in ('EXCEPTIONS', 'MANUAL_PENDING', 'NO_EXCEPTIONS_NOTED') as is_tested_complete,
  status = 'NO_EXCEPTIONS_NOTED' as is_clean
from stated
{%- endmacro %}
