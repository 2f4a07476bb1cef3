-- Kubernetes' audit log, one row an event: a request has one for each stage that the policy keeps.
with source as (
    {{ bronze_records('kubernetes_audit', 'event', '{
        "auditID": "VARCHAR",
        "stage": "VARCHAR",
        "level": "VARCHAR",
        "verb": "VARCHAR",
        "requestURI": "VARCHAR",
        "requestReceivedTimestamp": "VARCHAR",
        "user": {"username": "VARCHAR", "uid": "VARCHAR", "groups": ["VARCHAR"]},
        "impersonatedUser": {"username": "VARCHAR"},
        "sourceIPs": ["VARCHAR"],
        "userAgent": "VARCHAR",
        "objectRef": {
            "resource": "VARCHAR", "subresource": "VARCHAR", "apiGroup": "VARCHAR",
            "namespace": "VARCHAR", "name": "VARCHAR"
        },
        "responseStatus": {"code": "BIGINT", "reason": "VARCHAR"},
        "annotations": {
            "authorization.k8s.io/decision": "VARCHAR",
            "authorization.k8s.io/reason": "VARCHAR"
        }
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        {{ instant('parsed."requestReceivedTimestamp"') }} as requested_at,
        -- what happened
        parsed."auditID" as audit_id,
        hash(record) as content_hash,
        if(parsed."auditID" is null or parsed.stage is null, record_key, parsed."auditID")
            as event_key,
        parsed.stage as stage,
        parsed.level as level,
        parsed.verb as verb,
        parsed."requestURI" as request_uri,
        parsed."responseStatus".code as response_code,
        parsed."responseStatus".reason as response_reason,
        parsed.annotations."authorization.k8s.io/decision" as decision,
        nullif(parsed.annotations."authorization.k8s.io/reason", '') as decision_reason,
        -- who did it
        parsed.user.username as username,
        parsed.user.uid as user_uid,
        coalesce(parsed.user.groups, []) as user_groups,
        parsed."impersonatedUser".username as impersonated_username,
        -- to what
        parsed."objectRef".resource as resource,
        parsed."objectRef".subresource as subresource,
        parsed."objectRef"."apiGroup" as api_group,
        parsed."objectRef".namespace as namespace,
        parsed."objectRef".name as object_name,
        -- how
        parsed."sourceIPs"[1] as client_ip,
        parsed."userAgent" as user_agent
    from source
)

-- An aggregated API server tells the same stage of the same request in its own words.
{{ dedupe('renamed', ['source_id', 'event_key', 'stage', 'content_hash']) }}
