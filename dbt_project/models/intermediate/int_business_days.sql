-- Monday to Friday without the dated holidays of the seed, numbered from 2020 on.
with days as (
  select cast(unnest(generate_series(date '2020-01-01', date '2035-12-31', interval 1 day)) as date) as day
)

select
  days.day,
  cast(row_number() over (order by days.day) as integer) as number
from days
left join {{ ref('holiday') }} as holidays using (day)
where isodow(days.day) <= 5 and holidays.day is null
