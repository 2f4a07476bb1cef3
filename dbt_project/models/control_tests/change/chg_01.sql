{{ control_test_config('CHG-01') }}

-- Author, approver and deployer are different people.
with deployments as (
  select
    deployments.*,
    compared.relation,
    days.first_day,
    assets.asset_id,
    assets.is_in_scope,
    greatest(
      coalesce(cast(deployments.previous_started_at as date), deployments.started_on),
      days.first_day
    ) as compared_from,
    greatest(deployments.started_on, cast(deployments.succeeded_at as date)) as compared_to,
    if(
      compared.relation in ('back', 'same', 'forward'),
      coalesce(cast(deployments.previous_started_at as date), date '1900-01-01'),
      date '1900-01-01'
    ) as hangs_from
  from {{ ref('int_deployments') }} as deployments
  inner join {{ ref('int_judged_days') }} as days
    on deployments.started_on between days.first_day and days.last_day
  left join {{ ref('int_deployments_compared') }} as compared
    on deployments.repository = compared.repository
    and deployments.deployment_id = compared.deployment_id
  left join {{ ref('int_repository_assets') }} as assets
    on lower(deployments.repository) = assets.repository
    and deployments.started_on between assets.valid_from and assets.valid_to
  where deployments.is_success
    and coalesce(deployments.is_production, true)
    and {{ is_affected('CHG-01', 'deployments.started_on') }}
),

-- the newest earlier successful deployment of the same revision to the same environment
earlier as (
  select deployments.deployment_id, max(before.deployment_id) as earlier_deployment_id
  from deployments
  inner join {{ ref('int_deployments') }} as before
    on deployments.repository = before.repository
    and deployments.environment = before.environment
    and deployments.revision = before.revision
    and before.is_success
    and before.started_at < deployments.started_at
  group by deployments.deployment_id
),

units as (
  select
    deployments.*,
    releasers.number,
    releasers.basis as releaser_basis,
    releasers.is_named as is_releaser_named,
    releasers.person_id as releaser,
    releasers.record_key as releaser_record_key,
    earlier.earlier_deployment_id,
    pulls.approvers,
    pulls.open_count,
    pulls.open_code,
    pulls.open_reason,
    pulls.authors,
    pulls.unresolved_author_count,
    pulls.unnamed_author_count,
    pulls.bot_author_count,
    pulls.is_commit_list_complete,
    pulls.merged_on,
    pulls.head_revision,
    greatest(pulls.first_day, deployments.first_day) as pull_needed_from,
    pulls.hangs_from as pull_hangs_from,
    pulls.record_keys as pull_record_keys,
    people.vendor_id,
    len(pulls.approvers) as counted,
    len(list_filter(pulls.approvers, lambda person: person <> releasers.person_id)) as others,
    {{ parameter(
      'CHG-01', 'author_may_release_when_approved', 'deployments.asset_id', 'deployments.started_on',
      leg_id='author'
    ) }}
    ->> '$' as author_may_release,
    {{ parameter(
      'CHG-01', 'deployer_may_be_approver', 'deployments.asset_id', 'deployments.started_on',
      leg_id='approver'
    ) }}
    ->> '$' as deployer_may_approve
  from deployments
  inner join {{ ref('int_deployments_releasers') }} as releasers
    on deployments.repository = releasers.repository
    and deployments.deployment_id = releasers.deployment_id
  left join earlier on deployments.deployment_id = earlier.deployment_id
  left join {{ ref('int_pull_approval_counts') }} as pulls
    on releasers.repository = pulls.repository and releasers.number = pulls.number
  asof left join {{ ref('int_people') }} as people
    on releasers.person_id = people.person_id
    and deployments.started_at >= people.start_earliest
),

-- what both legs share: rows without a pull request, and approvals that are not certain
sorted as (
  select
    *,
    case
      when environment is null then 'no_environment'
      when revision is null then 'no_revision'
      when relation = 'first' then 'first'
      when coalesce(relation, 'unknown') = 'unknown' then 'unknown_ancestry'
      when number is null and (relation <> 'forward' or earlier_deployment_id is not null)
        then 'rollback'
      when number is null then 'no_pull_request'
      when counted + open_count = 0 then 'no_approver'
      when counted = 0 then 'open_approval'
      when unnamed_author_count > 0 then 'unnamed_author'
      when counted <= unresolved_author_count then 'unresolved_author'
      when not is_commit_list_complete then 'commits_missing'
    end as shared_ruling
  from units
),

ruled as (
  select
    *,
    coalesce(shared_ruling, case
      when author_may_release is null then 'no_author_parameter'
      when author_may_release = 'true' then 'allowed'
      when not is_releaser_named then 'no_releaser'
      when releaser is null then 'unresolved_releaser'
      when list_contains(authors, releaser) then 'exception'
      when bot_author_count > 0 then 'bot_author'
      when unresolved_author_count > 0 then 'unresolved_author'
      else 'pass'
    end) as author_ruling,
    coalesce(shared_ruling, case
      when deployer_may_approve is null then 'no_approver_parameter'
      when deployer_may_approve = 'true' then 'allowed'
      when releaser is null and counted - unresolved_author_count >= 2 then 'pass'
      when not is_releaser_named then 'no_releaser'
      when releaser is null then 'unresolved_releaser'
      when others > unresolved_author_count then 'pass'
      when others > 0 then 'unresolved_author'
      when open_count > 0 then 'open_approval'
      else 'exception'
    end) as approver_ruling
  from sorted
),

legs as (
  select 'author' as leg_id, author_ruling as ruling, * from ruled
  union all
  select 'approver' as leg_id, approver_ruling as ruling, * from ruled
),

explained as (
  select
    *,
    case
      when ruling in ('pass', 'allowed') then 'PASS'
      -- that nobody else approved is an absence, which a gap would explain
      when ruling = 'exception' then if(leg_id = 'author', 'EXCEPTION', 'ABSENT')
      when ruling in ('rollback', 'no_pull_request', 'no_approver') then 'NOT_APPLICABLE'
      else 'NOT_TESTED'
    end as proposed,
    case
      when ruling in ('pass', 'allowed') then null
      when ruling = 'exception' then if(leg_id = 'author', 'AUTHOR_RELEASED', 'APPROVER_RELEASED')
      when ruling = 'rollback' then 'rollback'
      when ruling in ('no_pull_request', 'no_approver') then 'see_other_test'
      when ruling in ('first', 'unknown_ancestry', 'commits_missing') then 'source_gap'
      when ruling = 'open_approval' then open_code
      when ruling in ('unresolved_author', 'unresolved_releaser') then 'unresolved_person'
      else 'null_field'
    end as reason_code,
    concat(
      'the releaser is ',
      case releaser_basis
        when 'creator' then 'whoever started the deployment'
        when 'merged_by' then 'whoever merged, since a service account started the deployment'
        when 'ref_update' then 'whoever moved the branch, since the merge names nobody'
        when 'merge_commit' then 'the author of the merge commit, since the merge names nobody'
        else 'named nowhere'
      end
    ) as releaser_text,
    concat(
      'Revision ', coalesce(left(revision, 7), 'unknown'), ' of ', repository, ', pull request ',
      coalesce(cast(number as varchar), 'none'), ': '
    ) as unit_text
  from legs
),

separation as (
  select
    leg_id,
    concat_ws('||', deployment_id, coalesce(cast(number as varchar), 'none')) as unit_key,
    json_object('deployment_id', deployment_id, 'repository', repository, 'number', number)
      as attributes,
    entity,
    system,
    asset_id,
    started_at as event_time,
    started_on as effective_on,
    proposed,
    reason_code,
    concat(unit_text, case ruling
      when 'no_environment' then 'change_events.deployment.environment'
      when 'no_revision' then 'change_events.deployment.revision'
      when 'first' then concat(
        'no earlier successful deployment to ', environment, ' is known, so which pull requests ',
        'are new is not known'
      )
      when 'unknown_ancestry' then concat(
        'the commits known hold no path to revision ', left(previous_revision, 7),
        ', deployed before, so which pull requests are new is not known'
      )
      when 'rollback' then concat(
        'brings no new pull request; this revision was deployed before by ',
        coalesce(concat('deployment ', earlier_deployment_id), 'no deployment known')
      )
      when 'no_pull_request' then 'brings commits of no pull request: CHG-05'
      when 'no_approver' then 'no approval counts: CHG-02'
      when 'open_approval' then concat('whether an approver counts is not known: ', open_reason)
      when 'unnamed_author' then 'change_events.commit.author: a commit names no author'
      when 'unresolved_author' then concat(
        unresolved_author_count, ' author account or address does not resolve to one person; ',
        releaser_text
      )
      when 'commits_missing'
        then 'not all commits are listed (the platform lists 250), so not all authors are known'
      when 'no_author_parameter' then 'author_may_release_when_approved was never given'
      when 'no_approver_parameter' then 'deployer_may_be_approver was never given'
      when 'allowed' then concat(
        counted, ' approval by somebody else than an author; ',
        if(leg_id = 'author', 'an author', 'an approver'), ' may release under the stated control'
      )
      when 'no_releaser' then concat('change_events.deployment.creator: ', releaser_text)
      when 'unresolved_releaser' then concat(
        'the releaser''s account does not resolve to one person; ', releaser_text
      )
      when 'bot_author'
        then 'identities.account.owner: a bot wrote part of it, and who owns it is not known'
      when 'exception' then concat(
        if(
          leg_id = 'author', 'an author of the change released it',
          'the releaser is the only counted approver'
        ), '; ', releaser_text
      )
      else concat(
        if(
          leg_id = 'author', 'the releaser is none of the authors',
          'a counted approver is not the releaser'
        ), '; ', releaser_text
      )
    end) as reason,
    releaser as person_id,
    vendor_id,
    cast(null as varchar) as criteria_key,
    is_in_scope,
    json_object(
      'author_may_release_when_approved', author_may_release,
      'deployer_may_be_approver', deployer_may_approve
    ) as parameters,
    list_filter(
      list_concat(
        [record_key, success_record_key, previous_record_key, releaser_record_key],
        pull_record_keys
      ),
      lambda record_key: record_key is not null
    ) as record_keys,
    list_concat(
      [
        {{ need('change_events.deployment', 'compared_from', 'compared_to', system='system') }},
        {{ need('change_events.commit', 'compared_from', 'compared_to', system='system') }},
        {{ need(
          'change_events.pull_request', 'least(compared_from, pull_needed_from)', 'compared_to',
          system='system'
        ) }},
        {{ need('roster', 'coalesce(merged_on, started_on)', 'started_on') }}
      ],
      if(
        number is null, {{ no_needs() }},
        [
          {{ need('change_events.review', 'pull_needed_from', 'merged_on', system='system') }},
          {{ need('change_events.commit', 'pull_needed_from', 'merged_on', system='system') }}
        ]
      )
    ) as needs,
    least(hangs_from, pull_hangs_from) as hangs_from,
    greatest(compared_to, merged_on) as hangs_to
  from explained
),

author as (
  select * from separation where leg_id = 'author'
),

approver_judged as (
  select * from separation where leg_id = 'approver'
),

approver as (
  {{ rule_on_absence('approver_judged') }}
),

-- no kind reads the decisions on an environment's gate yet
gate as (
  select
    'gate' as leg_id,
    cast(deployment_id as varchar) as unit_key,
    json_object('deployment_id', deployment_id, 'repository', repository) as attributes,
    entity,
    system,
    asset_id,
    started_at as event_time,
    started_on as effective_on,
    'NOT_TESTED' as proposed,
    'test_not_built' as reason_code,
    'Decisions on the environment''s gate are not judged yet' as reason,
    cast(null as varchar) as person_id,
    cast(null as varchar) as vendor_id,
    cast(null as varchar) as criteria_key,
    is_in_scope,
    cast(null as json) as parameters,
    list_filter([record_key, success_record_key], lambda record_key: record_key is not null)
      as record_keys,
    [
      {{ need('change_events.gate_approval', 'started_on', 'compared_to') }},
      {{ need('change_events.deployment', 'started_on', 'compared_to', system='system') }}
    ] as needs,
    started_on as hangs_from,
    compared_to as hangs_to
  from deployments
)

{%- set legs = ['author', 'approver', 'gate'] %}
{{ settle('CHG-01', legs, scope_unread=legs) }}
