-- One row a finding, whatever number of runs reported it: the same rule at the same place of the
-- same asset by the same scanner. A finding that comes back keeps the time at which it was first
-- seen.
select
    finding_key,
    -- what and where
    any_value(entity) as entity,
    asset_id,
    scanner,
    category,
    any_value(finding_type) as finding_type,
    rule_id,
    any_value(cve) as cve,
    list_sort(list_distinct(flatten(list(coalesce(cwes, []))))) as cwes,
    arg_max(location, (event_day, completed_at, record_key)) as location,
    arg_max(message, (event_day, completed_at, record_key)) as message,
    -- when
    min(event_day) as first_day,
    max(event_day) as last_day,
    min(completed_at) as first_seen,
    max(completed_at) as last_seen,
    count(*) filter (where completed_at is null) as undated_reports,
    count(*) as reports,
    -- a fix: known since the first run that names one, unknown until the last that names none
    min(completed_at) filter (where fixed_version is not null) as fix_seen,
    max(completed_at) filter (where fixed_version is null) as fix_unseen,
    -- as last reported
    arg_max(severity, (event_day, completed_at, record_key)) as severity,
    arg_max(is_suppressed, (event_day, completed_at, record_key)) as is_suppressed,
    arg_min(record_key, (event_day, completed_at, record_key)) as first_record_key,
    arg_max(record_key, (event_day, completed_at, record_key)) as last_record_key
from {{ ref('int_finding_reports') }}
group by finding_key, asset_id, scanner, category, rule_id
