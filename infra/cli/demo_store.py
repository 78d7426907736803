"""Makes the demo's ledger: Sorrelmere with its centres, rules, task forces and history."""

import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from random import Random
from typing import Any

import orjson

from alerts.policy.acts import PersonsAct
from alerts.policy.lifecycle import Act, Person
from infra.cli.couriers import make_courier
from infra.cli.faults import WrongUseError
from infra.cli.playing import Pace, play_file
from infra.cli.routes import apply as apply_routes
from infra.cli.rule_files import apply_shipped_rules
from infra.cli.store import Store, open_store, read_settings
from infra.clock import PlayedClock, SystemClock
from infra.db.alert_acts import AlertActs
from infra.db.alert_views import list_alerts
from infra.db.engine import make_engine, transaction
from infra.db.partnerships import FICTIONAL, create_partnership
from infra.db.setup import make_ledger
from infra.migrations import upgrade
from infra.settings import Settings
from producers.simulator.shipped import city
from producers.simulator.simulation import simulate
from schemas.alerts import AlertState
from schemas.events import REGISTER_CHANGED
from schemas.fields import is_date
from schemas.vocabulary import AlertClass, AlertOutcome
from streams.core.days import Calendar, from_us

DEMO_STORE = Path("build/demo.db")
SEED = 2026
LIVE_SEED, LIVE_DAYS = 11, 60
HOUR_US = 3_600_000_000
TIME_ZONE = "Europe/London"
MOMENTS = {"time", "receivedtime", "from", "to", "reported", "on"}


def load(database_url: str | None, days: int) -> tuple[Settings, Store]:
    """Make the ledger and play the city's history into it. Raises WrongUseError, PartnershipError and the store's."""
    settings = read_settings(database_url or _new_file())
    url = settings.database_url
    engine = make_engine(url, settings.store_timeout_s)
    now_us = SystemClock().now_us()
    with transaction(engine, write=True) as connection:
        upgrade(connection)
        make_ledger(connection, None, now_us)
        create_partnership(connection, FICTIONAL, FICTIONAL, TIME_ZONE, now_us)
    made = open_store(url, FICTIONAL)
    apply_shipped_rules(made.ledger, made.partnership)
    with as_file(files("infra.db").joinpath("shipped", FICTIONAL, "routes.yaml")) as routes:
        apply_routes(routes, FICTIONAL, url)
    with tempfile.TemporaryDirectory() as temporary:
        history = Path(temporary) / "history.ndjson"
        with history.open("wb") as out:
            out.writelines(orjson.dumps(event) + b"\n" for event in _events(SEED, days))
        clock = PlayedClock()
        play_file(open_store(url, FICTIONAL, clock), clock, history, Pace(None, HOUR_US))
    store = open_store(url, FICTIONAL)
    _answer(store, clock)
    courier = make_courier(store.ledger, settings)
    while courier.deliver_due():
        pass
    return settings, store


def _answer(store: Store, clock: PlayedClock) -> None:
    """Have invented people answer some of the alerts, so that every state can be seen."""
    acts, officer = AlertActs(store.engine, clock), Person("council-sorrelmere", "council")
    for number, alert in enumerate(list_alerts(store.engine, store.partnership, [AlertState.OPEN])):
        outcome = AlertOutcome.REAL if alert.key.alert_class is AlertClass.TENSION else AlertOutcome.RECORDING
        acknowledge = PersonsAct(Act.ACKNOWLEDGE, officer)
        stand_down = PersonsAct(Act.STAND_DOWN, officer, "SYNTHETIC: the area is quiet again")
        close = PersonsAct(Act.CLOSE, officer, "SYNTHETIC: looked into and settled", outcome)
        for act in (acknowledge, stand_down, close)[: number % 4]:
            acts.act(store.partnership, alert.id, act)


def live_events() -> Iterator[dict[str, Any]]:
    """Return invented events to come after the history; registers stay as they are."""
    return (event for event in _events(LIVE_SEED, LIVE_DAYS) if event["type"] != REGISTER_CHANGED)


def _new_file() -> str:
    DEMO_STORE.parent.mkdir(exist_ok=True)
    for old in DEMO_STORE.parent.glob(f"{DEMO_STORE.name}*"):
        try:
            old.unlink()
        except OSError as error:
            raise WrongUseError(f"{old} cannot be removed: {error.strerror}") from None
    return f"sqlite:///{DEMO_STORE}"


def _events(seed: int, days: int) -> Iterator[dict[str, Any]]:
    random = Random(seed)  # noqa: S311 - invented data, no secret
    for day in simulate(city(FICTIONAL), days, random, Calendar(TIME_ZONE)):
        yield from day


def as_of_now(event: dict[str, Any], now_us: int) -> dict[str, Any]:
    """Return an event with all its moments moved so that it is received now."""
    received = datetime.fromisoformat(event.get("receivedtime") or event["time"])
    by = from_us(now_us) - received
    moved: dict[str, Any] = _moved(event | {"id": f"live-{event['id']}"}, by)
    return moved


def _moved(value: Any, by: timedelta) -> Any:
    if isinstance(value, dict):
        return {
            name: _later(item, by) if name in MOMENTS and isinstance(item, str) else _moved(item, by)
            for name, item in value.items()
        }
    return [_moved(item, by) for item in value] if isinstance(value, list) else value


def _later(moment: str, by: timedelta) -> str:
    if is_date(moment):
        return (date.fromisoformat(moment) + timedelta(days=by.days)).isoformat()
    return (datetime.fromisoformat(moment) + by).isoformat()
