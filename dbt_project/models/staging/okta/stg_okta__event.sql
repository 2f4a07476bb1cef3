-- Okta's system log, one row an event. Okta answers nulls where its schema says object, so every
-- part is read leniently: what is missing or of another type is NULL, and the legs that read it
-- say so.
with source as (
    {{ bronze_records('okta_system_log', 'event') }}
),

parsed as (
    select
        * exclude (record),
        from_json(record, '{
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
        }') as event
    from source
),

renamed as (
    select
        -- where it came from
        source_id,
        receipt_id,
        sequence,
        record_key,
        received_at,
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        -- what happened
        event.uuid as event_id,
        -- an event that does not say what or when it was cannot be known for a repetition
        if(
            event.uuid is null or event."eventType" is null or event_time is null,
            record_key,
            event.uuid
        ) as event_key,
        event."eventType" as event_type,
        event.outcome.result as outcome,
        event.outcome.reason as outcome_reason,
        event.transaction.id as transaction_id,
        -- who did it
        event.actor.id as actor_id,
        event.actor.type as actor_type,
        lower(event.actor."alternateId") as actor_login,
        -- to whom or what
        list_filter(event.target, t -> t.type = 'User')[1].id as target_user_id,
        lower(list_filter(event.target, t -> t.type = 'User')[1]."alternateId")
            as target_user_login,
        list_filter(event.target, t -> t.type = 'UserGroup')[1]."displayName" as target_group,
        list_filter(event.target, t -> t.type = 'AppInstance')[1]."displayName"
            as target_application,
        -- how
        nullif(event."authenticationContext"."externalSessionId", 'unknown') as session_id,
        nullif(event."authenticationContext"."rootSessionId", 'unknown') as root_session_id,
        event."authenticationContext"."credentialType" as credential_type,
        event."authenticationContext"."authenticationStep" as authentication_step,
        event."debugContext"."debugData".factor as factor,
        coalesce(
            list_distinct(list_transform(
                list_filter(event.target, t -> t.type = 'AuthenticatorEnrollment'),
                t -> t."displayName"
            )),
            []
        ) as authenticators,
        event.client."ipAddress" as client_ip,
        event.client."userAgent"."rawUserAgent" as user_agent,
        event.client."geographicalContext".country as country
    from parsed
),

-- Two different events under one uuid are not duplicates of each other.
deduplicated as (
    {{ dedupe('renamed', ['source_id', 'event_key', 'event_type', 'event_time']) }}
)

select * from deduplicated
