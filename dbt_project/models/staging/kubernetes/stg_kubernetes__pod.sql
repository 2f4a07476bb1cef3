-- Pods as one snapshot shows them: one row a pod and receipt, with the digests that its containers
-- run. An image id without a repository names an image's configuration, not its digest: unknown.
with source as (
    {{ bronze_records('kubernetes_workloads', 'pod', '{
        "metadata": {
            "uid": "VARCHAR", "name": "VARCHAR", "namespace": "VARCHAR",
            "creationTimestamp": "VARCHAR", "labels": "JSON",
            "ownerReferences": [{"kind": "VARCHAR", "name": "VARCHAR", "controller": "BOOLEAN"}]
        },
        "spec": {
            "nodeName": "VARCHAR", "serviceAccountName": "VARCHAR",
            "containers": [{"name": "VARCHAR", "image": "VARCHAR"}],
            "initContainers": [{"name": "VARCHAR", "image": "VARCHAR"}]
        },
        "status": {
            "phase": "VARCHAR",
            "containerStatuses": [{"name": "VARCHAR", "imageID": "VARCHAR", "state": "JSON"}],
            "initContainerStatuses": [{"name": "VARCHAR", "imageID": "VARCHAR", "state": "JSON"}]
        }
    }') }}
),

read as (
    select
        *,
        list_concat(
            coalesce(parsed.spec.containers, []), coalesce(parsed.spec."initContainers", [])
        ) as stated,
        list_concat(
            coalesce(parsed.status."containerStatuses", []),
            coalesce(parsed.status."initContainerStatuses", [])
        ) as statuses
    from source
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the pod
        coalesce(parsed.metadata.uid, record_key) as pod_uid,
        hash(record) as content_hash,
        parsed.metadata.namespace,
        parsed.metadata.name,
        coalesce(
            parsed.metadata.labels ->> '$."app.kubernetes.io/name"', parsed.metadata.labels ->> '$.app'
        ) as service,
        list_filter(parsed.metadata."ownerReferences", o -> coalesce(o.controller, false))[1].kind
            as owner_kind,
        list_filter(parsed.metadata."ownerReferences", o -> coalesce(o.controller, false))[1].name
            as owner_name,
        parsed.spec."nodeName" as node_name,
        parsed.spec."serviceAccountName" as service_account,
        parsed.status.phase,
        {{ instant("parsed.metadata.\"creationTimestamp\"") }} as created_at,
        -- its containers, with what runs in them
        to_json(list_transform(stated, c -> {
            'name': c.name,
            'image': c.image,
            'image_id': nullif(list_filter(statuses, s -> s.name = c.name)[1]."imageID", ''),
            'digest': nullif(regexp_extract(
                list_filter(statuses, s -> s.name = c.name)[1]."imageID", '@(sha\d+:[0-9a-f]+)$', 1
            ), ''),
            'is_running':
                json_exists(list_filter(statuses, s -> s.name = c.name)[1].state, '$.running')
        })) as containers
    from read
)

{{ dedupe('renamed', ['receipt_id', 'pod_uid', 'content_hash']) }}
