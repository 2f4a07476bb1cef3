{{ config(materialized='table') }}

-- Whether the reviewer of each approval that counts could write to the repository when it was given:
-- one row an approval. A listing proves its own day, so that of the review's day and the next must
-- agree; where they differ, the one grant or revoke between them says when it changed. Anything else
-- stays open (`is_bearing` null), and `open_code` says why.
with run as (
  select as_of from {{ source('ops', 'run') }}
),

approvals as (
  select
    approvals.repository,
    approvals.number,
    approvals.review_id,
    approvals.person_id,
    lower(approvals.reviewer_login) as login,
    approvals.submitted_at,
    cast(approvals.submitted_at as date) as reviewed_on,
    approvals.record_key,
    pulls.system
  from {{ ref('int_pull_approvals') }} as approvals
  inner join {{ ref('int_pull_requests') }} as pulls
    on approvals.repository = pulls.repository and approvals.number = pulls.number
  where approvals.standing = 'counted'
),

-- whoever stands twice on a list holds the higher right
held as (
  select
    system, lower(repository) as repository, day, login,
    bool_or(can_review) as can_review,
    arg_max(permission, coalesce(can_review, false)) as permission,
    any_value(account_id) as account_id,
    any_value(via) as via,
    min(record_key) as record_key
  from {{ ref('int_repository_access') }}
  group by all
),

listings as (
  select
    system, lower(repository) as repository, day,
    min(observed_at) as observed_at,
    min(record_key) as record_key
  from {{ ref('int_repository_access') }}
  group by all
),

-- the review's day, and the day after
seen as (
  select
    approvals.repository,
    approvals.number,
    approvals.record_key,
    days.place,
    listings.observed_at,
    if(held.login is null and listings.observed_at is not null, false, held.can_review) as can_review,
    coalesce(held.permission, if(listings.observed_at is null, null, 'no right')) as permission,
    held.account_id,
    held.via,
    coalesce(held.record_key, listings.record_key) as listing_key
  from approvals
  cross join (values (0), (1)) as days(place)
  left join listings
    on approvals.system = listings.system
    and lower(approvals.repository) = listings.repository
    and approvals.reviewed_on + days.place = listings.day
  left join held
    on approvals.system = held.system
    and lower(approvals.repository) = held.repository
    and approvals.login = held.login
    and approvals.reviewed_on + days.place = held.day
),

compared as (
  select
    approvals.*,
    first_seen.observed_at as first_at,
    next_seen.observed_at as next_at,
    first_seen.can_review as held_first,
    next_seen.can_review as held_next,
    first_seen.permission as first_permission,
    next_seen.permission as next_permission,
    coalesce(first_seen.account_id, next_seen.account_id) as account_id,
    concat_ws(', ', first_seen.via, next_seen.via) as via,
    [first_seen.listing_key, next_seen.listing_key] as listing_keys
  from approvals
  inner join seen as first_seen on approvals.record_key = first_seen.record_key and first_seen.place = 0
  inner join seen as next_seen on approvals.record_key = next_seen.record_key and next_seen.place = 1
),

-- what the logs tell of this account there between the two listings, on days proven complete
told as (
  select
    compared.record_key,
    count(distinct events.event_key) as events,
    min(events.event_time) as changed_at,
    min(events.record_key) as event_record_key
  from compared
  inner join {{ ref('int_access_events') }} as events
    on compared.system = events.system
    and compared.account_id = events.target_user_id
    and events.stream in ('grant', 'revoke', 'disable')
    and events.event_time > compared.first_at
    and events.event_time <= compared.next_at
    and (
      events.target_type = 'organization'
      or (
        events.target_type = 'repository'
        and lower(events.target_id) = lower(compared.repository)
      )
      or (
        events.target_type = 'team'
        and list_contains(
          string_split(compared.via, ', '), list_extract(string_split(events.target_id, '/'), -1)
        )
      )
    )
  inner join {{ ref('int_gates') }} as gates
    on events.source_id = gates.source_id
    and gates.stream = 'access_events.revoke'
    and compared.reviewed_on between gates.open_from and gates.open_to
    and least(compared.reviewed_on + 1, gates.newest_day) <= gates.open_to
  where compared.held_first != compared.held_next
  group by compared.record_key
)

select
  compared.repository,
  compared.number,
  compared.review_id,
  compared.person_id,
  compared.login,
  compared.submitted_at,
  compared.reviewed_on,
  case
    when held_first = held_next then held_first
    when told.events = 1 then if(told.changed_at <= submitted_at, held_next, held_first)
  end as is_bearing,
  case
    when is_bearing is not null then null
    when held_first is null then 'null_field'
    when next_at is null and reviewed_on >= run.as_of then 'bounded'
    when held_next is null then 'null_field'
    else 'bounded'
  end as open_code,
  concat(
    login, ' approved on ', strftime(submitted_at, '%Y-%m-%d %H:%M:%S'), ', listed with ',
    coalesce(first_permission, if(first_at is null, 'no list read', 'a right not given')),
    ' that day and ',
    coalesce(next_permission, if(next_at is null, 'no list read', 'a right not given')),
    ' the day after',
    if(
      told.events = 1,
      concat(', changed ', strftime(told.changed_at, '%Y-%m-%d %H:%M:%S')), ''
    )
  ) as finding,
  list_filter(
    [compared.record_key, compared.listing_keys[1], compared.listing_keys[2], told.event_record_key],
    lambda record_key: record_key is not null
  ) as record_keys
from compared
cross join run
left join told on compared.record_key = told.record_key
