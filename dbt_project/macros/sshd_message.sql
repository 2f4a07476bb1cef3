{#- What OpenSSH's own words say: each a SQL expression over `words`, the text of one message. A user
    name is whatever the other side sent, so that the last address of a message counts, which the
    server wrote itself. -#}
{% macro sshd_parts(pattern) -%}
    regexp_extract(words, '{{ pattern }}', ['method', 'login', 'ip'])
{%- endmacro %}

{#- What happened, in our words; NULL for messages that are about nobody's sign-in. -#}
{% macro sshd_action() -%}
    case
        when starts_with(words, 'Accepted ') then 'accepted'
        when starts_with(words, 'Failed ') then 'failed'
        when starts_with(words, 'Invalid user ') then 'invalid_user'
        when regexp_matches(words, '^User .* not allowed because') then 'not_allowed'
        when regexp_matches(
            words,
            '^(Connection (closed|reset) by|Disconnected from) (authenticating|invalid) user '
        ) then 'gave_up'
        when contains(words, 'maximum authentication attempts exceeded for ') then 'too_many_attempts'
        when contains(words, 'session opened for user ') then 'session_opened'
        when contains(words, 'session closed for user ') then 'session_closed'
        when regexp_matches(words, '^Disconnected from user ') then 'disconnected'
    end
{%- endmacro %}
