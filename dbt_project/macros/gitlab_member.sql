{#- The columns of a GitLab member, of a group's list or a project's: from `parsed`, by the structure of
    gitlab_member_fields. The end of a membership is a day (older versions: an instant). -#}
{% macro gitlab_member_fields() -%}
{"id": "BIGINT", "username": "VARCHAR", "name": "VARCHAR", "state": "VARCHAR", "locked": "BOOLEAN",
 "membership_state": "VARCHAR", "access_level": "INTEGER", "created_at": "VARCHAR",
 "expires_at": "VARCHAR", "email": "VARCHAR", "member_role": {"name": "VARCHAR"},
 "group_saml_identity": {"extern_uid": "VARCHAR", "provider": "VARCHAR"}}
{%- endmacro %}

{% macro gitlab_member() -%}
        -- the member
        cast(parsed.id as varchar) as account_id,
        coalesce(cast(parsed.id as varchar), record_key) as account_key,
        lower(parsed.username) as login,
        lower(parsed.email) as email,
        parsed.state,
        parsed.locked as is_locked,
        parsed.group_saml_identity.extern_uid is not null as is_sso_managed,
        -- the right
        parsed.access_level,
        parsed.member_role.name as custom_role,
        parsed.membership_state,
        {{ instant("parsed.created_at") }} as created_at,
        try_cast(left(parsed.expires_at, 10) as date) as expires_on
{%- endmacro %}
