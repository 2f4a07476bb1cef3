{#- The columns of one entry of a Trivy result's lists (Vulnerabilities, Misconfigurations,
    Secrets, Licenses), whose members differ by list. -#}
{% macro trivy_finding(entry, list_name) -%}
  'trivy' as scanner,
  {{ list_name }} as list_name,
  case {{ list_name }}
    when 'Vulnerabilities' then {{ entry }} ->> '$.VulnerabilityID'
    when 'Misconfigurations' then coalesce({{ entry }} ->> '$.ID', {{ entry }} ->> '$.AVDID')
    when 'Secrets' then {{ entry }} ->> '$.RuleID'
    when 'Licenses' then {{ entry }} ->> '$.Name'
  end as rule_id,
  nullif(regexp_extract(upper(rule_id), 'CVE-\d{4}-\d{4,}'), '') as cve,
  coalesce(from_json({{ entry }} -> '$.CweIDs', '["VARCHAR"]'), []) as cwes,
  left(coalesce({{ entry }} ->> '$.Title', {{ entry }} ->> '$.Message'), 500) as message,
  {{ entry }} ->> '$.PkgName' as package,
  {{ entry }} ->> '$.PkgIdentifier.PURL' as purl,
  coalesce({{ entry }} ->> '$.PkgPath', {{ entry }} ->> '$.FilePath') as file_path,
  {{ entry }} ->> '$.InstalledVersion' as installed_version,
  nullif({{ entry }} ->> '$.FixedVersion', '') as fixed_version,
  {{ entry }} ->> '$.Status' as status,
  try_cast(coalesce(
    {{ entry }} ->> '$.StartLine', {{ entry }} ->> '$.CauseMetadata.StartLine'
  ) as bigint) as line,
  {{ entry }} ->> '$.CauseMetadata.Resource' as resource,
  case upper({{ entry }} ->> '$.Severity')
    when 'CRITICAL' then 'critical'
    when 'HIGH' then 'high'
    when 'MEDIUM' then 'medium'
    when 'LOW' then 'low'
  end as severity,
  {{ entry }} ->> '$.SeveritySource' as severity_basis
{%- endmacro %}

{#- What tells two Trivy findings of one rule apart from one run to the next: an operating-system
    package's name alone (the target names the system's release), anything else its target too. -#}
{% macro trivy_fingerprint() -%}
  md5(concat_ws(
    '|', if(class = 'os-pkgs', null, target), package, resource, file_path
  ))
{%- endmacro %}
