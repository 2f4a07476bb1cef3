{{ config(materialized='view') }}

-- The events within Google's activities, one row an event, numbered within its activity from 1. An
-- activity without events has one row, whose event nobody names.
with listed as (
    select
        * exclude (events),
        from_json(if(json_array_length(events) > 0, events, '[null]'), '[{
            "type": "VARCHAR",
            "name": "VARCHAR",
            "status": {"eventStatus": "VARCHAR", "errorCode": "VARCHAR"},
            "parameters": [{
                "name": "VARCHAR", "value": "VARCHAR", "intValue": "VARCHAR",
                "boolValue": "BOOLEAN", "multiValue": ["VARCHAR"], "multiIntValue": ["VARCHAR"],
                "messageValue": "JSON", "multiMessageValue": "JSON"
            }]
        }]') as events
    from {{ ref('stg_google__activity') }}
),

numbered as (
    select
        * exclude (events),
        unnest(events) as event,
        generate_subscripts(events, 1) as event_no
    from listed
),

renamed as (
    select
        {{ provenance() }},
        event_day,
        event_time,
        activity_key,
        activity_id,
        application,
        customer_id,
        cast(event_no as bigint) as event_no,
        concat(activity_key, '#', event_no) as event_key,
        event.type as event_type,
        event.name as event_name,
        event.status."eventStatus" as event_status,
        event.status."errorCode" as error_code,
        actor_id,
        actor_type,
        actor_login,
        client_ip,
        country,
        -- a parameter by name: its text, or its several texts
        map_from_entries(list_transform(
            list_distinct(list_filter(
                list_transform(event.parameters, p -> p.name), n -> n is not null
            )),
            n -> struct_pack(k := n, v := list_filter(event.parameters, p -> p.name = n)[1])
        )) as parameters,
        is_duplicate
    from numbered
)

select
    * exclude (parameters, is_duplicate),
    lower(coalesce(
        parameters['USER_EMAIL'].value, parameters['affected_email_address'].value
    )) as target_login,
    coalesce(
        parameters['ROLE_NAME'].value, parameters['PRIVILEGE_NAME'].value
    ) as role_name,
    parameters['GROUP_EMAIL'].value as group_email,
    coalesce(
        parameters['client_id'].value, parameters['API_CLIENT_NAME'].value
    ) as client_id,
    coalesce(
        parameters['app_name'].value, parameters['application_name'].value,
        parameters['APPLICATION_NAME'].value
    ) as application_name,
    parameters['doc_id'].value as document_id,
    parameters['doc_title'].value as document_title,
    parameters['visibility'].value as visibility,
    parameters['login_type'].value as login_type,
    coalesce(
        parameters['login_challenge_method']."multiValue",
        if(
            parameters['login_challenge_method'].value is null,
            [],
            [parameters['login_challenge_method'].value]
        )
    ) as challenge_methods,
    parameters['is_second_factor']."boolValue" as is_second_factor,
    parameters['is_suspicious']."boolValue" as is_suspicious,
    coalesce(
        parameters['login_failure_type'].value, parameters['failure_type'].value
    ) as failure_type,
    coalesce(
        parameters['scope']."multiValue", parameters['API_SCOPES']."multiValue"
    ) as scopes,
    to_json(parameters) as parameters,
    is_duplicate
from renamed
