-- The catalogue of exploited vulnerabilities as each day's feed lists it: one row an entry and
-- receipt (int_kev tells which entries a day's catalogue holds). Its days are bare dates of a place
-- that the catalogue does not state, so they stay texts here.
with source as (
    {{ bronze_records('cisa_kev', 'vulnerability', '{
        "cveID": "VARCHAR",
        "vendorProject": "VARCHAR",
        "product": "VARCHAR",
        "vulnerabilityName": "VARCHAR",
        "dateAdded": "VARCHAR",
        "dueDate": "VARCHAR",
        "requiredAction": "VARCHAR",
        "knownRansomwareCampaignUse": "VARCHAR",
        "cwes": ["VARCHAR"]
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the vulnerability
        nullif(upper(trim(parsed."cveID")), '') as cve,
        hash(record) as content_hash,
        parsed."vendorProject" as vendor,
        parsed.product,
        parsed."vulnerabilityName" as title,
        parsed.cwes,
        case lower(parsed."knownRansomwareCampaignUse")
            when 'known' then true
        end as is_used_by_ransomware,
        -- what is asked, and by when
        parsed."requiredAction" as required_action,
        nullif(trim(parsed."dateAdded"), '') as listed_on_stated,
        nullif(trim(parsed."dueDate"), '') as due_on_stated,
        -- the day on which the list changed, for what is judged again
        cast({{ bare_day("trim(parsed.\"dateAdded\")") }} as date) as listed_day
    from source
)

{{ dedupe('renamed', ['source_id', 'cve', 'content_hash']) }}
