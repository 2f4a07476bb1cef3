-- Factors as each day's newest snapshot shows them: one row an account, day and factor. A security
-- question is a second thing known, not a second factor.
with answers as (
    select
        *,
        max(sequence) over (partition by source_id, event_day) as newest_sequence
    from {{ ref('stg_okta__factor') }}
)

select
    answers.source_id,
    answers.receipt_id,
    answers.record_key,
    answers.event_day as day,
    systems.system,
    unnest(answers.account_ids) as account_id,
    answers.factor_id,
    answers.factor_type,
    answers.provider,
    answers.status,
    {{ is_second_factor('answers.factor_type') }} as is_second_factor,
    answers.created_at
from answers
left join {{ ref('int_source_systems') }} as systems on answers.source_id = systems.source_id
where answers.sequence = answers.newest_sequence
