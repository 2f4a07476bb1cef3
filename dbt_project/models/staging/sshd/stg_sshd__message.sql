-- OpenSSH servers' logs, one row a line or journal entry, whoever wrote it. Syslog's lines have no
-- number: of equal ones of one instant, those of one object are told apart by their order.
with source as (
    {{ bronze_records('sshd_log', 'message', '{
        "line": "VARCHAR",
        "time_basis": "VARCHAR",
        "MESSAGE": "VARCHAR",
        "SYSLOG_IDENTIFIER": "VARCHAR",
        "_HOSTNAME": "VARCHAR",
        "_PID": "VARCHAR",
        "__CURSOR": "VARCHAR"
    }') }}
),

-- RFC 5424, or what rsyslog writes by itself: a time, a host, a tag
cut as (
    select
        *,
        if(
            regexp_matches(parsed.line, '^<\d{1,3}>1 '),
            regexp_extract(
                parsed.line,
                '^<\d{1,3}>1 \S+ (\S+) (\S+) (\S+) \S+ (?:-|(?:\[.*?\])+) ?(.*)$',
                ['host', 'program', 'pid', 'words']
            ),
            regexp_extract(
                parsed.line,
                '^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} +\d{1,2} [\d:.]+|\d{4}-\S+) '
                || '(\S+) ([^\s:\[]+)(?:\[(\d+)\])?: *(.*)$',
                ['host', 'program', 'pid', 'words']
            )
        ) as header
    from source
),

told as (
    select
        *,
        coalesce(parsed."MESSAGE", header.words) as message,
        try_cast(
            nullif(regexp_extract(message, '^message repeated (\d+) times: \[ ', 1), '') as integer
        ) as repeated,
        coalesce(
            nullif(regexp_extract(message, '^message repeated \d+ times: \[ ?(.*)\]$', 1), ''),
            message
        ) as words
    from cut
),

known as (
    select
        *,
        {{ sshd_action() }} as action,
        coalesce(
            case action
                when 'accepted' then
                    {{ sshd_parts('^\\w+ (\\S+) for (.*) from (\\S+) port \\d+') }}
                when 'failed' then
                    {{ sshd_parts('^\\w+ (\\S+) for (?:invalid user )?(.*) from (\\S+) port \\d+') }}
                when 'invalid_user' then
                    {{ sshd_parts('^Invalid user()(.*) from (\\S+?)(?: port \\d+)?$') }}
                when 'not_allowed' then
                    {{ sshd_parts('^User()(.*) from (\\S+) not allowed') }}
                when 'gave_up' then
                    {{ sshd_parts('(?:authenticating|invalid) user()(.*) (\\S+) port \\d+') }}
                when 'too_many_attempts' then
                    {{ sshd_parts('exceeded for()(?: invalid user)?(.*) from (\\S+) port \\d+') }}
                when 'disconnected' then
                    {{ sshd_parts('^Disconnected from user()(.*) (\\S+) port \\d+') }}
                when 'session_opened' then
                    {{ sshd_parts('session opened for user()(?: )?([^(\\s]*)()') }}
                when 'session_closed' then
                    {{ sshd_parts('session closed for user()(?: )?([^(\\s]*)()') }}
            end,
            {'method': '', 'login': '', 'ip': ''}
        ) as said
    from told
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        if(parsed.line is null, 'stated', parsed.time_basis) as time_basis,
        coalesce(
            parsed."__CURSOR",
            hash(record) || '#' || row_number() over (
                partition by receipt_id, object_sha256, hash(record) order by record_no
            )
        ) as event_key,
        -- what happened
        coalesce(parsed."_HOSTNAME", nullif(header.host, '')) as host,
        coalesce(parsed."SYSLOG_IDENTIFIER", nullif(header.program, '')) as program,
        coalesce(parsed."_PID", nullif(header.pid, '')) as process_id,
        if(regexp_matches(program, '^sshd(-session|-auth)?$'), action, null) as action,
        coalesce(repeated, 1) as occurrences,
        message,
        -- who, how, from where
        if(action is null, null, nullif(lower(trim(said.login)), '')) as actor_login,
        nullif(said.method, '') as method,
        nullif(said.ip, '') as client_ip
    from known
)

{{ dedupe('renamed', ['source_id', 'event_key']) }}
