{#- A union frame: the records of every kind that speaks of one thing, one statement a kind, united by
    name. A column that a kind leaves out is NULL; one that the frame does not know fails the model's
    contract. No kind at all is an empty relation with its columns.

    columns: name -> type, beside the provenance that every kind gives.
    kinds: kind -> its macro `<frame>__<kind>`, a SELECT without duplicates.

    A build unites the kinds of which something was ever received. A unit test of a frame says which
    kinds it is about (`overrides: {vars: {only_kinds: […]}}`), or each kind that is added would have
    to be given to all of them. -#}
{% macro united(columns, kinds) -%}
  {%- set provenance = {
    'source_id': 'varchar', 'receipt_id': 'varchar', 'sequence': 'bigint',
    'record_key': 'varchar', 'received_at': 'timestamp', 'event_day': 'date'
  } -%}
  select
    {%- for name, type in (provenance.items() | list) + (columns.items() | list) %}
    cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
  where false
  {%- for kind, records in kinds.items() if kind in known_kinds(kinds) %}
  union all by name
  ({{ records() }})
  {%- endfor %}
{%- endmacro %}

{#- The same for what is, not what happened: each day's newest snapshot of a source, with the system
    and the legal entity that it speaks of, and `day` for the day of the snapshot. A kind of which every
    file of a day counts, in whichever receipt it came, gives 0 as `sequence`. -#}
{% macro newest_snapshots(columns, kinds) -%}
  select
    snapshots.* exclude (sequence, newest_sequence, event_day, received_at),
    snapshots.received_at as observed_at,
    snapshots.event_day as day,
    systems.system,
    configured.entity
  from (
    select
      *,
      max(sequence) over (partition by source_id, event_day) as newest_sequence
    from ({{ united(columns, kinds) }}) as frame
  ) as snapshots
  left join {{ source('ops', 'sources') }} as configured
    on snapshots.source_id = configured.source_id
  left join {{ ref('int_source_systems') }} as systems
    on snapshots.source_id = systems.source_id
  where snapshots.sequence = snapshots.newest_sequence
{%- endmacro %}

{#- Of these kinds, the ones that a build (or a unit test) speaks of: those of which something was
    ever received. The rest is empty, and naming it costs each build. -#}
{% macro known_kinds(kinds) -%}
  {%- set named = var('only_kinds', none) -%}
  {{ return(kinds | list if named is none else named) }}
{%- endmacro %}

{#- What happened, as newest_snapshots is for what is: each event with its system, its entity, whether it
    came after the first read of its day, and the person behind `actor_login` (int_person_logins, which
    knows systems in lower case). -#}
{% macro attributed_events(columns, kinds) -%}
  with events as (
      {{ united(columns, kinds) }}
  ),

  first_reads as (
      select source_id, day, min(sequence) as first_sequence
      from (
          select
              source_id,
              sequence,
              cast(unnest(generate_series(
                  cast(window_start as date), cast(window_end as date) - 1, interval 1 day
              )) as date) as day
          from {{ source('ops', 'receipts') }}
          where kind in ('{{ kinds | join("', '") }}')
      ) as windows
      group by source_id, day
  )

  select
      events.* exclude (sequence),
      systems.system,
      configured.entity,
      coalesce(events.sequence > first_reads.first_sequence, false) as is_late,
      '1.8.0' as ocsf_version,
      events.class_uid * 100 + events.activity_id as type_uid,
      if(by_login.login is null, by_email.person_id, by_login.person_id) as person_id
  from events
  left join {{ source('ops', 'sources') }} as configured on events.source_id = configured.source_id
  left join {{ ref('int_source_systems') }} as systems on events.source_id = systems.source_id
  left join first_reads
      on events.source_id = first_reads.source_id and events.event_day = first_reads.day
  left join {{ ref('int_person_logins') }} as by_login
      on by_login.system = lower(systems.system) and events.actor_login = by_login.login
  left join {{ ref('int_person_logins') }} as by_email
      on by_email.system = '*' and events.actor_login = by_email.login
{%- endmacro %}
