"""Commands about people: whose each account is, whose an open one may be, and saying so."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from muniment.cli.options import Config, Format, Now, Output, ReleaseId, opened
from muniment.cli.output import print_answer, print_csv, print_json, print_table

people = typer.Typer(help="Accounts and the people that they belong to.")


@people.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    config: Config = "muniment.yml",
    output: Output = Format.table,
    release: ReleaseId = None,
) -> None:
    """Whose each account is and by which rule; conflicts; how many are nobody's, per system."""
    if context.invoked_subcommand is not None:
        return
    from muniment import people as known
    from muniment.queries import Answer

    found = known.accounts(opened(config), release)
    counts = known.counts(found)
    if output is Format.json:
        print_json({"systems": counts.rows, "accounts": found.rows})
    elif output is Format.csv:
        print_csv(found.columns, found.rows)
    else:
        print_table(counts, f"{len(found.rows)} accounts, by the rule that names their person")
        conflicts = [row for row in found.rows if row["is_conflict"]]
        if conflicts:
            shown = ("system", "login", "account_id", "rule", "candidates", "record_key")
            print_table(Answer(shown, conflicts), "Disputed: these belong to nobody")
        if any(row["unresolved"] for row in counts.rows):
            print("`muniment people match` suggests whose the unresolved ones may be.")


@people.command("match")
def match(
    config: Config = "muniment.yml",
    per_account: Annotated[
        int, typer.Option(min=1, help="At most so many suggestions an account.")
    ] = 3,
    output: Output = Format.table,
    release: ReleaseId = None,
) -> None:
    """Suggest whose unresolved accounts may be, with reasons; nothing is changed by it."""
    from muniment import matching
    from muniment import people as known
    from muniment.queries import Answer

    settings = opened(config)
    accounts = known.unresolved(settings, release)
    made = matching.suggest(
        accounts, known.roster(settings, release), known.committed(settings, release), per_account
    )
    without = len(accounts) - len({(one.system, one.login) for one in made})
    print_answer(
        Answer(matching.COLUMNS, [one.row() for one in made]), output,
        title="Suggestions, by the units that wait; a person confirms: "
        "`muniment people confirm SYSTEM:LOGIN PERSON_ID --by PERSON_ID`",
    )  # fmt: skip
    print(f"{len(accounts)} accounts are nobody's; for {without} nobody is alike.", file=sys.stderr)


@people.command("confirm")
def confirm(
    account: Annotated[str, typer.Argument(help="SYSTEM:LOGIN, such as github:ada-l.")],
    person_id: Annotated[str, typer.Argument(help="Whose it is, as the roster names them.")],
    by: Annotated[str, typer.Option(help="Who says so, as the roster names them.")],
    config: Config = "muniment.yml",
    now: Now = None,
) -> None:
    """Write into the register of links whose an account is; the next run reads it."""
    from muniment import linking, pipeline
    from muniment import people as known

    opened(config)
    run = pipeline.start_run(config, now=now)
    file = linking.confirm(
        run.settings, known.accounts(run.settings, None).rows, known.roster(run.settings, None),
        account, person_id, by, run.clock(),
    )  # fmt: skip
    print(f"{file}: {account} is {person_id}'s, says {by}. It counts from the next run on.")


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.add_typer(people, name="people")
