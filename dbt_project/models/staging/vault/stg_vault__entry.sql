-- Vault's audit devices, one row an entry: a call is a request and a response. Several devices hold
-- the same entry with other bytes, since each HMACs with a key of its own.
with source as (
    {{ bronze_records('vault_audit', 'entry', '{
        "type": "VARCHAR",
        "error": "VARCHAR",
        "auth": {
            "display_name": "VARCHAR", "entity_id": "VARCHAR", "token_type": "VARCHAR",
            "policies": ["VARCHAR"], "metadata": {"username": "VARCHAR", "email": "VARCHAR"}
        },
        "request": {
            "id": "VARCHAR", "operation": "VARCHAR", "path": "VARCHAR", "mount_type": "VARCHAR",
            "mount_point": "VARCHAR", "namespace": {"path": "VARCHAR"},
            "client_token_accessor": "VARCHAR", "remote_address": "VARCHAR"
        },
        "response": {"secret": {"lease_id": "VARCHAR"}}
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        -- what happened
        parsed.type as entry_type,
        parsed.request.id as request_id,
        -- `help` has no id, so that nothing tells a repetition from another call
        if(
            parsed.request.id is null or parsed.type is null,
            record_key,
            parsed.request.id || '|' || parsed.type
        ) as event_key,
        parsed.request.operation as operation,
        parsed.request.path as path,
        parsed.request.mount_type as mount_type,
        parsed.request.mount_point as mount_point,
        parsed.request.namespace.path as namespace,
        nullif(parsed.error, '') as error,
        nullif(parsed.response.secret.lease_id, '') as lease_id,
        -- who did it
        parsed.auth.display_name as display_name,
        nullif(parsed.auth.entity_id, '') as entity_id,
        lower(coalesce(parsed.auth.metadata.username, parsed.auth.metadata.email))
            as actor_login,
        parsed.auth.token_type as token_type,
        coalesce(parsed.auth.policies, []) as policies,
        -- how
        parsed.request.client_token_accessor as token_accessor,
        parsed.request.remote_address as client_ip
    from source
)

{{ dedupe('renamed', ['source_id', 'event_key', 'operation', 'path']) }}
