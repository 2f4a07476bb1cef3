-- Whose factor list a day's newest snapshot read in full: one row an account and day. A list that
-- was read and is empty has a row here and none in int_factors; a list that was not read has none.
with answers as (
    select
        requests.source_id,
        requests.receipt_id,
        requests.record_key,
        cast(requests.received_at as date) as day,
        requests.context ->> '$.account_id' as account_id,
        requests.sequence,
        max(requests.sequence) over (
            partition by requests.source_id, cast(requests.received_at as date)
        ) as newest_sequence
    from {{ ref('stg_request') }} as requests
    inner join {{ source('ops', 'sources') }} as configured
        on requests.source_id = configured.source_id and configured.kind = 'okta_users'
    where requests.shape = 'factors' and requests.status = 200
)

select
    answers.source_id,
    answers.receipt_id,
    min(answers.record_key) as record_key,
    answers.day,
    systems.system,
    answers.account_id
from answers
left join {{ ref('int_source_systems') }} as systems on answers.source_id = systems.source_id
where answers.sequence = answers.newest_sequence
group by answers.source_id, answers.receipt_id, answers.day, systems.system, answers.account_id
