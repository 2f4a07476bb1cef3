-- What to connect next: "connect kind X: N legs and M criteria become testable", from the streams
-- that no configured source feeds. Kinds that exist here feed what they declare; others what the
-- control library's glossary says. A stream that it names no kind for stands for itself.
with named as (
  select
    stream,
    unnest(if(kinds is null, ['any source of ' || stream], string_split(kinds, ';'))) as kind
  from {{ ref('stream') }}
),

fed as (
  select kind, stream, true as is_available from {{ source('ops', 'kind_streams') }}
  union
  select kind, stream, false from named
  where kind not in (select kinds.kind from {{ source('ops', 'kind_streams') }} as kinds)
),

missing as (
  select test_id, leg_id, stream from {{ ref('int_leg_streams') }} where not is_configured
),

offers as (
  select
    fed.kind,
    fed.is_available,
    missing.test_id,
    missing.leg_id,
    list(distinct missing.stream order by missing.stream) as streams,
    count(distinct missing.stream) = any_value(needed.missing_streams) as is_enough
  from missing
  inner join fed using (stream)
  inner join (
    select test_id, leg_id, count(*) as missing_streams from missing group by test_id, leg_id
  ) as needed using (test_id, leg_id)
  group by fed.kind, fed.is_available, missing.test_id, missing.leg_id
),

criteria as (
  select
    offers.kind,
    count(distinct links.framework || ':' || links.criterion_id) as criteria
  from offers
  inner join {{ ref('leg_criterion') }} as links using (test_id, leg_id)
  where offers.is_enough
  group by offers.kind
)

select
  offers.kind as "connect",
  bool_or(offers.is_available) as is_available,
  list_sort(list_distinct(flatten(list(offers.streams)))) as streams,
  count(*) filter (where offers.is_enough) as legs,
  count(*) filter (where offers.is_enough and legs.is_built) as built_legs,
  coalesce(any_value(criteria.criteria), 0) as criteria,
  count(*) filter (where not offers.is_enough) as legs_waiting
from offers
inner join {{ ref('dim_control_test_leg') }} as legs using (test_id, leg_id)
left join criteria using (kind)
group by offers.kind
