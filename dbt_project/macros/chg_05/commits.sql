{#- Leg commits: every commit on a protected branch belongs to a merged pull request. -#}
{% macro chg_05_commits(arrivals, descents) -%}
with merged_pulls as (
  select
    pulls.repository, pulls.number, pulls.base_branch, pulls.merge_revision, pulls.merged_on,
    counts.is_commit_list_complete, pulls.record_key
  from {{ ref('int_pull_requests') }} as pulls
  inner join {{ ref('int_pull_approval_counts') }} as counts
    on pulls.repository = counts.repository and pulls.number = counts.number
),

-- the pull requests whose merge a movement is: a queue may merge several at once
movement_pulls as (
  select
    arrivals.repository,
    arrivals.branch,
    arrivals.position,
    pulls.number,
    pulls.merge_revision,
    pulls.is_commit_list_complete,
    pulls.record_key
  from {{ arrivals }} as arrivals
  inner join merged_pulls as pulls
    on arrivals.repository = pulls.repository
    and arrivals.commit_sha = pulls.merge_revision
    and arrivals.branch = pulls.base_branch
),

members as (
  select repository, number, commit_sha, author_email, authored_at, message_hash
  from {{ ref('int_pull_commits') }}
),

-- of the movement's own pull requests: those that list the commit, created it, or hold its original
matches as (
  select
    arrivals.repository,
    arrivals.branch,
    arrivals.commit_sha,
    min(pulls.number) as number,
    arg_min(pulls.record_key, pulls.number) as record_key,
    bool_or(members.commit_sha = arrivals.commit_sha or pulls.merge_revision = arrivals.commit_sha)
      as is_exact
  from {{ arrivals }} as arrivals
  inner join movement_pulls as pulls
    on arrivals.repository = pulls.repository
    and arrivals.branch = pulls.branch
    and arrivals.position = pulls.position
  left join members
    on pulls.repository = members.repository
    and pulls.number = members.number
    and (
      members.commit_sha = arrivals.commit_sha
      or (
        members.author_email = arrivals.author_email
        and members.authored_at = arrivals.authored_at
        and members.message_hash = arrivals.message_hash
      )
    )
  where members.commit_sha is not null or pulls.merge_revision = arrivals.commit_sha
  group by arrivals.repository, arrivals.branch, arrivals.commit_sha
),

-- any merged pull request to the branch that lists the commit, however it got there
listings as (
  select
    arrivals.repository, arrivals.branch, arrivals.commit_sha, min(pulls.number) as number,
    arg_min(pulls.record_key, pulls.number) as record_key
  from {{ arrivals }} as arrivals
  inner join members
    on arrivals.repository = members.repository and arrivals.commit_sha = members.commit_sha
  inner join merged_pulls as pulls
    on members.repository = pulls.repository
    and members.number = pulls.number
    and arrivals.branch = pulls.base_branch
  group by arrivals.repository, arrivals.branch, arrivals.commit_sha
),

movement_totals as (
  select
    repository, branch, position,
    bool_and(is_commit_list_complete) as is_complete,
    string_agg(distinct cast(number as varchar), ', ' order by cast(number as varchar)) as numbers
  from movement_pulls
  group by repository, branch, position
),

-- a parent that no list holds was there before if its children stand in complete lists of merged
-- pull requests (these hold all that the base did not)
children as (
  select descents.*
  from {{ descents }} as descents
  inner join (
    select distinct repository, commit_sha from {{ arrivals }} where not is_known
  ) as unknown
    on descents.repository = unknown.repository and descents.parent = unknown.commit_sha
),

old_parents as (
  select children.repository, children.commit_sha, children.parent
  from children
  left join members
    on children.repository = members.repository and children.commit_sha = members.commit_sha
  left join merged_pulls as pulls
    on members.repository = pulls.repository and members.number = pulls.number
  group by children.repository, children.commit_sha, children.parent
  having coalesce(bool_or(pulls.is_commit_list_complete), false)
),

stray_parents as (
  select children.repository, children.parent
  from children
  anti join old_parents
    on children.repository = old_parents.repository
    and children.commit_sha = old_parents.commit_sha
    and children.parent = old_parents.parent
),

ruled as (
  select
    arrivals.*,
    matches.number as matched_number,
    listings.number as listed_number,
    totals.numbers as movement_numbers,
    coalesce(matches.record_key, listings.record_key) as pull_record_key,
    case
      when not arrivals.is_reported then 'chain_break'
      when arrivals.unclear_field is not null then 'unclear'
      when not arrivals.is_known
        and arrivals.commit_sha <> coalesce(arrivals.after_revision, '') then 'unknown_commit'
      when matches.number is not null and arrivals.is_merge
        then if(matches.is_exact, 'merged', 'rebased')
      when arrivals.basis = 'ref_tips' and coalesce(matches.number, listings.number) is not null
        then 'listed'
      when arrivals.is_merge and totals.numbers is null then 'unknown_pull'
      when arrivals.is_merge and not totals.is_complete then 'capped'
      when arrivals.is_merge then 'unlisted_copy'
      when arrivals.is_bot then 'bot'
      else 'direct_push'
    end as ruling
  from {{ arrivals }} as arrivals
  left join matches using (repository, branch, commit_sha)
  left join listings using (repository, branch, commit_sha)
  left join movement_totals as totals using (repository, branch, position)
  where arrivals.is_known
    or arrivals.commit_sha = arrivals.after_revision
    or not arrivals.is_reported
    or exists (
      select 1 from stray_parents
      where arrivals.repository = stray_parents.repository
        and arrivals.commit_sha = stray_parents.parent
    )
)

select
  'commits' as leg_id,
  concat_ws('||', repository, branch, commit_sha) as unit_key,
  json_object('repository', repository, 'branch', branch, 'commit', commit_sha) as attributes,
  entity,
  system,
  asset_id,
  moved_at as event_time,
  moved_on as effective_on,
  case
    when ruling in ('merged', 'rebased', 'listed') then 'PASS'
    -- tips show no push: there it is the absence of a pull request, which a gap would explain
    when ruling = 'direct_push' then if(basis = 'ref_tips', 'ABSENT', 'EXCEPTION')
    else 'NOT_TESTED'
  end as proposed,
  case
    when ruling in ('merged', 'rebased', 'listed') then null
    when ruling = 'direct_push' then 'direct_push'
    when ruling in ('chain_break', 'capped') then 'source_gap'
    else 'null_field'
  end as reason_code,
  concat('Revision ', left(commit_sha, 7), ' on ', branch, ' of ', repository, ': ', case ruling
    when 'merged' then concat('arrived with the merge of pull request ', matched_number)
    when 'rebased' then concat(
      'arrived with the merge of pull request ', matched_number, ', a copy of one of its ',
      'commits (same author, time of writing and message)'
    )
    when 'listed' then concat(
      'belongs to merged pull request ', coalesce(matched_number, listed_number), '; it arrived ',
      'between the tips of ', moved_after, ' and ', moved_on, ', and tips cannot tell how'
    )
    when 'chain_break' then concat(
      'was there at ', moved_at, ' though no movement brought it after ', previous_moved_on,
      ': the chain of the branch is broken'
    )
    when 'unclear' then concat(
      'change_events.ref_update.', unclear_field, ': the movement that brought it does not state it'
    )
    when 'unknown_commit' then concat(
      'change_events.commit.parents: reachable from revision ', left(after_revision, 7),
      ' but in no list, so whether it was there before is not known'
    )
    when 'unknown_pull' then concat(
      'change_events.pull_request.merge_revision: the platform calls the movement the merge of ',
      'a pull request, and none with this merge is known'
    )
    when 'capped' then concat(
      'the commit list of pull request ', movement_numbers, ' is cut at the platform''s cap ',
      '(250) and may hide it'
    )
    when 'unlisted_copy' then concat(
      'change_events.pull_request.commits: it came with the merge of pull request ',
      movement_numbers, ' but is no commit of it nor a plain copy of one; the commit-to-pull ',
      'listing is not collected'
    )
    when 'bot' then concat(
      'change_events.commit.paths: a bot pushed it without pull request, and whether only ',
      'allowed paths changed is not known'
    )
    else concat(
      'no merge of a pull request brought it but a movement of kind ', update_kind,
      if(
        listed_number is not null,
        concat(' (pull request ', listed_number, ' lists it, and did not bring it)'), ''
      ),
      if(basis = 'ref_tips', ', seen by the day''s tip alone', '')
    )
  end) as reason,
  person_id,
  vendor_id,
  cast(null as varchar) as criteria_key,
  is_in_scope,
  json_object(
    'allowed_bot_paths',
    {{ parameter('CHG-05', 'allowed_bot_paths', 'asset_id', 'moved_on') }}
  ) as parameters,
  list_filter(
    [record_key, commit_record_key, pull_record_key, asset_record_key],
    lambda record_key: record_key is not null
  ) as record_keys,
  [
    {{ need(
      'change_events.ref_update', 'greatest(moved_after, first_day)', 'moved_on', system='system'
    ) }},
    {{ need(
      'change_events.pull_request', 'greatest(moved_after, first_day)', 'moved_on',
      system='pull_system'
    ) }},
    {{ need('change_events.commit', 'moved_on', 'moved_on', system='system') }},
    {{ need('assets.asset', 'moved_on', 'moved_on') }}
  ] as needs,
  coalesce(previous_moved_on, date '1900-01-01') as hangs_from,
  moved_on as hangs_to,
  -- between two tips, in a window or in a break of the chain it arrived on any of the days
  if(ruling = 'chain_break', coalesce(previous_moved_on, moved_after), moved_after) as counts_from,
  moved_on as counts_to
from ruled
{%- endmacro %}
