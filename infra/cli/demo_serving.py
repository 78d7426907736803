"""Keeps the demo alive: keys to try it with, the API, every work of `serve`, and an invented event now and then."""

import threading
from contextlib import suppress

import orjson
import typer

from infra.cli.demo_store import as_of_now, live_events, load
from infra.cli.demo_summary import print_summary
from infra.cli.http import address_of
from infra.cli.serve import Serving
from infra.cli.store import Store
from infra.cli.tables import note
from infra.cli.works import stop_on_signals
from infra.clock import SystemClock
from infra.db.access.keys import Doer, Order, create_key
from streams.core.access import WRITES, Scope
from streams.core.rights import read_rights
from streams.hosts.desk import IntakeDesk
from streams.ports import StoreUnavailableError

LIVE_EVERY_S = 20.0
AGENCY = "council"
SOURCE = "/synthetic/try-it"
"""What whoever tries the demo may hand in events as."""


def serve_demo(database_url: str | None, days: int, host: str | None, port: int | None) -> None:
    """Load the city, show it, print keys, and serve until stopped.

    Raises WrongUseError, PartnershipError and the store's.
    """
    stop = threading.Event()
    stop_on_signals(stop)
    settings, store = load(database_url, days)
    serving = Serving(store.ledger, settings, address_of(settings, host, port, None), stop)
    print_summary(store)
    _print_keys(store, serving.url)
    note(f"serving on {serving.url}, with an invented event now and then; stop with Ctrl-C")
    _feed(store, stop)
    serving.finish()


def _feed(store: Store, stop: threading.Event) -> None:
    desk = IntakeDesk(store.ledger, store.partnership)
    for event in live_events():
        if stop.wait(LIVE_EVERY_S):
            return
        with suppress(StoreUnavailableError):  # the works say so, and another event comes soon
            desk.take([orjson.dumps(as_of_now(event, SystemClock().now_us()))], trusted=False)


def _print_keys(store: Store, url: str) -> None:
    """Print a key for each scope on stdout; they open nothing but this city, where nothing is real."""
    typer.echo("Keys to try it with; send one as `Authorization: Bearer KEY`:")
    for scope in (*Scope, WRITES + SOURCE):
        order = Order(read_rights([scope]), AGENCY, f"demo {scope.rpartition('/')[2]}")
        made = create_key(store.engine, Doer(store.partnership), order, SystemClock().now_us())
        typer.echo(f"  {scope:<32} {made.text}")
    typer.echo(f"For example: curl -H 'Authorization: Bearer KEY' {url}/v1/alerts")
