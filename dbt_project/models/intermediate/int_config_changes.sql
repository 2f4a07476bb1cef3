-- Changes to settings and to infrastructure, in OCSF's terms: one row an event, whatever control
-- plane logged it, and one more for each other way in which the source told it. A try that failed
-- is a row too: `outcome` says so. Who acted is resolved to a person by the roster's logins, then by
-- work email. What a system's own words mean here stands in the macro of its kind.
{%- set kinds = {
    'azure_activity': config_changes__azure_activity,
    'aws_cloudtrail': config_changes__aws_cloudtrail,
    'github_audit_log': config_changes__github_audit_log,
    'azure_diagnostic_logs': config_changes__azure_diagnostic_logs,
    'kubernetes_audit': config_changes__kubernetes_audit,
    'airflow_event_log': config_changes__airflow_event_log,
} %}
{%- set columns = {
    'event_id': 'varchar', 'event_key': 'varchar', 'event_time': 'timestamp',
    'stream': 'varchar', 'class_uid': 'integer', 'activity_id': 'integer',
    'event_type': 'varchar', 'outcome': 'varchar', 'outcome_reason': 'varchar',
    'actor_id': 'varchar', 'actor_type': 'varchar', 'actor_login': 'varchar',
    'session_id': 'varchar', 'client_ip': 'varchar', 'country': 'varchar',
    'user_agent': 'varchar',
    'account': 'varchar', 'region': 'varchar', 'resource_type': 'varchar', 'resource': 'varchar',
    'action': 'varchar', 'setting': 'varchar', 'old_value': 'varchar', 'new_value': 'varchar',
    'request_id': 'varchar', 'unmapped': 'json',
} %}

with changes as (
    {{ united(columns, kinds) }}
),

first_reads as (
    select source_id, day, min(sequence) as first_sequence
    from (
        select
            source_id,
            sequence,
            cast(unnest(generate_series(
                cast(window_start as date), cast(window_end as date) - 1, interval 1 day
            )) as date) as day
        from {{ source('ops', 'receipts') }}
        where kind in ('{{ kinds | join("', '") }}')
    ) as windows
    group by source_id, day
)

select
    changes.* exclude (sequence),
    systems.system,
    configured.entity,
    coalesce(changes.sequence > first_reads.first_sequence, false) as is_late,
    '1.8.0' as ocsf_version,
    changes.class_uid * 100 + changes.activity_id as type_uid,
    if(by_login.login is null, by_email.person_id, by_login.person_id) as person_id
from changes
left join {{ source('ops', 'sources') }} as configured on changes.source_id = configured.source_id
left join {{ ref('int_source_systems') }} as systems on changes.source_id = systems.source_id
left join first_reads
    on changes.source_id = first_reads.source_id and changes.event_day = first_reads.day
left join {{ ref('int_person_logins') }} as by_login
    on by_login.system = systems.system and changes.actor_login = by_login.login
left join {{ ref('int_person_logins') }} as by_email
    on by_email.system = '*' and changes.actor_login = by_email.login
