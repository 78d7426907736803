"""bellwether users: who may sign in, as what, and for which agency."""

import sys
from typing import Annotated

import typer

from infra.cli.access import Actor
from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat
from streams.core.access import Role

app = typer.Typer(help="Add and disable the people who sign in; set their passwords.", no_args_is_help=True)
COLUMNS = ("code", "role", "agency", "centre", "sources", "areas", "created_at", "state")
UserCode = Annotated[str, typer.Argument(metavar="CODE", help="The user's code, such as a-lee.", show_default=False)]


@app.command("create")
def create(
    user: UserCode,
    role: Annotated[Role, typer.Option(help="What they are here for.", show_default=False)],
    agency: Annotated[str, typer.Option(help="The agency that they act for, such as council.", show_default=False)],
    centre: Annotated[
        str | None, typer.Option(help="Of a centre's user: the centre's code in the register.", show_default=False)
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(help="Of a centre's user: what they report for, such as /centres/arvig; may be repeated."),
    ] = None,
    area: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER:CODE",
            help="Of a task force's user: an area that they answer for; may be repeated. Without any: all areas.",
        ),
    ] = None,
    actor: Actor = "console",
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a user. The password is asked for, or read from stdin, as a line; it is never an argument."""
    from infra.cli.access import code, refusals
    from infra.cli.store import open_store
    from infra.cli.tables import note
    from infra.db.access.keys import Doer
    from infra.db.access.users import Person, create_user

    person = Person(
        code=code(user, "CODE"),
        role=role,
        agency=code(agency, "--agency"),
        centre=None if centre is None else code(centre, "--centre"),
        sources=frozenset(source or ()),
        areas=frozenset(area or ()),
    )
    doing = code(actor, "--actor")
    store = open_store(database_url, partnership)
    password = _password()
    with refusals():
        create_user(store.engine, Doer(store.partnership, doing), person, password, store.ledger.now_us())
    note(f"{user} may sign in, as {role} for {agency}")


@app.command("list")
def list_all(
    form: FormatOption = TableFormat.CSV, partnership: PartnershipSlug = None, database_url: DatabaseUrl = None
) -> None:
    """List the users by code: role, agency, what they report or answer for, and whether they may sign in."""
    from infra.cli.access import instant
    from infra.cli.store import open_store
    from infra.cli.tables import print_table
    from infra.db.access.users import area_names, list_users

    store = open_store(database_url, partnership)
    names = area_names(store.engine, store.partnership)
    now_us = store.ledger.now_us()
    rows = [
        (
            *(user.caller.actor, user.role, user.caller.agency, user.centre, " ".join(sorted(user.caller.sources))),
            *(" ".join(sorted(names[area] for area in user.caller.areas or ())), instant(user.created_at_us)),
            user.state(now_us),
        )
        for user in list_users(store.engine, store.partnership)
    ]
    print_table(COLUMNS, rows, form)


@app.command("disable")
def disable(
    user: UserCode, actor: Actor = "console", partnership: PartnershipSlug = None, database_url: DatabaseUrl = None
) -> None:
    """Let a user sign in no more, for good, and end their sessions."""
    from infra.cli.access import code, refusals
    from infra.cli.store import open_store
    from infra.cli.tables import note
    from infra.db.access.keys import Doer
    from infra.db.access.users import disable_user

    doing = code(actor, "--actor")
    store = open_store(database_url, partnership)
    with refusals():
        disable_user(store.engine, Doer(store.partnership, doing), user, store.ledger.now_us())
    note(f"{user} may sign in no more")


@app.command("password")
def password(
    user: UserCode, actor: Actor = "console", partnership: PartnershipSlug = None, database_url: DatabaseUrl = None
) -> None:
    """Give a user another password, asked for or read from stdin; their sessions end, and a lock is lifted."""
    from infra.cli.access import code, refusals
    from infra.cli.store import open_store
    from infra.cli.tables import note
    from infra.db.access.keys import Doer
    from infra.db.access.users import set_password

    doing = code(actor, "--actor")
    store = open_store(database_url, partnership)
    new = _password()
    with refusals():
        set_password(store.engine, Doer(store.partnership, doing), user, new, store.ledger.now_us())
    note(f"{user} has a new password")


def _password() -> str:
    """Return a password: asked for twice on a terminal, else the first line of stdin."""
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")
