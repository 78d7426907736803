"""bellwether dead-letters: what could not be used, and what to do about it."""

import sys
from typing import Annotated, Any

import typer

from infra.cli.faults import FOUND_A_FAULT
from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat

app = typer.Typer(help="See, replay or discard what could not be used.", no_args_is_help=True)
COLUMNS = ("id", "state", "stage", "code", "path", "source", "event_id", "topic", "partition", "position", "created")
Number = Annotated[int, typer.Argument(help="The dead letter's number, from the list.", show_default=False)]


@app.command("list")
def list_all(
    settled: Annotated[bool, typer.Option("--all", help="Also those that are settled.")] = False,
    form: FormatOption = TableFormat.CSV,
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List what waits for a decision, the oldest first."""
    from infra.cli.store import open_store
    from infra.cli.tables import print_table
    from infra.db.dead_letters import list_dead_letters
    from streams.core.days import from_us

    store = open_store(database_url, partnership)
    letters = list_dead_letters(store.engine, store.partnership, settled=settled)
    rows = [
        (
            *(each.number, each.state, each.stage, each.code, each.path, each.source, each.id),
            *(each.topic, each.partition, each.position, from_us(each.created_at_us).isoformat()),
        )
        for each in letters
    ]
    print_table(COLUMNS, rows, form)


@app.command("show")
def show(number: Number, partnership: PartnershipSlug = None, database_url: DatabaseUrl = None) -> None:
    """Show one dead letter, with the reason and what it holds, as JSON; what is sealed needs the secret key."""
    import orjson

    from infra.cli.store import open_store
    from infra.db.dead_letters import dead_letter_body, show_dead_letter
    from infra.db.engine import transaction
    from infra.vault.cases import case_of_letter
    from streams.core.days import from_us

    store = open_store(database_url, partnership)
    letter = show_dead_letter(store.engine, store.partnership, number)
    with transaction(store.engine, write=False) as connection:
        case = case_of_letter(connection, number)
    body = dead_letter_body(store.ledger, letter)
    shown = {
        **{name: getattr(letter, name) for name in ("state", "stage", "topic", "partition", "position", "source")},
        **{name: getattr(letter, name) for name in ("code", "path", "detail", "settled_because")},
        "id": letter.number,
        "event_id": letter.id,
        "case": case,
        "created": from_us(letter.created_at_us).isoformat(),
        "event": _readable(body) if body else None,
    }
    typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())


@app.command("replay")
def replay(
    numbers: Annotated[list[int], typer.Argument(help="Numbers of dead letters.", show_default=False)],
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Hand dead letters in again, once their cause is mended; exit 1 if one is refused again."""
    from infra.cli.store import counting_host, open_store
    from infra.cli.tables import note
    from infra.db.dead_letters import Replayer

    store = open_store(database_url, partnership)
    replayer = Replayer(store.ledger, store.partnership)
    refused = 0
    try:
        for number in numbers:
            problem = replayer.replay(number)
            note(f"dead letter {number}: {'replayed' if problem is None else f'still refused, {problem}'}")
            refused += problem is not None
    finally:
        counting_host(store.ledger).drain()
    if refused:
        sys.exit(FOUND_A_FAULT)


@app.command("discard")
def discard(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why; it is kept. Name no person.", show_default=False)],
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Settle a dead letter for good. It stays in the list, with the reason."""
    from infra.cli.store import open_store
    from infra.cli.tables import note
    from infra.db.dead_letters import discard_dead_letter

    store = open_store(database_url, partnership)
    discard_dead_letter(store.engine, store.partnership, number, reason, store.ledger.now_us())
    note(f"dead letter {number}: discarded")


def _readable(body: bytes) -> dict[str, Any]:
    """Return a stored event as plain values; its bytes where they are what is wrong with it."""
    from msgspec import DecodeError

    from schemas.stored import generic

    try:
        return generic(body)
    except DecodeError:
        return {"unreadable_bytes_in_hex": body.hex()}
