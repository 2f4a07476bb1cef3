-- Okta's system log, one row an event. Okta answers nulls where its schema says object, so every
-- part is read leniently: what is missing or of another type is NULL, and the legs that read it
-- say so.
with source as (
    {{ bronze_records('okta_system_log', 'event', '{
        "uuid": "VARCHAR",
        "eventType": "VARCHAR",
        "displayMessage": "VARCHAR",
        "actor": {"id": "VARCHAR", "type": "VARCHAR", "alternateId": "VARCHAR"},
        "client": {
            "ipAddress": "VARCHAR",
            "userAgent": {"rawUserAgent": "VARCHAR"},
            "geographicalContext": {"country": "VARCHAR"}
        },
        "authenticationContext": {
            "externalSessionId": "VARCHAR",
            "rootSessionId": "VARCHAR",
            "credentialType": "VARCHAR",
            "authenticationStep": "BIGINT"
        },
        "outcome": {"result": "VARCHAR", "reason": "VARCHAR"},
        "debugContext": {"debugData": {"factor": "VARCHAR"}},
        "transaction": {"id": "VARCHAR"},
        "target": [{
            "id": "VARCHAR", "type": "VARCHAR", "alternateId": "VARCHAR",
            "displayName": "VARCHAR"
        }]
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        -- what happened
        parsed.uuid as event_id,
        hash(record) as content_hash,
        -- an event that does not say what or when it was cannot be known for a repetition
        if(
            parsed.uuid is null or parsed."eventType" is null or event_time is null,
            record_key,
            parsed.uuid
        ) as event_key,
        parsed."eventType" as event_type,
        parsed.outcome.result as outcome,
        parsed.outcome.reason as outcome_reason,
        parsed.transaction.id as transaction_id,
        -- who did it
        parsed.actor.id as actor_id,
        parsed.actor.type as actor_type,
        lower(parsed.actor."alternateId") as actor_login,
        -- to whom or what
        list_filter(parsed.target, t -> t.type = 'User')[1].id as target_user_id,
        lower(list_filter(parsed.target, t -> t.type = 'User')[1]."alternateId")
            as target_user_login,
        list_filter(parsed.target, t -> t.type = 'UserGroup')[1]."displayName" as target_group,
        list_filter(parsed.target, t -> t.type = 'AppInstance')[1]."displayName"
            as target_application,
        -- how
        nullif(parsed."authenticationContext"."externalSessionId", 'unknown') as session_id,
        nullif(parsed."authenticationContext"."rootSessionId", 'unknown') as root_session_id,
        parsed."authenticationContext"."credentialType" as credential_type,
        parsed."authenticationContext"."authenticationStep" as authentication_step,
        parsed."debugContext"."debugData".factor as factor,
        coalesce(
            list_distinct(list_transform(
                list_filter(parsed.target, t -> t.type = 'AuthenticatorEnrollment'),
                t -> t."displayName"
            )),
            []
        ) as authenticators,
        parsed.client."ipAddress" as client_ip,
        parsed.client."userAgent"."rawUserAgent" as user_agent,
        parsed.client."geographicalContext".country as country
    from source
)

-- Two different events under one uuid are not duplicates of each other, nor is an event that the
-- source tells again in another way.
{{ dedupe('renamed', ['source_id', 'event_key', 'event_type', 'event_time', 'content_hash']) }}
