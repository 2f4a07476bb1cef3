{#- Passwords, access keys and certificates of IAM users. The report numbers keys and does not name
    them; a key that is neither active nor was ever made is none. When one was made is not said: its
    last rotation is all that is known of its age. -#}
{% macro credentials__aws_iam_credential_report() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    account_id,
    account_id || '#' || credential.name as credential_id,
    credential.type as credential_type,
    case credential.is_active when true then 'ACTIVE' when false then 'INACTIVE' end as status,
    credential.last_used_at as last_used_at,
    credential.rotated_at as rotated_at
from (
    select
        * exclude (keys),
        unnest(list_append(keys, {
            'name': 'password', 'type': 'password', 'is_active': has_password,
            'rotated_at': password_changed_at, 'last_used_at': password_last_used_at
        })) as credential
    from {{ ref('stg_aws__account') }}
    where not is_duplicate
) as listed
where
    credential.is_active is distinct from false
    or credential.rotated_at is not null
    or credential.last_used_at is not null
{%- endmacro %}
