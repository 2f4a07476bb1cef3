{{ config(materialized='table') }}

-- Entries of the list of known exploited vulnerabilities, one row for each unbroken run of
-- catalogues that hold an entry in the same words. A day between valid_from and valid_to on which
-- nobody read the catalogue is none of its days: whoever asks, asks for a day that was read.
with sightings as (
  select
    source_id,
    event_day,
    cve,
    max_by(content_hash, (sequence, record_key)) as content_hash,
    max_by(listed_on_stated, (sequence, record_key)) as listed_on_stated,
    max_by(due_on_stated, (sequence, record_key)) as due_on_stated,
    max_by(is_used_by_ransomware, (sequence, record_key)) as is_used_by_ransomware,
    max_by(record_key, (sequence, record_key)) as record_key
  from {{ ref('stg_cisa__kev') }}
  where cve is not null
  group by source_id, event_day, cve
),

catalogue_days as (
  select
    source_id,
    event_day,
    row_number() over (partition by source_id order by event_day) as day_no
  from (select distinct source_id, event_day from sightings)
),

runs as (
  select
    sightings.*,
    catalogue_days.day_no - row_number() over (
      partition by sightings.source_id, sightings.cve, sightings.content_hash
      order by sightings.event_day
    ) as run_no
  from sightings
  inner join catalogue_days using (source_id, event_day)
)

select
  source_id,
  cve,
  -- bare dates are intervals (macros/bounds.sql)
  {{ earliest('any_value(listed_on_stated)') }} as listed_from,
  {{ latest('any_value(listed_on_stated)') }} as listed_to,
  {{ earliest('any_value(due_on_stated)') }} as due_from,
  {{ latest('any_value(due_on_stated)') }} as due_to,
  any_value(listed_on_stated) as listed_on_stated,
  any_value(due_on_stated) as due_on_stated,
  any_value(is_used_by_ransomware) as is_used_by_ransomware,
  min_by(record_key, event_day) as record_key,
  min(event_day) as valid_from,
  max(event_day) as valid_to
from runs
group by source_id, cve, content_hash, run_no
