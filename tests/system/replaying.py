"""A city's history played with everything at work, and all that it came to, looked at from outside."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from infra.cli.alert_card import card
from infra.cli.couriers import make_courier
from infra.clock import Clock, SystemClock
from infra.db.alert_views import list_alerts, show_alert
from infra.db.deliveries import list_deliveries
from infra.db.engine import make_engine, transaction
from infra.db.ledger import SqlLedger
from infra.db.partnerships import find_partnership
from infra.settings import Settings
from schemas.alerts import AlertState
from schemas.codec import decode_triggers
from schemas.topics import EVENTS, TRIGGERS
from schemas.triggers import Trigger
from streams.topology import TOPOLOGY
from tests.support.cli import Cli
from tests.support.couriers import run_out
from tests.system.ledgers import STORE_TIMEOUT_S, Counted, counted, end_session

SLUG = "sorrelmere"
OURS = ("--partnership", SLUG)
DAYS = 120
TICK = "5m"
TICK_US = 300_000_000
LEASES_LAST_US = 3_600_000_000
RULES = """rules:
  - {id: severe, kind: severe-event, harm: serious, scope: {layer: zone}}
  - {id: two-in-seven, kind: count, count: 2, days: 7, scope: {layer: zone, strands: any}}
  - {id: ten-in-fourteen, kind: count, count: 10, days: 14, severity: red, scope: {layer: city, strands: each}}
  - {id: returns, kind: silence, periods: 1}
  - {id: forecasts, kind: signal, forms: [forecast, observed], scope: {layer: city}}
"""


class Outcome(NamedTuple):
    """All that a history came to; `asked` is every delivery by what never changes of it, `told` those that got there.

    Which of several messages about one alert is sent, and which is overtaken by the next, is a matter of when a
    courier looks; `told` is compared as a set that may only grow.
    """

    triggers: list[Trigger]
    alerts: list[dict[str, Any]]
    asked: list[tuple[object, ...]]
    told: set[str]
    overtaken: set[str]
    counts: Counted


class Serving(NamedTuple):
    """A ledger looked at while others work at it."""

    ledger: SqlLedger
    partnership: int

    def head(self) -> int:
        """Return how many events and ticks there are."""
        return sum(self.ledger.heads(EVENTS.name).values())

    def caught_up(self) -> bool:
        """Whether no stage has anything left to do."""
        positions = self.ledger.positions()
        return all(
            positions[step.stage.name, partition] == head
            for step in TOPOLOGY
            for partition, head in self.ledger.heads(step.input.name).items()
        )


def history(folder: Path) -> Path:
    """Write the history of a city that does not exist."""
    file = folder / "history.ndjson"
    ended = Cli(folder)("simulate", "--seed", 4, "--days", DAYS, "--places", "fictional", "-o", file)
    assert ended.code == 0, ended.err
    return file


def prepared(folder: Path, url: str | None = None) -> Cli:
    """Return a ledger with that city, rules and task forces, and no report yet."""
    cli = Cli(folder, url)
    rules = cli.write("rules.yaml", RULES)
    with as_file(files("infra.db").joinpath("shipped", "fictional", "routes.yaml")) as routes:
        for words in (
            ("db", "upgrade"),
            ("partnerships", "create", SLUG, "--places", "fictional"),
            ("rules", "apply", rules, *OURS),
            ("routes", "apply", routes, *OURS),
        ):
            ended = cli(*words)
            assert ended.code == 0, ended.err
    return cli


@contextmanager
def opened(cli: Cli, clock: Clock | None = None) -> Iterator[Serving]:
    """Open a ledger beside whoever else works at it."""
    engine = make_engine(cli.database_url, STORE_TIMEOUT_S)
    try:
        ledger = SqlLedger(engine, clock)
        ledger.refresh()
        with transaction(engine, write=False) as connection:
            partnership = find_partnership(connection, SLUG)
        yield Serving(ledger, partnership)
    finally:
        engine.dispose()


@contextmanager
def running(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    """Give a process that was started, and end it whatever happens."""
    try:
        yield process
    finally:
        end_session(process)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def replay(cli: Cli, file: Path, speed: str) -> "subprocess.Popen[str]":
    """Start a replay."""
    return cli.started("replay", file, "--tick", TICK, "--speed", speed, *OURS)


def replay_the_rest(cli: Cli, file: Path) -> str:
    """Play what is left of a history, as fast as can be; return what the command said."""
    ended = cli.alone("replay", file, "--tick", TICK, *OURS, timeout_s=150)
    assert ended.code == 0, ended.err
    return ended.err


def serve(cli: Cli) -> "subprocess.Popen[str]":
    """Start `serve`, and return once its threads run."""
    process = cli.started("serve")
    assert process.stderr is not None
    said = process.stderr.readline()
    assert said.startswith("serving"), said + process.stderr.read()
    return process


def outcome(cli: Cli) -> Outcome:
    """Run the courier until nothing is due, whoever was killed with it in hand; return all that came of a history."""
    verified = cli("verify", *OURS)
    assert verified.code == 0, verified.err
    exact_ledger(cli)
    with opened(cli, _Later()) as store:
        assert store.caught_up()
        run_out(make_courier(store.ledger, Settings(database_url=cli.database_url)))
        engine, number = store.ledger.engine, store.partnership
        views = [show_alert(engine, number, alert.id) for alert in list_alerts(engine, number, list(AlertState))]
        deliveries = list_deliveries(engine, number)
        return Outcome(
            triggers=_triggers(store),
            alerts=[{name: said for name, said in card(view).items() if name != "deliveries"} for view in views],
            asked=sorted(
                (row.id, row.alert_id, row.update_number, row.kind, row.recipient, row.agency, row.channel)
                for row in deliveries
            ),
            told={row.id for row in deliveries if row.state == "delivered"},
            overtaken={row.id for row in deliveries if row.state == "superseded"},
            counts=counted(cli.database_url),
        )


def assert_same(found: Outcome, expected: Outcome) -> None:
    """All was judged, raised and asked for as in the other run, and nobody is left untold."""
    assert found.triggers == expected.triggers
    assert found.alerts == expected.alerts
    assert found.asked == expected.asked
    assert found.told >= expected.told
    assert found.told | found.overtaken == {row[0] for row in found.asked}
    assert found.counts == expected.counts


def exact_ledger(cli: Cli) -> None:
    """The loss ledger adds up, row by row."""
    ended = cli("ledger", *OURS)
    assert ended.code == 0, ended.out + ended.err


def _triggers(store: Serving) -> list[Trigger]:
    """Return every trigger; but which of several ticks time was settled at goes by the batches that came together."""
    partition = store.ledger.partnership(store.partnership).partition
    last = store.ledger.heads(TRIGGERS.name)[partition]
    return [
        msgspec.structs.replace(item, position=0)
        for record in store.ledger.read_log(TRIGGERS.name, partition, 1, last)
        for item in decode_triggers(record.body)
        if isinstance(item, Trigger)
    ]


class _Later:
    """This machine's clock, after every lease has run out."""

    def now_us(self) -> int:
        return SystemClock().now_us() + LEASES_LAST_US
