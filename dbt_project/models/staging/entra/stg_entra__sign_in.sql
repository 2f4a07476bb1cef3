-- Entra's sign-in log, one row a sign-in. Graph's v1.0 does not say which factors were used; what is
-- missing or of another type is NULL, and the legs that read it say so.
with source as (
    {{ bronze_records('entra_signins', 'sign_in', '{
        "id": "VARCHAR",
        "userId": "VARCHAR",
        "userPrincipalName": "VARCHAR",
        "servicePrincipalId": "VARCHAR",
        "servicePrincipalName": "VARCHAR",
        "appId": "VARCHAR",
        "appDisplayName": "VARCHAR",
        "resourceId": "VARCHAR",
        "resourceDisplayName": "VARCHAR",
        "ipAddress": "VARCHAR",
        "userAgent": "VARCHAR",
        "clientAppUsed": "VARCHAR",
        "correlationId": "VARCHAR",
        "sessionId": "VARCHAR",
        "isInteractive": "BOOLEAN",
        "conditionalAccessStatus": "VARCHAR",
        "riskLevelDuringSignIn": "VARCHAR",
        "authenticationRequirement": "VARCHAR",
        "authenticationDetails": [{"authenticationMethod": "VARCHAR", "succeeded": "BOOLEAN"}],
        "signInEventTypes": ["VARCHAR"],
        "status": {
            "errorCode": "BIGINT", "failureReason": "VARCHAR", "additionalDetails": "VARCHAR"
        },
        "location": {"countryOrRegion": "VARCHAR"}
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        -- which sign-in
        parsed.id as event_id,
        hash(record) as content_hash,
        -- a sign-in that does not say which or when it was cannot be known for a repetition
        if(parsed.id is null or event_time is null, record_key, parsed.id) as event_key,
        parsed."signInEventTypes"[1] as sign_in_type,
        parsed."isInteractive" as is_interactive,
        -- how it ended
        parsed.status."errorCode" as error_code,
        parsed.status."failureReason" as failure_reason,
        parsed.status."additionalDetails" as status_details,
        parsed."conditionalAccessStatus" as conditional_access_status,
        parsed."riskLevelDuringSignIn" as risk_level,
        -- who
        nullif(parsed."userId", '') as user_id,
        lower(nullif(parsed."userPrincipalName", '')) as user_login,
        nullif(parsed."servicePrincipalId", '') as service_principal_id,
        nullif(parsed."servicePrincipalName", '') as service_principal_name,
        -- to what
        parsed."appId" as application_id,
        parsed."appDisplayName" as application,
        parsed."resourceId" as resource_id,
        parsed."resourceDisplayName" as resource,
        -- how
        parsed."authenticationRequirement" as authentication_requirement,
        list_distinct(list_transform(
            list_filter(parsed."authenticationDetails", step -> step.succeeded),
            step -> step."authenticationMethod"
        )) as methods_shown,
        parsed."clientAppUsed" as client_application,
        parsed."correlationId" as correlation_id,
        nullif(parsed."sessionId", '') as session_id,
        nullif(parsed."ipAddress", '') as client_ip,
        nullif(parsed."userAgent", '') as user_agent,
        nullif(parsed.location."countryOrRegion", '') as country
    from source
)

-- Two different sign-ins under one id are not duplicates of each other, nor is one that the source
-- tells again in another way.
{{ dedupe('renamed', ['source_id', 'event_key', 'event_time', 'content_hash']) }}
