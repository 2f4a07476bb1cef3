{#- GitHub lists who has no second factor: whoever belongs to the organisation and is not on that list,
    where it was read, has one. -#}
{% macro factors__github_members() -%}
select
    members.source_id, members.receipt_id, members.sequence, members.record_key,
    members.received_at, members.event_day,
    [members.account_id] as account_ids,
    concat('github:', members.account_id) as factor_id,
    'two_factor_authentication' as factor_type,
    'GITHUB' as provider,
    'ACTIVE' as status
from ({{ github_second_factor_lists() }}) as members
where members.account_id is not null
    and not exists (
        select 1 from {{ ref('stg_github__member') }} as lacking
        where members.receipt_id = lacking.receipt_id
            and members.account_id = lacking.account_id
            and list_contains(lacking.lists, members.lacking_list)
    )
{%- endmacro %}

{#- Members and outside collaborators of receipts whose list of those without second factor was read. -#}
{% macro github_second_factor_lists() -%}
select
    listed.* exclude (record_key),
    listed.record_key,
    requests.record_key as list_key,
    requests.context ->> '$.list' as lacking_list
from (
    select *, unnest(lists) as list
    from {{ ref('stg_github__member') }}
    where not is_duplicate
) as listed
inner join {{ ref('stg_request') }} as requests
    on listed.receipt_id = requests.receipt_id
    and requests.shape = 'members'
    and requests.status = 200
    and requests.page = 1
    and (requests.context ->> '$.list') = if(
        listed.list = 'members', 'members_without_second_factor', 'outside_without_second_factor'
    )
where listed.list in ('members', 'outside_collaborators')
{%- endmacro %}
