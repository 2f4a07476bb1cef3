-- What is meant to run (deployments, stateful sets, daemon sets, cron jobs) as one snapshot shows it:
-- one row a controller and receipt. The list that it stood in says its kind.
with source as (
    {{ requested_records('kubernetes_workloads', 'controller', '{
        "metadata": {
            "uid": "VARCHAR", "name": "VARCHAR", "namespace": "VARCHAR",
            "creationTimestamp": "VARCHAR", "labels": "JSON"
        },
        "spec": {
            "replicas": "INTEGER",
            "template": {"spec": {"containers": [{"image": "VARCHAR"}]}},
            "jobTemplate": {"spec": {"template": {"spec": {"containers": [{"image": "VARCHAR"}]}}}}
        }
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the controller
        coalesce(parsed.metadata.uid, record_key) as controller_uid,
        hash(record) as content_hash,
        request ->> '$.resource' as resource,
        parsed.metadata.namespace,
        parsed.metadata.name,
        coalesce(
            parsed.metadata.labels ->> '$."app.kubernetes.io/name"', parsed.metadata.labels ->> '$.app'
        ) as service,
        parsed.spec.replicas,
        list_transform(
            coalesce(
                parsed.spec.template.spec.containers,
                parsed.spec."jobTemplate".spec.template.spec.containers, []
            ), c -> c.image
        ) as images,
        {{ instant("parsed.metadata.\"creationTimestamp\"") }} as created_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'controller_uid', 'content_hash']) }}
