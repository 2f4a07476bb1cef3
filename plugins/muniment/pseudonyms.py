"""What leaves the warehouse bears pseudonyms: keyed MACs, the key kept in the home alone.

Identifiers of people (person ids, accounts, logins, addresses, names) are replaced wherever they
stand: as the value of a person's column, and as a whole word in attributes and reasons. What
belongs to one person by the roster has one pseudonym, the same in every pack of this home.
"""

from __future__ import annotations

import re
from typing import Any

import duckdb

from muniment import signing
from muniment.storage import Store

#: columns and attributes that hold a person whatever their value
PERSON_KEYS = frozenset(
    {"person_id", "account_id", "manager_id", "actor_id", "login", "email", "work_email"}
)
#: fields of a register whose values are people, whole
_PERSON_FIELDS = PERSON_KEYS | {"name", "owner", "approver"}
#: columns that never name a person; an asset that is called like somebody's login stays readable
_KEPT = frozenset(
    {"test_id", "leg_id", "entity", "system", "asset_id", "outcome", "reason_code", "severity",
     "vendor_id", "waiver_id", "record_keys", "source_id", "log_source_id", "framework",
     "criterion_id", "status", "mapped_tests", "kind", "stream", "verdict", "grade", "basis",
     "receipt_ids", "register", "field", "now_outcome", "now_reason_code"}
)  # fmt: skip
_DIGITS = 16  # 64 bits: a company's people do not collide, and a row stays readable
_WORD = re.compile(r"[\w.@+-]+")
_EDGE = ".+-@"
#: identifier and, where the roster says so, the person that it belongs to
_ROSTER = """
    select work_email as identifier, person_id from intermediate.int_people
    union select name, person_id from intermediate.int_people
    union select split_part(login, ':', 2), person_id
          from (select unnest(logins) as login, person_id from intermediate.int_people)
"""
#: what the roster said before it was edited names the same people
_ROSTER_BEFORE = """
    select unnest([value_before, value_after]) as identifier, person_id
    from marts.fct_register_edits where field in ('name', 'work_email')
    union select split_part(trim(login), ':', 2), person_id
          from (select unnest(string_split(concat_ws(';', value_before, value_after), ';'))
                         as login, person_id
                from marts.fct_register_edits where field = 'logins')
"""
_PERSON_COLUMNS = """
    select schema_name, table_name, column_name, data_type from duckdb_columns()
    where not internal and schema_name in ('staging', 'control_tests', 'marts')
      and data_type in ('VARCHAR', 'VARCHAR[]')
      and regexp_matches(column_name,
        '(^|_)(logins?|emails?|person_id|manager_id|account_ids?|actor_id|user_id|approver)$')
    order by all
"""


class Pseudonyms:
    """Replaces identifiers of people in rows of any depth."""

    def __init__(self, home: Store, connection: duckdb.DuckDBPyConnection) -> None:
        """Reads every identifier that the release knows; the key is made on first use."""
        self._key = signing.pseudonym_key(home)
        self._aliases = self._read(connection)
        spelt = [text for text in self._aliases if not _WORD.fullmatch(text)]
        spelt.sort(key=lambda text: (-len(text), text))
        self._phrases = re.compile(
            r"(?<!\w)(?:" + "|".join(map(re.escape, spelt)) + r")(?!\w)", re.IGNORECASE
        ) if spelt else None  # fmt: skip
        self._done: dict[str, str] = {}

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """One row with every identifier of a person replaced."""
        named = [
            part.get(key) for part in (row, row.get("attributes") or {}) for key in PERSON_KEYS
        ]
        if row.get("field") in _PERSON_FIELDS:
            named += [row["value_before"], row["value_after"]]
        own = {str(value) for value in named if value is not None}
        return {key: self._value(key, value, own) for key, value in row.items()}

    def _read(self, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
        owners: dict[str, set[str]] = {}
        roster = f"{_ROSTER} union {_ROSTER_BEFORE}"
        for identifier, person in connection.execute(roster).fetchall():
            if identifier:
                owners.setdefault(str(identifier).lower(), set()).add(str(person))
        for schema, table, column, kind in connection.execute(_PERSON_COLUMNS).fetchall():
            value = f"unnest({column})" if kind.endswith("[]") else column
            found = connection.execute(f'select distinct {value} from "{schema}"."{table}"')
            for (text,) in found.fetchall():
                for part in _parts(text):
                    owners.setdefault(part, set())
        # a bare number is a person's in a person's column alone: elsewhere it may count anything
        return {
            text: self._mac(next(iter(people)) if len(people) == 1 else text)
            for text, people in sorted(owners.items())
            if not text.isdigit() and not text.endswith("[bot]")
        }

    def _mac(self, text: str) -> str:
        return f"p-{signing.pseudonym(self._key, text.lower())[:_DIGITS]}"

    def _value(self, key: str, value: Any, own: set[str]) -> Any:
        if value is None or isinstance(value, bool) or key in _KEPT:
            return value
        if key in PERSON_KEYS:
            return self._alias(str(value))
        if isinstance(value, list):
            return [self._value("", item, own) for item in value]
        if isinstance(value, dict):
            return {name: self._value(name, item, own) for name, item in value.items()}
        if not isinstance(value, str):
            return value
        if value in own:
            return self._alias(value)
        if key == "unit_key":
            parts = value.split("|")
            return "|".join(self._alias(p) if p in own else self._text(p) for p in parts)
        return self._text(value)

    def _alias(self, text: str) -> str:
        return self._aliases.get(text.lower()) or self._mac(text)

    def _text(self, text: str) -> str:
        if text not in self._done:
            spelt = self._phrases
            first = spelt.sub(lambda found: self._alias(found.group()), text) if spelt else text
            self._done[text] = _WORD.sub(self._word, first)
        return self._done[text]

    def _word(self, match: re.Match[str]) -> str:
        word = match.group()
        core = word.strip(_EDGE)
        alias = self._aliases.get(word.lower()) or self._aliases.get(core.lower())
        if alias is None and "@" in core:
            alias = self._mac(core)  # an address of somebody whom no register knows
        return word if alias is None else word.replace(core, alias, 1) if core else alias


def _parts(text: str | None) -> list[str]:
    """The identifiers in one cell; the roster's `logins` hold several, as `system:login`."""
    if not text:
        return []
    cells = text.lower().split(";")
    return [part for cell in cells if (part := cell.strip().rpartition(":")[2].strip())]
