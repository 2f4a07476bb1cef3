-- What people and services did, in OCSF's terms: one row an event, whatever system logged it, and
-- one more for each other way in which the source told it. Who acted is resolved to a person by the
-- roster's logins, then by work email. What a system's own words mean here stands in the macro of
-- its kind.
{%- set kinds = {
    'aws_cloudtrail': access_events__aws_cloudtrail,
    'google_workspace_activity': access_events__google_workspace_activity,
    'okta_system_log': access_events__okta_system_log,
    'entra_signins': access_events__entra_signins,
    'entra_audit': access_events__entra_audit,
    'github_audit_log': access_events__github_audit_log,
    'azure_diagnostic_logs': access_events__azure_diagnostic_logs,
    'vault_audit': access_events__vault_audit,
    'kubernetes_audit': access_events__kubernetes_audit,
    'sshd_log': access_events__sshd_log,
    'pgaudit': access_events__pgaudit,
    'airflow_event_log': access_events__airflow_event_log,
} %}
{%- set columns = {
    'event_id': 'varchar', 'event_key': 'varchar', 'event_time': 'timestamp',
    'stream': 'varchar', 'class_uid': 'integer', 'activity_id': 'integer',
    'event_type': 'varchar', 'outcome': 'varchar', 'outcome_reason': 'varchar',
    'actor_id': 'varchar', 'actor_type': 'varchar', 'actor_login': 'varchar',
    'target_user_id': 'varchar', 'target_type': 'varchar', 'target_id': 'varchar',
    'session_id': 'varchar', 'is_interactive': 'boolean', 'is_mfa': 'boolean',
    'credential_type': 'varchar', 'factor': 'varchar', 'authenticators': 'varchar[]',
    'client_ip': 'varchar', 'country': 'varchar', 'user_agent': 'varchar',
    'is_privileged': 'boolean', 'unmapped': 'json',
} %}

with events as (
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
    events.* exclude (sequence),
    systems.system,
    configured.entity,
    coalesce(events.sequence > first_reads.first_sequence, false) as is_late,
    '1.8.0' as ocsf_version,
    events.class_uid * 100 + events.activity_id as type_uid,
    if(by_login.login is null, by_email.person_id, by_login.person_id) as person_id
from events
left join {{ source('ops', 'sources') }} as configured on events.source_id = configured.source_id
left join {{ ref('int_source_systems') }} as systems on events.source_id = systems.source_id
left join first_reads
    on events.source_id = first_reads.source_id and events.event_day = first_reads.day
left join {{ ref('int_person_logins') }} as by_login
    on by_login.system = systems.system and events.actor_login = by_login.login
left join {{ ref('int_person_logins') }} as by_email
    on by_email.system = '*' and events.actor_login = by_email.login
