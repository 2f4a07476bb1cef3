{#- Leg revoked: every account that the leaver held there was disabled within the limit. -#}
{% macro iam_04_revoked(traced) -%}
select
    'revoked' as leg_id,
    unit_key, attributes, entity, system,
    system as asset_id,
    end_latest as event_time,
    effective_on,
    case
        when ruling in ('PASS', 'EXCEPTION', 'PENDING') then ruling
        when ruling = 'no_account' then 'NOT_APPLICABLE'
        else 'NOT_TESTED'
    end as proposed,
    case
        when ruling = 'EXCEPTION' then if(is_kept, 'NOT_REVOKED', 'REVOKED_LATE')
        when ruling not in ('PASS', 'PENDING') then ruling
    end as reason_code,
    case ruling
        when 'null_field' then case
            when left_from is null then concat('roster.end_at cannot be read: ', end_stated)
            when limit_to is null then 'IAM-04 leaver_limit: no limit was ever given'
            else concat('identities.account.status is not known: ', findings)
        end
        when 'no_account' then 'No account there, disabled ones included, was made before the end'
        when 'unresolved_person' then concat(
            'May be the leaver''s, but belongs to nobody in the roster, or to several people: ',
            doubtful_logins
        )
        when 'bounded' then concat(
            findings, '. Limit ', strftime(limit_from, '%Y-%m-%d %H:%M:%S'), ' to ',
            strftime(limit_to, '%Y-%m-%d %H:%M:%S'),
            ': in time by one reading, too late by the other'
        )
        else concat(
            'Ended ', end_stated, ', limit ', strftime(limit_to, '%Y-%m-%d %H:%M:%S'), ': ', findings
        )
    end as reason,
    person_id, vendor_id,
    cast(null as varchar) as criteria_key,
    is_in_scope,
    json_object('leaver_limit', leaver_limit, 'bare_end_reads_as', bare_end_reads_as)
        as parameters,
    list_concat([record_key], account_keys, doubtful_keys) as record_keys,
    cast([
        {{ need('identities.account', 'newest_day', 'null', 'system') }},
        {{ need('roster', 'effective_on', 'effective_on') }},
        {{ need('assets.asset', 'effective_on', 'effective_on') }}
    ] as {{ needs_type() }}) as needs,
    cast(coalesce(start_earliest, timestamp '1900-01-01') as date) as hangs_from,
    date '9999-12-31' as hangs_to,
    counts_from,
    counts_to
from {{ traced }}
{%- endmacro %}
