-- CloudTrail's records, one row an event. What a service puts into a request or an answer is its own
-- affair: every part is read leniently, and what is missing or of another type is NULL.
with source as (
    {{ bronze_records('aws_cloudtrail', 'event', '{
        "eventID": "VARCHAR",
        "eventSource": "VARCHAR",
        "eventName": "VARCHAR",
        "eventType": "VARCHAR",
        "eventCategory": "VARCHAR",
        "readOnly": "VARCHAR",
        "awsRegion": "VARCHAR",
        "recipientAccountId": "VARCHAR",
        "sharedEventID": "VARCHAR",
        "requestID": "VARCHAR",
        "sourceIPAddress": "VARCHAR",
        "userAgent": "VARCHAR",
        "errorCode": "VARCHAR",
        "userIdentity": {
            "type": "VARCHAR", "arn": "VARCHAR", "principalId": "VARCHAR", "accountId": "VARCHAR",
            "userName": "VARCHAR", "accessKeyId": "VARCHAR", "invokedBy": "VARCHAR",
            "sessionContext": {
                "attributes": {"mfaAuthenticated": "VARCHAR"},
                "sessionIssuer": {"type": "VARCHAR", "arn": "VARCHAR"}
            }
        },
        "additionalEventData": {"MFAUsed": "VARCHAR"},
        "requestParameters": {
            "userName": "VARCHAR", "groupName": "VARCHAR", "roleName": "VARCHAR",
            "roleArn": "VARCHAR", "policyArn": "VARCHAR", "durationSeconds": "VARCHAR"
        },
        "responseElements": {"ConsoleLogin": "VARCHAR"},
        "resources": [{"ARN": "VARCHAR", "type": "VARCHAR"}]
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        -- what happened
        parsed."eventID" as event_id,
        hash(record) as content_hash,
        -- an event that does not say what or when it was cannot be known for a repetition
        if(
            parsed."eventID" is null or parsed."eventName" is null or event_time is null,
            record_key,
            parsed."eventID"
        ) as event_key,
        parsed."eventSource" as event_source,
        parsed."eventName" as event_name,
        parsed."eventType" as event_type,
        parsed."eventCategory" as event_category,
        try_cast(parsed."readOnly" as boolean) as is_read_only,
        parsed."errorCode" as error_code,
        parsed."requestID" as request_id,
        parsed."sharedEventID" as shared_event_id,
        parsed."responseElements"."ConsoleLogin" as console_login,
        -- where
        parsed."recipientAccountId" as account,
        parsed."awsRegion" as region,
        -- who did it
        parsed."userIdentity".type as actor_type,
        coalesce(parsed."userIdentity".arn, parsed."userIdentity"."principalId") as actor_id,
        parsed."userIdentity"."accountId" as actor_account,
        case
            when parsed."userIdentity".type = 'Root' then 'root'
            when parsed."userIdentity"."userName" = 'HIDDEN_DUE_TO_SECURITY_REASONS' then null
            -- the name of a role's session: of a federated person, as a rule, the person's address
            when parsed."userIdentity".type = 'AssumedRole'
                then lower(split_part(parsed."userIdentity".arn, '/', -1))
            else lower(parsed."userIdentity"."userName")
        end as actor_login,
        parsed."userIdentity"."sessionContext"."sessionIssuer".arn as session_issuer,
        parsed."userIdentity"."invokedBy" as invoked_by,
        -- to whom or what
        parsed."requestParameters"."userName" as target_user,
        parsed."requestParameters"."groupName" as target_group,
        coalesce(parsed."requestParameters"."roleArn", parsed."requestParameters"."roleName")
            as target_role,
        parsed."requestParameters"."policyArn" as target_policy,
        parsed.resources[1]."ARN" as resource,
        parsed.resources[1].type as resource_type,
        try_cast(parsed."requestParameters"."durationSeconds" as bigint) as duration_s,
        -- how
        if(
            starts_with(parsed."userIdentity"."accessKeyId", 'ASIA'),
            parsed."userIdentity"."accessKeyId",
            null
        ) as session_id,
        -- of a federated session AWS says No where it does not know what the identity provider asked
        case
            when parsed."additionalEventData"."MFAUsed" = 'Yes' then true
            when parsed."userIdentity"."sessionContext".attributes."mfaAuthenticated" = 'true'
                then true
            when parsed."userIdentity".type in ('IAMUser', 'Root') and (
                parsed."additionalEventData"."MFAUsed" = 'No'
                or parsed."userIdentity"."sessionContext".attributes."mfaAuthenticated" = 'false'
            ) then false
        end as is_mfa,
        -- calls by AWS's own services bear the service's name instead of an address
        if(
            regexp_full_match(parsed."sourceIPAddress", '[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*'),
            parsed."sourceIPAddress",
            null
        ) as client_ip,
        parsed."userAgent" as user_agent
    from source
)

-- Two different events under one id are not duplicates of each other.
{{ dedupe('renamed', ['source_id', 'event_key', 'event_time', 'content_hash']) }}
