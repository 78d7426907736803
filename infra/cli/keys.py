"""bellwether keys: what programs call with; a key is shown once, when it is made."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.access import Actor
from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat

if TYPE_CHECKING:
    from infra.db.access.secret_texts import NewKey

app = typer.Typer(help="Make, list, rotate and revoke the keys by which programs call.", no_args_is_help=True)
COLUMNS = ("id", "name", "scopes", "agency", "created_at", "expires_at", "last_used_at", "state")
LONGEST_OVERLAP_HOURS = 30 * 24
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's id, from the list.", show_default=False)]


@app.command("create")
def create(
    scope: Annotated[
        list[str],
        typer.Option(
            help="What it may do: events:write:SOURCE (such as events:write:/centres/arvig), counts:read, counts:exact,"
            " alerts:read, alerts:act or admin; may be repeated.",
            show_default=False,
        ),
    ],
    agency: Annotated[
        str | None, typer.Option(help="The agency that it acts for, such as council.", show_default=False)
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="The last day it is in force.", show_default=False),
    ] = None,
    name: Annotated[str, typer.Option(help="What it is for, such as `Arvig library`; names no person.")] = "",
    actor: Actor = "console",
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make a key and print it, alone on stdout and this once: only a digest of it is kept."""
    from infra.cli.access import code, end_of_day_us, refusals
    from infra.cli.store import open_store
    from infra.db.access.keys import Doer, Order, create_key
    from streams.core.rights import read_rights

    with refusals():
        rights = read_rights(scope)
    checked = None if agency is None else code(agency, "--agency")
    label, doing = _label(name), code(actor, "--actor")
    store = open_store(database_url, partnership)
    now_us = store.ledger.now_us()
    end_us = None if expires is None else end_of_day_us(store.engine, store.partnership, expires, now_us)
    with refusals():
        order = Order(rights, checked, label, end_us)
        _show(create_key(store.engine, Doer(store.partnership, doing), order, now_us))


@app.command("list")
def list_all(
    form: FormatOption = TableFormat.CSV, partnership: PartnershipSlug = None, database_url: DatabaseUrl = None
) -> None:
    """List the keys, the oldest first: what each may do, and whether it is in-force, expired or revoked."""
    from infra.cli.access import instant
    from infra.cli.store import open_store
    from infra.cli.tables import print_table
    from infra.db.access.keys import list_keys

    store = open_store(database_url, partnership)
    now_us = store.ledger.now_us()
    rows = [
        (
            *(key.caller.actor, key.name, " ".join(key.order().rights.names()), key.caller.agency),
            *(instant(key.created_at_us), instant(key.expires_at_us), instant(key.last_used_at_us), key.state(now_us)),
        )
        for key in list_keys(store.engine, store.partnership)
    ]
    print_table(COLUMNS, rows, form)


@app.command("revoke")
def revoke(
    key: KeyId, actor: Actor = "console", partnership: PartnershipSlug = None, database_url: DatabaseUrl = None
) -> None:
    """End a key for ever. A server that runs lets it in for five more seconds at most."""
    from infra.cli.access import code, refusals
    from infra.cli.store import open_store
    from infra.cli.tables import note
    from infra.db.access.keys import Doer, revoke_key

    doing = code(actor, "--actor")
    store = open_store(database_url, partnership)
    with refusals():
        revoke_key(store.engine, Doer(store.partnership, doing), key, store.ledger.now_us())
    note("revoked; it opens nothing any more")


@app.command("rotate")
def rotate(
    key: KeyId,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=LONGEST_OVERLAP_HOURS, help="How long the old key goes on beside the new one.")
    ] = 24,
    actor: Actor = "console",
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make a key with the same rights and the same end, and print it; the old one runs out after the overlap."""
    from infra.cli.access import code, refusals
    from infra.cli.store import open_store
    from infra.db.access.keys import Doer, rotate_key

    doing = code(actor, "--actor")
    store = open_store(database_url, partnership)
    with refusals():
        doer = Doer(store.partnership, doing)
        _show(rotate_key(store.engine, doer, key, overlap_hours, store.ledger.now_us()))


def _show(made: "NewKey") -> None:
    from infra.cli.tables import note

    typer.echo(made.text)
    note(f"made {made.id}; its text is shown this once, so put it where the program finds it")


def _label(name: str) -> str:
    from pydantic import TypeAdapter, ValidationError

    from infra.cli.faults import WrongUseError
    from schemas.fields import Label

    if not name:
        return name
    try:
        TypeAdapter(Label).validate_python(name)
    except ValidationError:
        raise WrongUseError("--name is a short name of letters, digits and spaces, at most 80") from None
    return name
