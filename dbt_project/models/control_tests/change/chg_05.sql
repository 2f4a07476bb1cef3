{{ control_test_config('CHG-05') }}

-- No commit reached a protected branch outside a pull request.
with movements as (
  select
    updates.*,
    days.first_day,
    assets.asset_id,
    assets.is_in_scope,
    assets.record_key as asset_record_key,
    -- the system that would list the repository's pull requests: none where only git is read
    coalesce(pull_systems.system, updates.system) as pull_system,
    coalesce(updates.update_kind in ('pr_merge', 'merge_queue_merge'), false) as is_merge,
    logins.person_id,
    people.vendor_id
  from {{ ref('int_ref_updates') }} as updates
  inner join {{ ref('int_judged_days') }} as days
    on updates.moved_on between days.first_day and days.last_day
  left join {{ ref('int_repository_assets') }} as assets
    on lower(updates.repository) = assets.repository
    and updates.moved_on between assets.valid_from and assets.valid_to
  left join (
    select repository, min(system) as system
    from {{ ref('int_repositories') }}
    where has_pull_requests
    group by repository
  ) as pull_systems on updates.repository = pull_systems.repository
  left join {{ ref('int_person_logins') }} as logins
    on lower(updates.system) = logins.system and lower(updates.actor_login) = logins.login
  asof left join {{ ref('int_people') }} as people
    on logins.person_id = people.person_id and updates.moved_at >= people.start_earliest
  where {{ is_affected('CHG-05', 'updates.moved_on') }}
    and exists (
      select 1 from {{ ref('int_repositories') }} as branches
      where updates.repository = branches.repository
        and updates.branch = branches.branch
        and updates.moved_on between branches.valid_from and branches.valid_to
    )
),

arrivals as (
  select
    movements.*,
    arrived.commit_sha,
    arrived.is_reported,
    arrived.is_known,
    commits.author_email,
    commits.authored_at,
    commits.message_hash,
    commits.record_key as commit_record_key
  from movements
  inner join {{ ref('int_commits_arrived') }} as arrived
    on movements.repository = arrived.repository
    and movements.branch = arrived.branch
    and movements.position = arrived.position
    and (arrived.is_reported or movements.is_chain_break)
  left join {{ ref('int_commits') }} as commits
    on arrived.repository = commits.repository and arrived.commit_sha = commits.commit_sha
),

merged_pulls as (
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
  from arrivals
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
  from arrivals
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
  from arrivals
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

descents as (
  select repository, commit_sha, unnest(parents) as parent
  from {{ ref('int_commits') }}
  where repository in (select repository from movements)
),

-- a parent that no list holds was there before if its children stand in complete lists of merged
-- pull requests (these hold all that the base did not)
children as (
  select descents.*
  from descents
  inner join (select distinct repository, commit_sha from arrivals where not is_known) as unknown
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
  from arrivals
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
),

commits_judged as (
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
        'no merge of a pull request brought it but a movement of kind ',
        coalesce(update_kind, 'unknown'),
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
    moved_on as hangs_to
  from ruled
),

commits as (
  {{ rule_on_absence('commits_judged') }}
),

-- a movement that leaves nothing of what it found: none of what it brought descends from it
detached as (
  select movements.repository, movements.branch, movements.position
  from movements
  inner join arrivals using (repository, branch, position)
  left join descents
    on arrivals.repository = descents.repository
    and arrivals.commit_sha = descents.commit_sha
    and movements.before_revision = descents.parent
  where movements.before_revision is not null and arrivals.is_reported
  group by all
  having bool_and(arrivals.is_known) and count(descents.parent) = 0
),

calendar as (
  select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as day
  from {{ ref('int_judged_days') }}
),

branch_days as (
  select
    branches.repository,
    branches.branch,
    calendar.day,
    min(branches.source_id) as source_id,
    min(branches.system) as system,
    min(branches.entity) as entity
  from {{ ref('int_repositories') }} as branches
  inner join calendar
    on calendar.day between branches.valid_from and branches.valid_to
    and calendar.day >= coalesce(branches.created_on, branches.valid_from)
  where {{ is_affected('CHG-05', 'calendar.day') }}
  group by all
),

moved_days as (
  select
    movements.repository,
    movements.branch,
    movements.moved_on as day,
    bool_or(movements.basis = 'ref_tips') as is_by_tips,
    count(*) as movement_count,
    list(movements.record_key order by movements.position) as record_keys,
    list({
      'kind': if(
        movements.update_kind in ('force_push', 'branch_deletion'), movements.update_kind,
        'not_descendant'
      ),
      'before': movements.before_revision, 'after': movements.after_revision,
      'moved_at': movements.moved_at, 'person_id': movements.person_id,
      'vendor_id': movements.vendor_id
    } order by movements.position) filter (
      where movements.update_kind in ('force_push', 'branch_deletion')
        or detached.position is not null
    ) as rewrites
  from movements
  left join detached using (repository, branch, position)
  group by all
),

broken_days as (
  select repository, branch, day, count(*) as break_count
  from {{ ref('int_ref_updates_broken_days') }}
  group by all
),

-- the days for which somebody read what moved the branch: a listing of repositories that leaves one
-- out proves nothing about it
readings as (
  select distinct
    receipts.window_start,
    receipts.window_end,
    lower(asked.context ->> '$.repository') as repository,
    asked.context ->> '$.branch' as branch
  from {{ ref('stg_request') }} as asked
  inner join {{ source('ops', 'receipts') }} as receipts using (receipt_id)
  where receipts.kind = 'github_pulls' and asked.shape = 'activity'
),

read_days as (
  select distinct
    repository,
    branch,
    cast(unnest(generate_series(
      cast(window_start as date), cast(window_end as date) - 1, interval 1 day
    )) as date) as day
  from readings
),

rewrite_ruled as (
  select
    branch_days.*,
    assets.asset_id,
    assets.is_in_scope,
    assets.record_key as asset_record_key,
    moved.record_keys,
    moved.rewrites[1] as first_rewrite,
    coalesce(len(moved.rewrites), 0) as rewrite_count,
    coalesce(moved.movement_count, 0) as movement_count,
    case
      when len(moved.rewrites) > 0 then 'rewrite'
      when broken.day is not null then 'chain_break'
      when tips.repository is not null then 'tips'
      when reads.day is null then 'unread'
      else 'pass'
    end as ruling
  from branch_days
  left join moved_days as moved using (repository, branch, day)
  left join broken_days as broken using (repository, branch, day)
  left join (
    select distinct repository from {{ ref('int_ref_updates') }} where basis = 'ref_tips'
  ) as tips using (repository)
  left join read_days as reads
    on lower(branch_days.repository) = reads.repository
    and branch_days.branch = reads.branch
    and branch_days.day = reads.day
  left join {{ ref('int_repository_assets') }} as assets
    on lower(branch_days.repository) = assets.repository
    and branch_days.day between assets.valid_from and assets.valid_to
),

rewrite as (
  select
    'rewrite' as leg_id,
    concat_ws('||', repository, branch, day) as unit_key,
    json_object('repository', repository, 'branch', branch, 'date', cast(day as varchar))
      as attributes,
    entity,
    system,
    asset_id,
    coalesce(first_rewrite.moved_at, cast(day as timestamp)) as event_time,
    day as effective_on,
    case ruling when 'rewrite' then 'EXCEPTION' when 'pass' then 'PASS' else 'NOT_TESTED' end
      as proposed,
    case ruling
      when 'rewrite' then first_rewrite.kind
      when 'chain_break' then 'source_gap'
      when 'unread' then 'source_gap'
      when 'tips' then 'bounded'
    end as reason_code,
    concat(branch, ' of ', repository, ': ', case ruling
      when 'rewrite' then concat(
        rewrite_count, ' of ', movement_count, ' movements did not keep what was there; the first (',
        first_rewrite.kind, ') went from revision ',
        coalesce(left(first_rewrite.before, 7), 'none'), ' to ',
        coalesce(left(first_rewrite.after, 7), 'none')
      )
      when 'chain_break'
        then 'the chain of before and after revisions is broken here: a movement is missing'
      when 'tips'
        then 'seen by one tip a day: a rewrite undone between two tips would leave no trace'
      when 'unread' then 'nobody read its activity of that day: the listing of repositories left it out'
      else concat(movement_count, ' movements that day, none forced, no deletion')
    end) as reason,
    first_rewrite.person_id as person_id,
    first_rewrite.vendor_id as vendor_id,
    cast(null as varchar) as criteria_key,
    is_in_scope,
    cast(null as json) as parameters,
    list_filter(
      list_append(record_keys, asset_record_key), lambda record_key: record_key is not null
    ) as record_keys,
    [
      {{ need('change_events.ref_update', 'day', 'day', system='system') }},
      {{ need('assets.asset', 'day', 'day') }}
    ] as needs,
    day as hangs_from,
    day as hangs_to
  from rewrite_ruled
)

{{ settle('CHG-05', ['commits', 'rewrite']) }}
