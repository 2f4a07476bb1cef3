-- Days on which a movement of a branch must be missing: from the movement before a break in the chain
-- to the one that shows it. One row a day and a receipt that brought either.
select
  source_id,
  repository,
  branch,
  unnest([receipt_id, previous_receipt_id]) as receipt_id,
  days.day
from (
  select
    *,
    unnest(generate_series(previous_moved_on, moved_on, interval 1 day)) as at_midnight
  from {{ ref('int_ref_updates') }}
  where is_chain_break
) as breaks
cross join lateral (select cast(breaks.at_midnight as date) as day) as days
