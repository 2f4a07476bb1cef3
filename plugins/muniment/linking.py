"""A person says whose an account is: one more row in the company's register `links`.

The register is the company's own file: the next run receives it like any other, and only then
does it count. Rows are only ever added.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from muniment.collection import instant
from muniment.errors import UsageError
from muniment.settings import Settings, SourceConfig
from muniment.sources.register import REQUIRED, RegisterOptions

SCHEMA = "links"
_COLUMNS = REQUIRED[SCHEMA]


def confirm(
    settings: Settings, accounts: list[dict[str, Any]], people: list[dict[str, Any]],
    account: str, person_id: str, by: str, now: datetime,
) -> Path:  # fmt: skip
    """Adds the link `account` (SYSTEM:LOGIN) to `person_id`, confirmed by person `by`.

    accounts, people: as `muniment.people` gives them of the current release. Returns the file that
    was written. Raises UsageError, and then nothing was written, for an account or a person that
    the release does not know, for an account that belongs to somebody already or is disputed, for
    one's own word about oneself, and where no register of links is configured on this machine.
    """
    source = _register(settings)
    known = {person["person_id"] for person in people}
    for option, named in (("PERSON_ID", person_id), ("--by", by)):
        if named not in known:
            raise UsageError(
                f"{option}: the roster knows no person '{named}'{_near(named, known)}."
            )
    if by == person_id:
        raise UsageError(
            f"--by: {by} cannot confirm an account of their own; somebody else has to look."
        )
    system, login = _free(accounts, account)
    row = {
        "system": system, "login": login, "person_id": person_id, "confirmed_by": by,
        "confirmed_at": instant(now),
    }  # fmt: skip
    file = _newest(settings, source)
    _append(file, _header(settings, source), row)
    return file


def _register(settings: Settings) -> SourceConfig:
    for source in settings.sources:
        if source.kind == "register" and not source.is_former:
            options = settings.options(source)
            if isinstance(options, RegisterOptions) and options.schema_name == SCHEMA:
                return source
    raise UsageError(
        f"{settings.file}: no register of links is configured. Add a source such as\n"
        "  - {id: links, kind: register, location: registers/links/, options: {schema: links}}"
    )


def _free(accounts: list[dict[str, Any]], account: str) -> tuple[str, str]:
    """The account's system and login, if it is nobody's yet."""
    system, _, login = account.lower().partition(":")
    if not system or not login:
        raise UsageError(f"Found '{account}', expected SYSTEM:LOGIN such as github:ada-l.")
    found = [a for a in accounts if a["system"] == system and a["login"] == login]
    if not found:
        names = {f"{a['system']}:{a['login']}" for a in accounts if a["login"]}
        raise UsageError(f"The release knows no account '{account}'{_near(account, names)}.")
    if any(a["is_conflict"] for a in found):
        candidates = sorted({person for a in found for person in a["candidates"]})
        raise UsageError(
            f"{account} is disputed between {', '.join(candidates)}: one more word settles "
            "nothing. Mend what is wrong where it is stated (the roster, or the account's address)."
        )
    owner = next((a for a in found if a["person_id"] is not None), None)
    if owner is not None:
        raise UsageError(f"{account} belongs to {owner['person_id']} already, by {owner['rule']}.")
    return system, login


def _newest(settings: Settings, source: SourceConfig) -> Path:
    """The file that is the statement now, or where the first one goes."""
    folder = settings.folder(source).local_path("")
    files = [file for file in folder.rglob("*") if file.name.endswith((".csv", ".csv.gz"))]
    newest = max(files, key=lambda file: (file.stat().st_mtime, str(file)), default=None)
    if newest is None:
        return folder / f"{SCHEMA}.csv"
    if newest.suffix == ".gz":
        raise UsageError(f"{newest} is compressed; unpack it, so that a row can be added.")
    return newest


def _header(settings: Settings, source: SourceConfig) -> dict[str, str]:
    """Our name of each column -> the file's."""
    options = settings.options(source)
    assert isinstance(options, RegisterOptions)
    return {name: options.columns.get(name, name) for name in _COLUMNS}


def _append(file: Path, names: dict[str, str], row: dict[str, str]) -> None:
    """One more row, in the file's own order of columns; a new file begins with its header."""
    text = file.read_text("utf-8-sig") if file.exists() else ""
    lines = list(csv.reader(io.StringIO(text, newline="")))
    columns = [cell.strip() for cell in lines[0]] if lines else list(names.values())
    missing = [name for name in names.values() if name not in columns]
    if missing:
        raise UsageError(f"{file}: columns missing: {', '.join(missing)}. Nothing was written.")
    values = {names[name]: value for name, value in row.items()}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if not lines:
        writer.writerow(columns)
    elif not text.endswith(("\n", "\r")):
        out.write("\n")
    writer.writerow([values.get(column, "") for column in columns])
    file.parent.mkdir(parents=True, exist_ok=True)
    # one write at the end of the file: two people who confirm at once lose nothing
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, out.getvalue().encode("utf-8"))
    finally:
        os.close(handle)


def _near(word: str, names: set[str]) -> str:
    close = difflib.get_close_matches(word, sorted(names), n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""
