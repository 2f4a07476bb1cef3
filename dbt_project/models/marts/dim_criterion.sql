-- All criteria of all frameworks, in our own words.
select
  framework,
  criterion_id,
  parent_id,
  title,
  evidence_mode,
  note,
  framework || ':' || criterion_id as criterion
from {{ ref('criterion') }}
