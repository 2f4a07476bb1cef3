-- criterion -> stated control -> leg: a leg counts for a criterion when a control in force lists
-- both and the leg's own criteria hold it. A criterion without legs of its own rolls up from its
-- points. A control that lists a criterion which none of its legs supports has a row without leg.
with criteria as (
  select * from {{ ref('criterion') }}
),

rolled_up as (
  select points.framework, points.criterion_id, points.parent_id
  from criteria as points
  inner join criteria as whole
    on points.framework = whole.framework and points.parent_id = whole.criterion_id
  where
    whole.evidence_mode in ('automated', 'mixed')
    and not exists (
      select 1 from {{ ref('leg_criterion') }} as own
      where own.framework = whole.framework and own.criterion_id = whole.criterion_id
    )
),

supported as (
  select framework, criterion_id, test_id, leg_id, unit_value from {{ ref('leg_criterion') }}
  union
  select links.framework, rolled_up.parent_id, links.test_id, links.leg_id, links.unit_value
  from {{ ref('leg_criterion') }} as links
  inner join rolled_up using (framework, criterion_id)
),

listed as (
  select framework, criterion_id, control_id, record_key, in_force_from, in_force_to
  from {{ ref('int_stated_control_criteria') }}
  union
  select
    points.framework, rolled_up.parent_id, points.control_id, points.record_key,
    points.in_force_from, points.in_force_to
  from {{ ref('int_stated_control_criteria') }} as points
  inner join rolled_up using (framework, criterion_id)
),

linked as (
  select
    listed.*,
    supported.test_id,
    supported.leg_id,
    supported.unit_value
  from listed
  inner join {{ ref('int_stated_control_tests') }} as tests
    on listed.control_id = tests.control_id
    and listed.record_key = tests.record_key
    and listed.in_force_from = tests.in_force_from
  inner join supported
    on listed.framework = supported.framework
    and listed.criterion_id = supported.criterion_id
    and tests.test_id = supported.test_id
    and (tests.leg_id is null or tests.leg_id = supported.leg_id)
)

select distinct
  listed.framework,
  listed.criterion_id,
  listed.control_id,
  linked.test_id,
  linked.leg_id,
  linked.unit_value,
  listed.in_force_from,
  listed.in_force_to
from listed
left join linked
  on listed.framework = linked.framework
  and listed.criterion_id = linked.criterion_id
  and listed.control_id = linked.control_id
  and listed.record_key = linked.record_key
  and listed.in_force_from = linked.in_force_from
