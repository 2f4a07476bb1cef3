-- Google Workspace's users as one snapshot shows them: one row an account and receipt. A user that
-- both listings answer alike is a duplicate.
with source as (
    {{ bronze_records('google_workspace_users', 'account', '{
        "id": "VARCHAR",
        "primaryEmail": "VARCHAR",
        "customerId": "VARCHAR",
        "orgUnitPath": "VARCHAR",
        "suspended": "BOOLEAN",
        "suspensionReason": "VARCHAR",
        "archived": "BOOLEAN",
        "isAdmin": "BOOLEAN",
        "isDelegatedAdmin": "BOOLEAN",
        "isEnrolledIn2Sv": "BOOLEAN",
        "isEnforcedIn2Sv": "BOOLEAN",
        "creationTime": "VARCHAR",
        "deletionTime": "VARCHAR",
        "lastLoginTime": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the account
        parsed.id as account_id,
        coalesce(parsed.id, record_key) as account_key,
        hash(record) as content_hash,
        lower(parsed."primaryEmail") as login,
        parsed."customerId" as customer_id,
        parsed."orgUnitPath" as org_unit,
        -- its state: Google has no word for it, so these are ours
        case
            when parsed."deletionTime" is not null then 'DELETED'
            when parsed.suspended then 'SUSPENDED'
            when parsed.archived then 'ARCHIVED'
            when not parsed.suspended then 'ACTIVE'
        end as status,
        parsed."suspensionReason" as suspension_reason,
        parsed."isAdmin" as is_super_admin,
        parsed."isDelegatedAdmin" as is_delegated_admin,
        parsed."isEnrolledIn2Sv" as is_enrolled_in_2sv,
        parsed."isEnforcedIn2Sv" as is_enforced_in_2sv,
        -- the times that it dates itself; Google writes the year 1970 for "never"
        {{ instant("parsed.\"creationTime\"") }} as created_at,
        {{ instant("parsed.\"deletionTime\"") }} as deleted_at,
        case
            when {{ instant("parsed.\"lastLoginTime\"") }} >= timestamp '1970-01-02'
                then {{ instant("parsed.\"lastLoginTime\"") }}
        end as last_login_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'account_key', 'content_hash']) }}
