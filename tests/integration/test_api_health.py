"""Alive, ready with reasons, measured, described: what the service says of itself; and reads that may be kept."""

import threading
from collections.abc import Iterator, Sequence
from hashlib import sha256

import httpx
import orjson
import pytest
from sqlalchemy import Engine, text, update

from api.callers import Scope
from api.deps import Condition
from api.doorway import PUBLIC
from api.event_examples import MediaType
from infra.cli.conditions import ASKED_ALREADY, Conditions
from infra.cli.works import Work
from infra.db import tables
from infra.db.engine import transaction
from tests.support.api import ApiBench
from tests.support.away import impatient, store_away
from tests.support.city import Bench
from tests.support.events import report

RECEIPT = "/v1/events/centres/test/a/receipt"
STORE_TIMEOUT_S = 0.2
LABELS = {"route", "method", "status", "outcome", "stage", "partition", "code", "le"}


@pytest.fixture
def city(bench: Bench) -> int:
    return bench.partnership()


@pytest.fixture
def api(bench: Bench) -> Iterator[ApiBench]:
    with ApiBench(bench) as made:
        yield made


@pytest.fixture
def admin(api: ApiBench, city: int) -> httpx.Client:
    return api.client(Scope.ADMIN, partnership=city)


def post(client: httpx.Client, id_: str = "a") -> httpx.Response:
    return client.post("/v1/events", content=orjson.dumps(report(id_)), headers={"Content-Type": MediaType.EVENT})


def unmet(conditions: Sequence[Condition]) -> list[str]:
    return [each.name for each in conditions if not each.met]


def test_alive_needs_nothing_and_ready_names_each_condition(api: ApiBench) -> None:
    stranger = api.stranger()
    api.conditions += [Condition("store", True), Condition("schema", True)]
    assert stranger.get("/healthz").json() == {"status": "alive"}
    ready = stranger.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert [each["name"] for each in ready.json()["conditions"]] == ["store", "schema"]
    api.conditions.append(Condition("clock-running", False, "it has ended"))
    refused = stranger.get("/readyz")
    assert (refused.status_code, refused.json()["code"]) == (503, "not-ready")
    assert refused.json()["conditions"][-1] == {"name": "clock-running", "met": False, "detail": "it has ended"}
    assert refused.headers["retry-after"] == "5"
    assert stranger.get("/healthz").status_code == 200


def test_readiness_says_when_the_store_is_away_its_schema_is_old_or_a_stage_has_stopped(database_url: str) -> None:
    bench = impatient(database_url, STORE_TIMEOUT_S)
    stop = threading.Event()
    conditions = Conditions(bench.engine, (), stop, believed_s=0)
    assert unmet(conditions()) == []
    bench.ledger.stop_stage("watch", "too many dead letters")
    assert unmet(conditions()) == ["stages-not-stopped"]
    assert "watch stopped" in next(each.detail for each in conditions() if not each.met)
    bench.ledger.stop_stage("watch", None)
    with store_away(bench):
        assert unmet(conditions()) == ["store"]
    with transaction(bench.engine, write=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert unmet(conditions()) == ["schema"]
    stop.set()
    assert unmet(conditions()) == ["going-on", "schema"]
    bench.engine.dispose()


def test_readiness_says_which_work_has_ended(bench: Bench) -> None:
    stop = threading.Event()
    work = Work("clock", lambda: None, stop)
    conditions = Conditions(bench.engine, [work], threading.Event(), believed_s=0)
    assert unmet(conditions()) == ["clock-running"]

    def go_on() -> None:
        stop.wait(60)

    work = Work("clock", go_on, stop)
    work.start()
    assert unmet(Conditions(bench.engine, [work], stop, believed_s=0)()) == []
    stop.set()
    work.join()


def test_a_store_that_does_not_answer_at_all_is_not_waited_for(api: ApiBench, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    def stuck() -> Sequence[Condition]:
        let_go.wait(60)
        return []

    monkeypatch.setattr("api.routes.health.CONDITIONS_SECONDS", 0.05)
    answer = api.with_deps(conditions=stuck).stranger().get("/readyz")
    let_go.set()
    assert (answer.status_code, answer.json()["conditions"][0]["name"]) == (503, "store")


def test_metrics_are_for_administrators_and_have_routes_but_nothing_that_was_sent(
    api: ApiBench, admin: httpx.Client, city: int
) -> None:
    post(admin, "PLANTED-ID")
    admin.get("/v1/events/centres/PLANTED/PLANTED-ID/receipt?PLANTED=1")
    admin.get("/PLANTED")
    read = admin.get("/metrics")
    assert read.headers["content-type"].startswith("text/plain")
    assert 'bellwether_requests_total{method="POST",route="/v1/events",status="2xx"} 1.0' in read.text
    assert 'bellwether_request_seconds_count{method="GET",route="none"} 1.0' in read.text
    assert "PLANTED" not in read.text
    assert {label for metric in api.registry.collect() for each in metric.samples for label in each.labels} <= LABELS
    for scope in set(Scope) - {Scope.ADMIN}:
        assert api.client(scope, partnership=city).get("/metrics").status_code == 403
    assert api.stranger().get("/metrics").status_code == 401


def test_the_contract_is_public_and_every_other_call_in_it_needs_a_key(api: ApiBench) -> None:
    contract = api.stranger().get("/openapi.json")
    assert contract.status_code == 200
    paths = contract.json()["paths"]
    assert {"/v1/events", "/v1/events/{source}/{id}/receipt", "/readyz", "/metrics"} <= paths.keys()
    for path, operations in paths.items():
        for operation in operations.values():
            assert bool(operation.get("security")) == (path not in PUBLIC), path
            assert "application/json" not in operation["responses"].get("422", {}).get("content", {}), path
            statuses = operation["responses"].keys()
            assert "503" in statuses
            assert path in PUBLIC or {"401", "403", "429"} <= statuses


def test_a_read_that_is_still_the_same_is_not_sent_again(bench: Bench, admin: httpx.Client) -> None:
    post(admin)
    first = admin.get(RECEIPT)
    tag = first.headers["etag"]
    assert tag == f'"{sha256(first.content).hexdigest()}"'
    assert first.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in first.headers["vary"]
    for known in (tag, f'"other", W/{tag}', "*"):
        same = admin.get(RECEIPT, headers={"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        assert "content-type" not in same.headers
    bench.drain()
    changed = admin.get(RECEIPT, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["state"]) == (200, "counted")
    assert changed.headers["etag"] != tag


def test_only_reads_that_went_well_may_be_kept(admin: httpx.Client) -> None:
    for answer in (post(admin), admin.get("/v1/events/centres/test/unknown/receipt"), admin.get("/healthz")):
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
    asked_again = admin.get("/v1/events/centres/test/unknown/receipt", headers={"If-None-Match": "*"})
    assert asked_again.status_code == 404


def test_a_stage_that_is_stopped_is_told_by_its_name_alone(bench: Bench) -> None:
    with transaction(bench.engine, write=True) as connection:
        table = tables.stage_position
        connection.execute(update(table).where(table.c.stage == "alerting").values(stopped_because="PLANTED"))
    assert "PLANTED" not in repr(Conditions(bench.engine, (), threading.Event(), believed_s=0)())


def test_however_many_ask_the_store_is_asked_once_and_believed_for_a_while(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, let_go = threading.Event(), threading.Event()
    times = 0

    def slowly(_engine: Engine) -> None:
        nonlocal times
        times += 1
        asked.set()
        let_go.wait(60)

    monkeypatch.setattr("infra.cli.conditions.shortfall", slowly)
    conditions = Conditions(bench.engine, (), threading.Event(), believed_s=60)
    first = threading.Thread(target=conditions)
    first.start()
    assert asked.wait(60)
    assert ASKED_ALREADY in conditions()
    let_go.set()
    first.join()
    assert unmet(conditions()) == []
    assert unmet(conditions()) == []
    assert times == 1
