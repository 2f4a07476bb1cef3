{#- The groups and users that a rule's policy, or the rule itself, includes and leaves out: four lists. -#}
{% macro people_named(of) -%}
{%- for part in ['groups', 'users'] %}
{%- for side in ['include', 'exclude'] %}
        coalesce(
            from_json(applies_to -> '$.{{ of }}.{{ part }}.{{ side }}', '["VARCHAR"]'), []
        ) as {{ of }}_{{ part }}_{{ side }}
{%- if not loop.last %},{% endif %}
{%- endfor %}
{%- if not loop.last %},{% endif %}
{%- endfor %}
{%- endmacro %}

{#- Booleans: whether the members of all groups that a rule's policy, or the rule itself, includes and
    leaves out were read. -#}
{% macro groups_known(of) -%}
{%- for side in ['include', 'exclude'] %}
        list_has_all(
            coalesce(groups_of_rules.known, []), rules_named.{{ of }}_groups_{{ side }}
        ) as {{ of }}_is_{{ side }}_known
{%- if not loop.last %},{% endif %}
{%- endfor %}
{%- endmacro %}

{#- Boolean: whether what a rule's policy, or the rule itself, says of people holds for the account of
    the row, which is in the groups `own`. NULL where that hangs on a group whose members are not
    known, or where a list of users and one of groups disagree. -#}
{% macro people_match(of) -%}
(
            not list_contains(rules.{{ of }}_users_exclude, units.account_id)
            and not list_has_any(rules.{{ of }}_groups_exclude, units.own)
            and if(rules.{{ of }}_is_exclude_known, true, null)
            and case
                when len(rules.{{ of }}_users_include) = 0 then {{ in_groups(of) }}
                when len(rules.{{ of }}_groups_include) = 0
                    then list_contains(rules.{{ of }}_users_include, units.account_id)
                when list_contains(rules.{{ of }}_users_include, units.account_id)
                    = {{ in_groups(of) }} then {{ in_groups(of) }}
            end
        )
{%- endmacro %}

{% macro in_groups(of) -%}
case
                    when len(rules.{{ of }}_groups_include) = 0 then true
                    when list_has_any(rules.{{ of }}_groups_include, units.own) then true
                    when rules.{{ of }}_is_include_known then false
                end
{%- endmacro %}

{#- True or false where every row says so and one rule applies for certain, else NULL. -#}
{% macro all_agree(says, certain) -%}
case
    when min({{ certain }}) is null or bool_or({{ says }} is null) then null
    when bool_and({{ says }}) then true
    when not bool_or({{ says }}) then false
end
{%- endmacro %}
