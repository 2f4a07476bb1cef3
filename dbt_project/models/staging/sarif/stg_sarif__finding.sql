-- SARIF results, one row a result. What a result leaves out comes from its run's rules and
-- artifacts: level, severity, uri. A severity that nobody gives stays NULL.
with source as (
    {{ file_records('sarif', 'finding', '{
        "ruleId": "VARCHAR",
        "ruleIndex": "BIGINT",
        "rule": {"id": "VARCHAR", "index": "BIGINT", "toolComponent": {"index": "BIGINT"}},
        "level": "VARCHAR",
        "kind": "VARCHAR",
        "baselineState": "VARCHAR",
        "message": {"text": "VARCHAR"},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": "VARCHAR", "index": "BIGINT"},
                "region": {"startLine": "BIGINT", "snippet": {"text": "VARCHAR"}},
                "contextRegion": {"snippet": {"text": "VARCHAR"}}
            },
            "logicalLocations": [{"fullyQualifiedName": "VARCHAR"}]
        }],
        "fingerprints": "JSON",
        "partialFingerprints": "JSON",
        "suppressions": [{"kind": "VARCHAR", "status": "VARCHAR", "state": "VARCHAR"}],
        "properties": "JSON"
    }') }}
),

runs as (
    select
        receipt_id,
        object_sha256,
        unnest(range(len(documents.runs))) as run_index,
        documents.runs[run_index + 1] as run
    from (
        select
            receipt_id,
            object_sha256,
            from_json(record -> '$.runs', '[{
                "tool": {
                    "driver": {"name": "VARCHAR", "rules": [
                        {"id": "VARCHAR", "defaultConfiguration": {"level": "VARCHAR"},
                         "properties": "JSON"}]},
                    "extensions": [{"rules": [
                        {"id": "VARCHAR", "defaultConfiguration": {"level": "VARCHAR"},
                         "properties": "JSON"}]}]
                },
                "invocations": [{"endTimeUtc": "VARCHAR"}],
                "artifacts": [{"location": {"uri": "VARCHAR"}}]
            }]') as runs
        from ({{ bronze_records('sarif', 'scan_run') }})
    ) as documents
),

results as (
    select
        * exclude (record),
        parsed as result,
        cast(regexp_extract(record_path, '^/runs/(\d+)/', 1) as bigint) as run_index
    from source
),

ruled as (
    select
        results.*,
        runs.run,
        coalesce(
            result.rule."toolComponent"."index",
            -1
        ) as component,
        case
            when component >= 0 then run.tool.extensions[component + 1].rules
            else run.tool.driver.rules
        end as rules,
        coalesce(
            rules[coalesce(result."ruleIndex", result.rule."index") + 1],
            -- `PREFIX/sub` names a sub-rule of rule PREFIX
            list_filter(
                rules,
                r -> r.id = coalesce(result."ruleId", result.rule.id)
                    or starts_with(coalesce(result."ruleId", result.rule.id), r.id || '/')
            )[1]
        ) as rule,
        result.locations[1]."physicalLocation" as place
    from results
    left join runs using (receipt_id, object_sha256, run_index)
),

described as (
    select
        *,
        coalesce(result."ruleId", result.rule.id, rule.id) as rule_id,
        coalesce(
            place."artifactLocation".uri,
            run.artifacts[place."artifactLocation"."index" + 1].location.uri,
            result.locations[1]."logicalLocations"[1]."fullyQualifiedName"
        ) as uri,
        coalesce(place.region.snippet.text, place."contextRegion".snippet.text) as snippet,
        nullif(nullif(cast(result.fingerprints as varchar), '{}'), 'null') as fingerprints,
        nullif(nullif(cast(result."partialFingerprints" as varchar), '{}'), 'null')
            as partial_fingerprints,
        try_cast(coalesce(
            result.properties ->> '$."security-severity"', rule.properties ->> '$."security-severity"'
        ) as double) as security_severity,
        lower(coalesce(
            result.properties ->> '$.issue_severity', result.properties ->> '$.severity',
            rule.properties ->> '$.severity'
        )) as named_severity
    from ruled
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        object_sha256,
        run_index,
        asset_ids,
        cast(coalesce(
            list_max(list_transform(run.invocations, i -> {{ instant("i.\"endTimeUtc\"") }})),
            modified_at,
            received_at
        ) as date) as event_day,
        -- what was found
        lower(run.tool.driver.name) as scanner,
        rule_id,
        nullif(regexp_extract(upper(rule_id), 'CVE-\d{4}-\d{4,}'), '') as cve,
        list_sort(list_distinct(list_transform(
            regexp_extract_all(
                lower(concat(rule.properties ->> '$.tags', ' ', result.properties ->> '$.cwe')),
                'cwe-0*(\d+)',
                1
            ),
            number -> 'CWE-' || number
        ))) as cwes,
        left(result.message.text, 500) as message,
        coalesce(result.level, rule."defaultConfiguration".level, 'warning') as level,
        coalesce(result.kind, 'fail') as kind,
        result."baselineState" as baseline_state,
        -- a result that passed, does not apply or is gone is no finding
        coalesce(result.kind, 'fail') in ('fail', 'open', 'review')
        and coalesce(result."baselineState", 'new') <> 'absent' as is_reported,
        -- where
        uri as location,
        place.region."startLine" as line,
        md5(coalesce(
            fingerprints,
            -- partial: they tell results of one rule in one file apart
            if(partial_fingerprints is null, null, concat_ws('|', uri, partial_fingerprints)),
            concat_ws('|', run.tool.driver.name, rule_id, uri, snippet)
        )) as fingerprint,
        -- how bad: the bands of CVSS for a score, the tool's own word else
        case
            when security_severity >= 9.0 then 'critical'
            when security_severity >= 7.0 then 'high'
            when security_severity >= 4.0 then 'medium'
            when security_severity > 0.0 then 'low'
            when security_severity is null then case
                when named_severity in ('critical', 'high', 'medium', 'low') then named_severity
                when named_severity = 'moderate' then 'medium'
            end
        end as severity,
        case
            when security_severity is not null then 'security-severity'
            when named_severity is not null then 'properties'
        end as severity_basis,
        cast(null as varchar) as fixed_version,
        -- what a hand did about it
        coalesce(
            len(list_filter(
                result.suppressions, s -> coalesce(s.status, s.state, 'accepted') = 'accepted'
            )) > 0,
            false
        ) as is_suppressed,
        result.suppressions[1].kind as suppressed_by
    from described
)

{{ dedupe('renamed', ['source_id', 'record_key', 'asset_ids']) }}
