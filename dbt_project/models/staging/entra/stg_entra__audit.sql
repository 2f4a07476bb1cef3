-- Entra's directory audits, one row an audit. What an audit acts upon is a list of resources of
-- several types; the first of each type is named here, all of them stay in `target_resources`.
with source as (
    {{ bronze_records('entra_audit', 'audit', '{
        "id": "VARCHAR",
        "category": "VARCHAR",
        "correlationId": "VARCHAR",
        "result": "VARCHAR",
        "resultReason": "VARCHAR",
        "activityDisplayName": "VARCHAR",
        "loggedByService": "VARCHAR",
        "operationType": "VARCHAR",
        "userAgent": "VARCHAR",
        "initiatedBy": {
            "user": {"id": "VARCHAR", "userPrincipalName": "VARCHAR", "ipAddress": "VARCHAR"},
            "app": {"appId": "VARCHAR", "servicePrincipalId": "VARCHAR", "displayName": "VARCHAR"}
        },
        "targetResources": [{
            "id": "VARCHAR", "type": "VARCHAR", "displayName": "VARCHAR",
            "userPrincipalName": "VARCHAR",
            "modifiedProperties": [{
                "displayName": "VARCHAR", "oldValue": "VARCHAR", "newValue": "VARCHAR"
            }]
        }],
        "additionalDetails": [{"key": "VARCHAR", "value": "VARCHAR"}]
    }') }}
),

parts as (
    select
        *,
        list_filter(parsed."targetResources", t -> t.type = 'User')[1] as target_user,
        list_filter(parsed."targetResources", t -> t.type = 'Role')[1] as target_role,
        list_filter(parsed."targetResources", t -> t.type = 'Group')[1] as target_group,
        flatten(list_transform(
            parsed."targetResources", t -> coalesce(t."modifiedProperties", [])
        )) as modified
    from source
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        -- what happened
        parsed.id as event_id,
        hash(record) as content_hash,
        -- an audit that does not say what or when it was cannot be known for a repetition
        if(
            parsed.id is null or parsed."activityDisplayName" is null or event_time is null,
            record_key,
            parsed.id
        ) as event_key,
        parsed."activityDisplayName" as activity,
        parsed.category,
        parsed."operationType" as operation_type,
        parsed."loggedByService" as logged_by,
        parsed.result,
        nullif(parsed."resultReason", '') as result_reason,
        parsed."correlationId" as correlation_id,
        -- who did it
        coalesce(
            nullif(parsed."initiatedBy".user.id, ''),
            nullif(parsed."initiatedBy".app."servicePrincipalId", ''),
            nullif(parsed."initiatedBy".app."appId", '')
        ) as actor_id,
        case
            when nullif(parsed."initiatedBy".user.id, '') is not null then 'User'
            when
                coalesce(
                    parsed."initiatedBy".app."servicePrincipalId",
                    parsed."initiatedBy".app."appId",
                    parsed."initiatedBy".app."displayName"
                ) is not null
                then 'Application'
        end as actor_type,
        lower(nullif(parsed."initiatedBy".user."userPrincipalName", '')) as actor_login,
        nullif(parsed."initiatedBy".app."displayName", '') as actor_application,
        nullif(parsed."initiatedBy".user."ipAddress", '') as client_ip,
        nullif(parsed."userAgent", '') as user_agent,
        -- to whom or what
        target_user.id as target_user_id,
        lower(nullif(target_user."userPrincipalName", '')) as target_user_login,
        -- the role stands among the resources, or among what was modified: as JSON text
        coalesce(
            nullif(target_role."displayName", ''),
            nullif(trim(coalesce(
                list_filter(modified, m -> m."displayName" = 'Role.DisplayName')[1]."newValue",
                list_filter(modified, m -> m."displayName" = 'Role.DisplayName')[1]."oldValue"
            ), '"'), '')
        ) as role_name,
        -- the directory and PIM name the template differently
        nullif(trim(coalesce(
            nullif(list_filter(
                modified, m -> m."displayName" in ('Role.TemplateId', 'TemplateId')
            )[1]."newValue", '""'),
            list_filter(modified, m -> m."displayName" = 'Role.TemplateId')[1]."oldValue",
            list_filter(parsed."additionalDetails", d -> d.key = 'TemplateId')[1].value
        ), '"'), '') as role_template_id,
        coalesce(target_group.id, trim(coalesce(
            list_filter(modified, m -> m."displayName" = 'Group.ObjectID')[1]."newValue",
            list_filter(modified, m -> m."displayName" = 'Group.ObjectID')[1]."oldValue"
        ), '"')) as target_group_id,
        parsed."targetResources"[1].id as target_id,
        parsed."targetResources"[1].type as target_type,
        -- enabled or disabled by an update of the account itself
        list_filter(modified, m -> m."displayName" = 'AccountEnabled')[1]."newValue"
            as account_enabled_text,
        list_filter(parsed."additionalDetails", d -> d.key = 'ExpirationTime')[1].value
            as expires_text,
        list_filter(parsed."additionalDetails", d -> d.key = 'Justification')[1].value
            as justification,
        record -> '$.targetResources' as target_resources
    from parts
)

-- Two different audits under one id are not duplicates of each other, nor is one that the source
-- tells again in another way.
{{ dedupe('renamed', ['source_id', 'event_key', 'activity', 'event_time', 'content_hash']) }}
