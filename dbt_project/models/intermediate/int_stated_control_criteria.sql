-- The criteria that each stated control lists, as framework:id.
with listed as (
  select
    control_id,
    in_force_from,
    in_force_to,
    record_key,
    unnest(criteria) as criterion
  from {{ ref('int_stated_controls') }}
)

select
  control_id,
  split_part(criterion, ':', 1) as framework,
  substr(criterion, strpos(criterion, ':') + 1) as criterion_id,
  in_force_from,
  in_force_to,
  record_key
from listed
where strpos(criterion, ':') > 0
