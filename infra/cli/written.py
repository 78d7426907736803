"""bellwether areas written: places as somebody wrote them, and what they may have meant."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat

if TYPE_CHECKING:
    from infra.cli.store import Store
    from infra.db.confirmations import WrittenPlace
    from streams.core.gazetteer import Suggestion

app = typer.Typer(help="See places as written that nobody knew, for a person to judge.", no_args_is_help=True)
COLUMNS = ("reference", "incidents", "signals", "first_day", "last_day", "confirmed", "text", "suggestions")
SOURCE = "/decisions"


@app.command("list")
def list_all(
    form: FormatOption = TableFormat.CSV, partnership: PartnershipSlug = None, database_url: DatabaseUrl = None
) -> None:
    """List them, with the areas confirmed; with the secret key also the text and the names that it is nearest to.

    A number is how many letters lie between; names with = between them are equally near. None is ever chosen for you.
    """
    from infra.cli.store import open_store
    from infra.cli.tables import note, print_table
    from infra.db.confirmations import list_written
    from infra.db.engine import transaction

    store = open_store(database_url, partnership)
    with transaction(store.engine, write=False) as connection:
        places = list_written(connection, store.partnership)
    texts = _texts(store, places)
    if texts is None:
        note("the texts are sealed; set BELLWETHER_SECRET_KEY to see them, and what they may have meant")
    print_table(COLUMNS, [_row(store, place, (texts or {}).get(place.written)) for place in places], form)


def confirm(
    reference: Annotated[str, typer.Argument(help="The reference, from the list.", show_default=False)],
    layer: Annotated[str, typer.Option(help="The layer of the area in which it lies.", show_default=False)],
    code: Annotated[
        list[str],
        typer.Option(help="Its code; repeated where it lies across several of the layer.", show_default=False),
    ],
    actor: Annotated[str, typer.Option(help="Who says so: a user's code.", show_default=False)],
    agency: Annotated[str, typer.Option(help="The agency that they act for.", show_default=False)],
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Say where a place as written lies, from now on, in all reports that name it. A later word replaces it."""
    from infra.cli.faults import WrongUseError
    from infra.cli.store import counting_host, open_store
    from infra.cli.tables import note
    from infra.db.confirmations import is_written
    from infra.db.engine import transaction

    store = open_store(database_url, partnership)
    with transaction(store.engine, write=False) as connection:
        if not is_written(connection, store.partnership, reference):
            raise WrongUseError(f"no report names a place by {reference}; see `bellwether areas written list`")
    _hand_in(store, reference, layer, code, {"user": actor, "agency": agency})
    counting_host(store.ledger).drain()
    note(f"{reference} lies in {layer} {', '.join(code)} from now on")


def _hand_in(store: "Store", reference: str, layer: str, codes: Sequence[str], by: dict[str, str]) -> None:
    from uuid import uuid4

    import orjson

    from infra.cli.faults import WrongUseError
    from schemas.events import AREA_CONFIRMED
    from streams.core.days import instant_of
    from streams.hosts.desk import IntakeDesk

    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": SOURCE,
        "type": AREA_CONFIRMED,
        "time": instant_of(store.ledger.clock_us(store.partnership)),
        "data": {
            "written": reference,
            "areas": [{"layer": layer, "code": each} for each in codes],
            "by": by,
        },
    }
    (answer,) = IntakeDesk(store.ledger, store.partnership).take([orjson.dumps(event)], trusted=False)
    if answer.problems:
        named = {f"data.areas[{index}].code": each for index, each in enumerate(codes)}
        raise WrongUseError(
            "; ".join(f"{named.get(problem.path, problem.path)}: {problem.detail}" for problem in answer.problems)
        )


def _texts(store: "Store", places: Sequence["WrittenPlace"]) -> dict[str, str] | None:
    vault = store.ledger.vault(store.partnership)
    return None if vault is None else vault.open_written([event for place in places for event in place.events])


def _row(store: "Store", place: "WrittenPlace", text: str | None) -> tuple[str | int | None, ...]:
    from streams.core.days import day_from_number

    geography = store.ledger.partnership(store.partnership).geography
    layers = {layer.number: layer.name for layer in geography.layers}
    areas = [geography.area_by_number[number] for number in geography.confirmed.get(place.written, ())]
    return (
        place.written,
        place.incidents,
        place.signals,
        *(None if day is None else day_from_number(day).isoformat() for day in (place.first_day, place.last_day)),
        "; ".join(f"{layers[area.layer]} {area.code}" for area in areas),
        text,
        None if text is None else _ranked(geography.suggestions(text)),
    )


def _ranked(suggestions: Sequence["Suggestion"]) -> str:
    return ", ".join(
        f"{' = '.join(each.name for each in tied)} ({distance})"
        for distance, tied in groupby(suggestions, key=lambda each: each.distance)
    )
