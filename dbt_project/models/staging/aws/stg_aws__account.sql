-- IAM's credential report, one row a user and snapshot; the account's root is one of them. Words
-- that stand for no value (N/A, no_information, not_supported) are NULL: not known is not no.
with source as (
    {{ requested_records('aws_iam_credential_report', 'account', '{
        "user": "VARCHAR",
        "arn": "VARCHAR",
        "user_creation_time": "VARCHAR",
        "password_enabled": "VARCHAR",
        "password_last_used": "VARCHAR",
        "password_last_changed": "VARCHAR",
        "mfa_active": "VARCHAR",
        "access_key_1_active": "VARCHAR",
        "access_key_1_last_rotated": "VARCHAR",
        "access_key_1_last_used_date": "VARCHAR",
        "access_key_2_active": "VARCHAR",
        "access_key_2_last_rotated": "VARCHAR",
        "access_key_2_last_used_date": "VARCHAR",
        "cert_1_active": "VARCHAR",
        "cert_1_last_rotated": "VARCHAR",
        "cert_2_active": "VARCHAR",
        "cert_2_last_rotated": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        {{ instant("request ->> '$.generated_at'") }} as generated_at,
        hash(record) as content_hash,
        -- who it is
        parsed.arn as account_id,
        coalesce(parsed.arn, record_key) as account_key,
        split_part(parsed.arn, ':', 5) as account,
        lower(parsed.user) as login,
        coalesce(parsed.user = '<root_account>' or parsed.arn like '%:root', false) as is_root,
        {{ instant('parsed.user_creation_time') }} as created_at,
        -- how it gets in
        try_cast(parsed.password_enabled as boolean) as has_password,
        {{ instant('parsed.password_last_used') }} as password_last_used_at,
        {{ instant('parsed.password_last_changed') }} as password_changed_at,
        try_cast(parsed.mfa_active as boolean) as is_mfa_active,
        -- its keys and certificates; of those that are gone the report has N/A for every time
        [
            {
                'name': 'access_key_1', 'type': 'access_key',
                'is_active': try_cast(parsed.access_key_1_active as boolean),
                'rotated_at': {{ instant('parsed.access_key_1_last_rotated') }},
                'last_used_at': {{ instant('parsed.access_key_1_last_used_date') }}
            },
            {
                'name': 'access_key_2', 'type': 'access_key',
                'is_active': try_cast(parsed.access_key_2_active as boolean),
                'rotated_at': {{ instant('parsed.access_key_2_last_rotated') }},
                'last_used_at': {{ instant('parsed.access_key_2_last_used_date') }}
            },
            {
                'name': 'cert_1', 'type': 'certificate',
                'is_active': try_cast(parsed.cert_1_active as boolean),
                'rotated_at': {{ instant('parsed.cert_1_last_rotated') }},
                'last_used_at': cast(null as timestamp)
            },
            {
                'name': 'cert_2', 'type': 'certificate',
                'is_active': try_cast(parsed.cert_2_active as boolean),
                'rotated_at': {{ instant('parsed.cert_2_last_rotated') }},
                'last_used_at': cast(null as timestamp)
            }
        ] as keys
    from source
)

{{ dedupe('renamed', ['receipt_id', 'account_key', 'content_hash']) }}
