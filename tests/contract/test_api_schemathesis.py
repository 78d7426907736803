"""The contract that is served, tried with every check of schemathesis and a key of every scope: it finds nothing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from api.callers import Scope
from api.event_examples import BODIES
from tests.support.api import ApiBench
from tests.support.city import Bench
from tests.support.contract_calls import Plan, Refusal, Run, run
from tests.support.databases import set_up, sqlite_url
from tests.support.events import report
from tests.support.full_city import FullCity, full_city
from tests.support.hostile import UNLIMITED
from tests.support.routes import MAY_CALL, PUBLIC, WRITES_SOURCE, Call

PHASES = {"examples", "coverage", "fuzzing", "stateful"}
PLAIN_SOURCE = "urn:synthetic:form"
MANY, FEW = 20, 3
"""Examples of each operation, beside those that the coverage phase makes of every keyword of every schema."""
BEYOND_SCHEMAS = {
    "unknown-cursor": "a cursor comes from an answer to the same question, and holds a digest of it",
    "unknown-layer": "which layers there are is for each partnership to say",
    "range-backwards": "a schema cannot compare two parameters",
    "range-too-large": "nor multiply them",
    "repeated-value": "nor forbid that a dimension is named twice",
    "not-published": "what is published depends on the key",
    "not-one-line": "which letters can be printed is Unicode's to say",
    "absurd-time": "a time lies between 1900 and 2099",
}
"""Codes with which data may be refused that is valid by the contract, and why the contract does not say so."""
IN_DATA = re.compile(r"(\[\d+\]\.)?data\b")
"""What an event's data holds is told by the description of events, not by that of calls."""


class Served(NamedTuple):
    """An app over a full city of the shipped places, which the contract's examples are about."""

    api: ApiBench
    city: FullCity


@contextmanager
def serving(bench: Bench) -> Iterator[Served]:
    city = full_city(bench, "zircon", shipped=True)
    bench.hand_in(city.partnership, report(city.event, source=PLAIN_SOURCE, places=[{"kind": "online"}]))
    with ApiBench(bench, UNLIMITED) as api:
        yield Served(api, city)


@pytest.fixture
def served(bench: Bench) -> Iterator[Served]:
    with serving(bench) as made:
        yield made


@pytest.fixture
def served_on_sqlite(tmp_path: Path) -> Iterator[Served]:
    """Return the same on SQLite alone: who may call what has nothing to do with the store."""
    url = sqlite_url(tmp_path)
    set_up(url)
    bench = Bench(url)
    with serving(bench) as made:
        yield made
    bench.engine.dispose()


def sources_of_examples() -> set[str]:
    examples = [each["value"] for body in BODIES.values() for each in body["examples"].values()]
    return {event["source"] for each in examples for event in (each if isinstance(each, list) else [each])}


def tried(served: Served, scopes: set[str], examples: int) -> Run:
    """Try all with a key that has some scopes; with none, without a key."""
    city = served.city
    sources = {city.source, PLAIN_SOURCE, *sources_of_examples()} if WRITES_SOURCE in scopes else set()
    others = [Scope(each) for each in scopes - {WRITES_SOURCE}]
    client = served.api.client(*others, partnership=city.partnership, sources=sources, agency="council")
    headers = {"Authorization": client.headers["Authorization"]} if scopes else {}
    known = {
        "query.layer": ["city", "ward-2026", city.layer],
        "query.area": [city.area_code, "E06000042"],
        "path.source": [PLAIN_SOURCE],
        "path.id": [city.event, city.alert],
    }
    return run(served.api.app, Plan(headers, examples, known, refused_to(scopes)))


def refused_to(scopes: set[str]) -> list[str]:
    """Return the operations that some scopes do not open."""
    return [" ".join(call) for call, may_call in MAY_CALL.items() if may_call and not may_call & scopes]


def unexplained(refused: set[Refusal]) -> set[Refusal]:
    return {
        each
        for each in refused
        if each.code not in BEYOND_SCHEMAS and not (each.operation == "POST /v1/events" and IN_DATA.match(each.path))
    }


def test_with_a_key_for_everything_nothing_is_found_and_every_call_was_answered(served: Served) -> None:
    found = tried(served, {WRITES_SOURCE, *Scope}, MANY)
    assert found.failures == []
    assert unexplained(found.refused) == set()
    assert set(found.phases) >= PHASES
    done = {operation for operation, status in found.statuses if status < 300}
    described = {" ".join(call) for call in MAY_CALL} - {"GET /openapi.json"}
    assert described - done <= {"POST /v1/alerts/{id}/stand-down"}  # possible only right after another act
    assert not [operation for operation, status in found.statuses if status in {500, 503}]


@pytest.mark.parametrize("scope", [None, WRITES_SOURCE, *Scope])
def test_with_one_scope_or_no_key_nothing_is_found_and_no_other_call_is_answered(
    served_on_sqlite: Served, scope: str | None
) -> None:
    found = tried(served_on_sqlite, set() if scope is None else {scope}, FEW)
    assert found.failures == []
    assert {each for each in unexplained(found.refused) if each.code != "wrong-source"} == set()
    for operation, status in found.statuses:
        may_call = MAY_CALL[Call(*operation.split())]
        assert status >= 400 or may_call == PUBLIC or scope in may_call, operation
