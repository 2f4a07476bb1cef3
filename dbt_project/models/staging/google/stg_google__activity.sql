-- Google's activity reports, one row an activity. An activity holds one event or several, each with
-- its own parameters; stg_google__activity_event tells them one by one.
with source as (
    {{ bronze_records('google_workspace_activity', 'activity', '{
        "id": {
            "uniqueQualifier": "VARCHAR", "applicationName": "VARCHAR", "customerId": "VARCHAR"
        },
        "actor": {
            "callerType": "VARCHAR", "email": "VARCHAR", "profileId": "VARCHAR", "key": "VARCHAR"
        },
        "ipAddress": "VARCHAR",
        "networkInfo": {"regionCode": "VARCHAR"},
        "ownerDomain": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        -- which activity: Google's ids are unique within one instant of one application
        parsed.id."uniqueQualifier" as activity_id,
        hash(record) as content_hash,
        if(
            parsed.id."uniqueQualifier" is null or event_time is null,
            record_key,
            concat_ws(
                '|',
                parsed.id."applicationName",
                strftime(event_time, '%Y-%m-%dT%H:%M:%S.%f'),
                parsed.id."uniqueQualifier"
            )
        ) as activity_key,
        parsed.id."applicationName" as application,
        parsed.id."customerId" as customer_id,
        -- who did it, and from where
        parsed.actor."profileId" as actor_id,
        coalesce(parsed.actor."callerType", if(parsed.actor.email is null, null, 'USER'))
            as actor_type,
        lower(coalesce(parsed.actor.email, parsed.actor.key)) as actor_login,
        parsed."ipAddress" as client_ip,
        parsed."networkInfo"."regionCode" as country,
        parsed."ownerDomain" as owner_domain,
        -- what was done
        record -> '$.events' as events
    from source
)

-- An activity that Google tells again in another way is no repetition.
{{ dedupe('renamed', ['source_id', 'activity_key', 'content_hash']) }}
