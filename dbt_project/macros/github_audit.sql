{#- What an action of GitHub's audit log is: `stream` of the control library, NULL for what is none
    of them (Git events, invitations, comments), and its OCSF class and activity. A right changed to
    one that nobody can rank (a role of the organisation's own) counts as given. -#}
{% macro github_audit() -%}
select
  *,
  list_position(['read', 'triage', 'write', 'maintain', 'admin'], {{ github_right('old_permission') }})
    as old_rank,
  list_position(['read', 'triage', 'write', 'maintain', 'admin'], {{ github_right('new_permission') }})
    as new_rank,
  split_part(action, '.', 1) as category,
  case
    when action in (
      'org.remove_member', 'org.remove_outside_collaborator', 'org.block_user'
    ) then 'disable'
    when action in (
      'team.remove_member', 'team.remove_repository', 'team.demote_maintainer', 'team.destroy',
      'repo.remove_member', 'business.remove_admin', 'business.remove_organization',
      'organization_moderators.remove_user', 'organization_role.revoke',
      'org.remove_security_manager', 'org_credential_authorization.revoke',
      'personal_access_token.access_revoked'
    ) then 'revoke'
    when action in ('repo.update_member', 'org.update_member', 'team.update_repository_permission')
      then if(new_rank < old_rank, 'revoke', 'grant')
    when action in (
      'org.add_member', 'org.add_outside_collaborator', 'org.restore_member', 'org.unblock_user',
      'team.add_member', 'team.add_repository', 'team.promote_maintainer', 'repo.add_member',
      'business.add_admin', 'organization_moderators.add_user', 'organization_role.assign',
      'org.add_security_manager', 'org_credential_authorization.grant',
      'personal_access_token.access_granted'
    ) then 'grant'
    when regexp_matches(
      action,
      '^(protected_branch|repository_ruleset|hook|ip_allow_list|ip_allow_list_entry|environment'
        || '|integration_installation|secret_scanning|repository_secret_scanning\w*'
        || '|dependabot_\w+|repository_vulnerability_\w+|repository_branch_protection_\w+)\.'
    ) then 'config_change'
    when regexp_matches(
      action,
      '^(org|business)\.(set|update|enable|disable|config|rename|create_actions_secret'
        || '|remove_actions_secret|oauth_app|runner_group|required_workflow)'
    ) then 'config_change'
    when regexp_matches(
      action,
      '^repo\.(access|archived|unarchived|create|destroy|rename|transfer|change_|config|update_'
        || '|set_|pages_|actions_|create_actions_secret|remove_actions_secret|temporary_access|\w+_enabled$|\w+_disabled$)'
    ) then 'config_change'
  end as stream,
  case
    when stream = 'disable' then [3001, 5]
    when action in ('org.restore_member', 'org.unblock_user') then [3001, 2]
    when action in ('team.add_member') then [3006, 3]
    when action in ('team.remove_member') then [3006, 4]
    when stream = 'grant' then [3005, 1]
    when stream = 'revoke' then [3005, 2]
    when operation_type = 'create' or regexp_matches(action, '[._](create|add)') then [6003, 1]
    when operation_type = 'access' or action in ('git.clone', 'git.fetch') then [6003, 2]
    when operation_type = 'modify' or regexp_matches(action, '[._](update|rename|change|set|enable|disable)')
      then [6003, 3]
    when operation_type = 'remove' or regexp_matches(action, '[._](destroy|delete|remove)') then [6003, 4]
    else [6003, 99]
  end as class_and_activity,
  if(category in ('repo', 'git', 'protected_branch', 'repository_ruleset') and repository is not null,
    'repository', if(category = 'team' and team is not null, 'team', 'organization')) as target_type,
  case target_type
    when 'repository' then repository when 'team' then team else coalesce(organisation, business)
  end as target_id
from {{ ref('stg_github__audit_event') }}
where not is_duplicate
{%- endmacro %}

{#- GitHub names rights in two ways: by role, and by what the role may do with Git. -#}
{% macro github_right(name) -%}
  case lower({{ name }}) when 'pull' then 'read' when 'push' then 'write' else lower({{ name }}) end
{%- endmacro %}
