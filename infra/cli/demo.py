"""bellwether demo: a fictional city, its history, and what the product makes of it."""

from typing import Annotated

import typer

from infra.cli.options import DatabaseUrl, Host, Port

TWO_YEARS_DAYS = 730


def demo(
    days: Annotated[
        int, typer.Option(min=1, max=36_525, help="How many days of history, up to 31 October 2026.")
    ] = TWO_YEARS_DAYS,
    once: Annotated[bool, typer.Option("--once", help="Load, print a summary, and end.")] = False,
    port: Port = None,
    host: Host = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show a city that does not exist: its areas, counts, alerts with their reasons, who was told, and the ledger.

    Everything is SYNTHETIC. The store is build/demo.db, made anew each time, unless --database-url names another.
    Without --once it then prints a key for each scope, and goes on answering over HTTP, with an invented event now and
    then, until stopped.
    """
    from infra.cli.demo_store import load
    from infra.cli.demo_summary import print_summary

    if once:
        print_summary(load(database_url, days)[1])
        return
    from infra.cli.demo_serving import serve_demo

    serve_demo(database_url, days, host, port)
