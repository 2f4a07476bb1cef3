{#- Heads of protected branches, each from one movement to the next. Where only the day's tip is
    known, the movement lies between two days: `sure_*` holds under every reading, `may_*` under one. -#}
{% macro vul_02_heads() -%}
with movements as (
    select
        updates.repository,
        updates.branch,
        updates.before_revision,
        updates.after_revision,
        if(updates.basis = 'ref_tips', cast(updates.moved_after as timestamp), updates.moved_at)
            as may_from,
        if(updates.basis = 'ref_tips', cast(updates.moved_on + 1 as timestamp), updates.moved_at)
            as sure_from,
        row_number() over branch_by_time as position,
        lead(sure_from) over branch_by_time as next_sure,
        lead(may_from) over branch_by_time as next_may
    from {{ ref('int_ref_updates') }} as updates
    inner join (
        select distinct repository, branch from {{ ref('int_repositories') }}
    ) as protected
        on updates.repository = protected.repository and updates.branch = protected.branch
    window branch_by_time as (
        partition by updates.repository, updates.branch order by updates.moved_at, updates.record_key
    )
)

select
    lower(repository) as repository,
    after_revision as revision,
    may_from,
    sure_from,
    coalesce(next_sure, timestamp '9999-12-31') as may_to,
    coalesce(next_may, timestamp '9999-12-31') as sure_to
from movements

union all

select
    lower(repository) as repository,
    before_revision as revision,
    timestamp '1900-01-01' as may_from,
    timestamp '1900-01-01' as sure_from,
    sure_from as may_to,
    may_from as sure_to
from movements
where position = 1
{%- endmacro %}
