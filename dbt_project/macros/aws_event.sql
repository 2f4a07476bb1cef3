{#- What CloudTrail's words mean, in OCSF 1.8: the rows of stg_aws__event with

    access_stream: sign_in, elevation, grant, revoke, else resource_access; change_stream: what was
    set (config_change) or made, started and removed (infra_change), NULL of what only reads;
    class_and_activity; outcome. A service's name is the first part of its address. -#}
{% macro aws_events() -%}
select
    *,
    case
        when console_login is not null then upper(console_login)
        when error_code is not null then 'FAILURE'
        -- a sign-in whose answer is missing did not say how it ended
        when event_name = 'ConsoleLogin' then null
        else 'SUCCESS'
    end as outcome,
    case
        when access_stream = 'sign_in' then [3002, 1]
        when access_stream = 'elevation' then [3002, 7]
        when event_name = 'StartLogging' then [1008, 6]
        when event_name = 'StopLogging' then [1008, 7]
        when event_name = 'DeleteTrail' then [1008, 10]
        when event_name = 'AddUserToGroup' then [3006, 3]
        when event_name = 'RemoveUserFromGroup' then [3006, 4]
        when event_name = 'CreateUser' then [3001, 1]
        when event_name = 'DeleteUser' then [3001, 6]
        when event_name in ('EnableMFADevice', 'CreateVirtualMFADevice') then [3001, 10]
        when event_name in ('DeactivateMFADevice', 'DeleteVirtualMFADevice') then [3001, 11]
        when access_stream = 'grant' then [3005, 1]
        when access_stream = 'revoke' then [3005, 2]
        when is_read_only then [6003, 2]
        when regexp_matches(event_name, '^(Create|Run|Allocate|Import|Register|Launch)')
            then [6003, 1]
        when regexp_matches(event_name, '^(Delete|Terminate|Release|Deregister|Remove)')
            then [6003, 4]
        when not is_read_only then [6003, 3]
        else [6003, 99]
    end as class_and_activity,
    case
        when is_read_only or is_read_only is null or event_category = 'Data' then null
        when access_stream in ('sign_in', 'elevation') then null
        when regexp_matches(
            event_name,
            '^(Create|Delete|Run|Terminate|Start|Stop|Reboot|Allocate|Release|Import|Register|Deregister|Launch)'
        ) and event_name not in ('StartLogging', 'StopLogging')
            then 'infra_change'
        else 'config_change'
    end as change_stream
from (
    select
        *,
        case
            when event_name = 'ConsoleLogin'
                or (
                    event_source = 'sts.amazonaws.com'
                    and event_name in ('AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
                )
                or (
                    event_source = 'signin.amazonaws.com' and event_name = 'UserAuthentication'
                ) then 'sign_in'
            when event_name in ('AssumeRole', 'AssumeRoot', 'SwitchRole') then 'elevation'
            when event_source in ('iam.amazonaws.com', 'sso.amazonaws.com') then case
                when regexp_matches(
                    event_name,
                    '^(Attach|Put)(User|Group|Role)(Policy)$|^Put(User|Role)PermissionsBoundary$'
                ) or event_name in (
                    'AddUserToGroup', 'AddRoleToInstanceProfile', 'CreateAccessKey',
                    'CreateLoginProfile', 'CreatePolicyVersion', 'SetDefaultPolicyVersion',
                    'UpdateAssumeRolePolicy', 'CreateServiceSpecificCredential',
                    'UploadSSHPublicKey', 'CreateAccountAssignment',
                    'AttachManagedPolicyToPermissionSet', 'PutInlinePolicyToPermissionSet'
                ) then 'grant'
                when regexp_matches(event_name, '^(Detach|Delete)(User|Group|Role)(Policy)$')
                    or event_name in (
                        'RemoveUserFromGroup', 'RemoveRoleFromInstanceProfile', 'DeleteAccessKey',
                        'DeleteLoginProfile', 'DeletePolicyVersion', 'DeleteUser', 'DeleteRole',
                        'DeleteServiceSpecificCredential', 'DeleteSSHPublicKey',
                        'DeleteAccountAssignment', 'DetachManagedPolicyFromPermissionSet',
                        'DeleteInlinePolicyFromPermissionSet'
                    ) then 'revoke'
                else 'resource_access'
            end
            else 'resource_access'
        end as access_stream,
        split_part(event_source, '.', 1) as service
    from {{ ref('stg_aws__event') }}
    where not is_duplicate
) as classified
{%- endmacro %}
