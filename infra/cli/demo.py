"""bellwether demo: a fictional city, its history, and what the product makes of it."""

from typing import Annotated

import typer

from infra.cli.options import DatabaseUrl

TWO_YEARS_DAYS = 730


def demo(
    days: Annotated[
        int, typer.Option(min=1, max=36_525, help="How many days of history, up to 31 October 2026.")
    ] = TWO_YEARS_DAYS,
    once: Annotated[bool, typer.Option("--once", help="Load, print a summary, and end.")] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Show a city that does not exist: its areas, counts, alerts with their reasons, who was told, and the ledger.

    Everything is SYNTHETIC. The store is build/demo.db, made anew each time, unless --database-url names another.
    Without --once it then goes on serving, with an invented event now and then, until stopped.
    """
    from infra.cli.demo_store import feed, load
    from infra.cli.demo_summary import print_summary

    settings, store = load(database_url, days)
    print_summary(store)
    if not once:
        feed(settings, store)
