"""Accounts and the people that they belong to, as a release knows them.

Reads one release. Nothing is guessed here: an account belongs to whom a rule gives it, to nobody
where two rules disagree, and is counted where no rule names anybody.
"""

from __future__ import annotations

from typing import Any

from muniment import queries
from muniment.queries import Answer
from muniment.settings import Settings

#: the rules, in the order in which they are asked
RULES = ("roster.logins", "work_email", "confirmed_link", "saml_identity", "commit_email")
ACCOUNT_COLUMNS = (
    "system", "login", "account_id", "email", "person_id", "rule", "candidates", "is_conflict",
    "kind", "is_enabled", "seen_in", "last_seen_on", "record_key",
)  # fmt: skip
COUNT_COLUMNS = (
    "system", "accounts", *(rule.replace(".", "_") for rule in RULES), "conflicts", "services",
    "unresolved",
)  # fmt: skip
#: every record that names a login, so that a unit's deciding records lead to accounts
_NAMED = """
    select record_key, lower(system) as system, login, account_id from intermediate.int_accounts
    union select record_key, lower(system), actor_login, null
          from intermediate.int_access_events where person_id is null
    union select named.record_key, lower(systems.system), lower(named.login), null
          from (
            select source_id, record_key, reviewer_login as login from intermediate.int_reviews
            union all select source_id, record_key, actor_login from intermediate.int_ref_updates
            union all select source_id, record_key, creator_login
                      from intermediate.int_deployments
            union all select source_id, record_key, author_login from intermediate.int_commits
            union all select pulls.source_id, authors.record_key, authors.identity
                      from intermediate.int_pull_authors as authors
                      join intermediate.int_pull_requests as pulls using (repository, number)
          ) as named
          join intermediate.int_source_systems as systems using (source_id)
"""
#: accounts of people that nobody was found for, and how many units wait for each
_UNRESOLVED = f"""
    with units as (
        select test_id, leg_id, unit_key, unnest(record_keys) as record_key
        from marts.fct_test_results
        where outcome = 'NOT_TESTED' and reason_code = 'unresolved_person'
    ),
    waiting as (
        select distinct accounts.system, accounts.login, accounts.account_id,
               units.test_id, units.leg_id, units.unit_key
        from marts.fct_account_people as accounts
        join ({_NAMED}) as named
          on named.system = accounts.system
         and (named.login = accounts.login or named.account_id = accounts.account_id)
        join units on named.record_key = units.record_key
        where accounts.person_id is null
    )
    select accounts.system, accounts.login, accounts.account_id, accounts.email,
           count(waiting.unit_key) as units,
           coalesce(list_sort(list_distinct(list(waiting.test_id)
             filter (where waiting.test_id is not null))), []) as tests
    from marts.fct_account_people as accounts
    left join waiting
      on waiting.system = accounts.system
     and waiting.login is not distinct from accounts.login
     and waiting.account_id is not distinct from accounts.account_id
    where accounts.person_id is null and not accounts.is_conflict
      and accounts.kind is distinct from 'service'
    group by all
    order by units desc, accounts.system, accounts.login, accounts.account_id
"""
#: everybody of the roster by their newest spell
_PEOPLE = """
    select person_id, any_value(name order by start_latest desc nulls last) as name,
           any_value(work_email order by start_latest desc nulls last) as work_email,
           md5(any_value(name order by start_latest desc nulls last)) as name_hash,
           list_distinct(flatten(list(logins))) as logins
    from intermediate.int_people group by person_id order by person_id
"""
#: under which names (hashed) and addresses a login's commits stand
_COMMITTED = """
    select lower(systems.system) as system, lower(commits.author_login) as login,
           list_distinct(list(commits.author_name_hash)) as name_hashes,
           list_distinct(list(commits.author_email)) as emails
    from intermediate.int_commits as commits
    join intermediate.int_source_systems as systems using (source_id)
    where commits.author_login is not null
    group by all
"""


def accounts(settings: Settings, release_id: int | None) -> Answer:
    """Every account, whose it is and by which rule; the unresolved first."""
    return queries.table(
        settings,
        f"select {', '.join(ACCOUNT_COLUMNS)} from marts.fct_account_people "
        "order by person_id is not null, is_conflict desc, system, login, account_id",
        release_id,
    )


def counts(found: Answer) -> Answer:
    """Of each system: accounts resolved by each rule, disputed, of services, of nobody known."""
    rows: dict[str, dict[str, Any]] = {}
    for account in found.rows:
        system = account["system"] or "(unknown)"
        row = rows.setdefault(system, {name: 0 for name in COUNT_COLUMNS} | {"system": system})
        row["accounts"] += 1
        row[_count_of(account)] += 1
    return Answer(COUNT_COLUMNS, [rows[system] for system in sorted(rows)])


def unresolved(settings: Settings, release_id: int | None) -> list[dict[str, Any]]:
    """Accounts of people whom no rule names, by the units that wait for it, most first.

    `units` counts results NOT_TESTED(unresolved_person) that rest on a record which names the
    account; a unit that waits for two accounts counts with both.
    """
    return queries.table(settings, _UNRESOLVED, release_id).rows


def roster(settings: Settings, release_id: int | None) -> list[dict[str, Any]]:
    """Everybody whom the roster knows: person_id, name, work_email, name_hash, logins."""
    return queries.table(settings, _PEOPLE, release_id).rows


def committed(settings: Settings, release_id: int | None) -> dict[tuple[str, str], dict[str, Any]]:
    """(system, login) -> `name_hashes` and `emails` of the commits that bear the login."""
    rows = queries.table(settings, _COMMITTED, release_id).rows
    return {(row["system"], row["login"]): row for row in rows}


def _count_of(account: dict[str, Any]) -> str:
    if account["is_conflict"]:
        return "conflicts"
    if account["person_id"] is not None:
        return str(account["rule"]).replace(".", "_")
    return "services" if account["kind"] == "service" else "unresolved"
