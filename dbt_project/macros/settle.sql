{#- The rules that every control test obeys, once: from the judged shape of the leg CTEs to the
    columns of the contract.

    out of scope -> NOT_APPLICABLE; an EXCEPTION stays whatever the gates say (missing data can
    hide a failure but cannot excuse one); else a failed need -> NOT_TESTED(not_connected, then
    source_gap); else what the leg proposed. A scope that the leg reads and nobody states would make
    the unit NOT_APPLICABLE or not, so anything else is NOT_TESTED(null_field), an EXCEPTION too; to
    the legs in `scope_unread`, which do not read it, only a scope stated as false matters.
    A waiver turns EXCEPTION into EXCEPTION_ACCEPTED.

    A unit counts for every period that touches the days from counts_from to counts_to: its
    effective_on alone, but where the leg is one of `lasting` and says them itself. -#}
{% macro settle(test_id, legs, lasting=[], scope_unread=[]) -%}
{%- if execute and config.get('materialized') not in ('incremental', 'unit') -%}
  {{ exceptions.raise_compiler_error(
    test_id ~ ": its model must begin with control_test_config('" ~ test_id ~ "')") }}
{%- endif -%}
select * from (
  with judged as materialized (
    {% for leg in legs -%}
    select {{ judged_columns(leg in lasting, leg in scope_unread) }} from {{ leg }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
  ),

  failing as (
    {{ failing_needs('judged') }}
  ),

  ruled as (
    select
      judged.* exclude (reason_code, reason),
      judged.reason_code as proposed_code,
      judged.reason as proposed_reason,
      failing.reason as failing_reason,
      case
        when judged.is_in_scope = false then 'out_of_scope'
        when judged.proposed = 'EXCEPTION' and judged.is_in_scope then 'proposed'
        when failing.reason_code is not null then failing.reason_code
        when judged.is_in_scope is null and judged.proposed != 'NOT_APPLICABLE' then 'unknown_scope'
        else 'proposed'
      end as ruling
    from judged
    left join failing on judged.needs = failing.needs
  ),

  waived as (
    {{ waived_exceptions(test_id, 'ruled') }}
  )

  select
    '{{ test_id }}' as test_id,
    ruled.leg_id,
    ruled.unit_key,
    ruled.attributes,
    ruled.entity,
    ruled.system,
    ruled.asset_id,
    ruled.event_time,
    ruled.effective_on,
    case
      when waived.waiver_id is not null then 'EXCEPTION_ACCEPTED'
      when ruled.ruling = 'proposed' then ruled.proposed
      when ruled.ruling = 'out_of_scope' then 'NOT_APPLICABLE'
      else 'NOT_TESTED'
    end as outcome,
    case ruled.ruling
      when 'proposed' then ruled.proposed_code
      when 'unknown_scope' then 'null_field'
      else ruled.ruling
    end as reason_code,
    case ruled.ruling
      when 'proposed' then ruled.proposed_reason
      when 'out_of_scope' then concat(
        'Out of scope: ', coalesce(assets.scope_reason, ruled.proposed_reason, 'no reason given'),
        ', approved by ', coalesce(assets.scope_approver, 'nobody named')
      )
      when 'unknown_scope' then concat(
        'assets.asset.in_scope: no register states it',
        if(ruled.proposed = 'NOT_TESTED', '', concat('; in scope, it would be ', ruled.proposed))
      )
      else ruled.failing_reason
    end as reason,
    legs.severity,
    ruled.person_id,
    ruled.vendor_id,
    ruled.criteria_key,
    coalesce(ruled.is_in_scope, true) as is_in_scope,
    waived.waiver_id,
    ruled.parameters as control_parameters,
    ruled.record_keys,
    ruled.hangs_from,
    ruled.hangs_to,
    ruled.counts_from,
    ruled.counts_to
  from ruled
  left join {{ ref('control_test_leg') }} as legs
    on legs.test_id = '{{ test_id }}' and ruled.leg_id = legs.leg_id
  left join waived
    on ruled.leg_id = waived.leg_id
    and ruled.unit_key = waived.unit_key
    and ruled.proposed = 'EXCEPTION'
    and ruled.ruling = 'proposed'
  left join {{ ref('int_assets') }} as assets
    on ruled.ruling = 'out_of_scope'
    and ruled.asset_id = assets.asset_id
    and ruled.effective_on between assets.valid_from and assets.valid_to
)
{%- endmacro %}

{% macro judged_columns(is_lasting, is_scope_unread) -%}
leg_id, unit_key, cast(attributes as json) as attributes, entity, "system", asset_id,
      cast(event_time as timestamp) as event_time, cast(effective_on as date) as effective_on,
      proposed, reason_code, reason, person_id, vendor_id, criteria_key,
      {{ 'coalesce(is_in_scope, true) as is_in_scope' if is_scope_unread else 'is_in_scope' }},
      cast(parameters as json) as parameters, record_keys,
      cast(needs as {{ needs_type() }}) as needs, hangs_from, hangs_to,
      cast({{ 'counts_from' if is_lasting else 'effective_on' }} as date) as counts_from,
      cast({{ 'counts_to' if is_lasting else 'effective_on' }} as date) as counts_to
{%- endmacro %}

{#- Exceptions that a waiver covers: approved, and received by us, before the event; unexpired at
    the event; for this test and, if it names one, leg; for this unit: its asset, its key, or one
    of its natural keys (`repository=org/name`). -#}
{% macro waived_exceptions(test_id, relation) -%}
    select units.leg_id, units.unit_key, min(waivers.waiver_id) as waiver_id
    from {{ relation }} as units
    inner join {{ ref('int_waivers') }} as waivers
      on waivers.test_id = '{{ test_id }}'
      and (waivers.leg_id is null or waivers.leg_id = units.leg_id)
      and coalesce(units.event_time, units.effective_on) >= waivers.accepts_from
      and coalesce(units.event_time, units.effective_on) < waivers.accepts_to
      and (
        waivers.scope_value = units.unit_key
        or (waivers.scope_attribute is null and waivers.scope_value = units.asset_id)
        or (units.attributes ->> waivers.scope_attribute) = waivers.scope_value
      )
    where units.ruling = 'proposed' and units.proposed = 'EXCEPTION'
    group by units.leg_id, units.unit_key
{%- endmacro %}

{#- Per list of needs that fails: reason_code (not_connected before source_gap) and reason. A need
    asks every source that feeds its stream; its days are clamped to the newest day known. -#}
{% macro failing_needs(relation) -%}
    with asked as (
      select needs, unnest(needs) as need
      from (select distinct needs from {{ relation }})
    ),

    answered as (
      select
        asked.needs,
        asked.need,
        gates.source_id,
        gates.open_from,
        gates.open_to,
        least(coalesce(asked.need.first_day, date '0001-01-01'), gates.newest_day) as first_day,
        least(coalesce(asked.need.last_day, gates.newest_day), gates.newest_day) as last_day
      from asked
      left join {{ ref('int_gates') }} as gates
        on asked.need.stream = gates.stream
        and (asked.need.system is null or asked.need.system = gates.system)
        and (
          asked.need.scanner_type is null
          or list_contains(gates.scanner_types, asked.need.scanner_type)
        )
    ),

    reached as (
      select
        needs,
        need,
        source_id,
        first_day,
        last_day,
        max(open_to) filter (where first_day between open_from and open_to) as open_until
      from answered
      group by all
    ),

    missed as (
      select
        needs,
        if(source_id is null, 'not_connected', 'source_gap') as reason_code,
        case
          when source_id is null then concat(
            'No configured source feeds ', need.stream,
            ' of system ' || need.system, ' for scanner type ' || need.scanner_type
          )
          else concat(
            source_id, ': ', need.stream, ' is not complete on ',
            coalesce(open_until + 1, first_day)
          )
        end as reason
      from reached
      where source_id is null or open_until is null or open_until < last_day
    )

    -- 'not_connected' sorts before 'source_gap'
    select needs, min(reason_code) as reason_code, arg_min(reason, (reason_code, reason)) as reason
    from missed
    group by needs
{%- endmacro %}
