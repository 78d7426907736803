"""Persons sent over HTTP, in whichever part of a request, are in no answer, log line, metric or table that is open."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import orjson
import pytest
from prometheus_client import generate_latest

from api.callers import Scope
from api.event_examples import MediaType
from infra.db.access.audit import read_audit
from infra.observability.logging import configure_logging
from tests.contract.test_planted_persons import (
    ALL,
    CONFLICTING,
    INVALID,
    LATE,
    PLANTS,
    TEXTS,
    TRUNCATED,
    VALID,
    A,
    found_in_tables,
    leaks,
    planted,
)
from tests.support.api import ApiBench
from tests.support.events import report
from tests.support.full_city import FullCity, full_city
from tests.support.hostile import UNLIMITED
from tests.support.sealed import SealedBench

EVENT, BATCH = {"Content-Type": MediaType.EVENT}, {"Content-Type": MediaType.BATCH}
CENTRE = "/centres/test"
IN_ADDRESSES = [quote(plant, safe="") for plant in ALL]
ADDRESSES = (
    *(
        "/{}",
        "/v1/{}",
        "/v1/alerts/{}",
        "/v1/alerts/{}/close",
        "/v1/events/{}/a/receipt",
        "/v1/events/centres/test/{}/receipt",
    ),
    *("/v1/layers/?{}", "/v1/rules?{}", "/v1/areas?layer={}", "/v1/areas?cursor={}", "/v1/tension?layer={}&{}=1"),
    *(
        "/v1/alerts?state={}",
        "/v1/alerts?area={}",
        "/v1/alerts?class={}&level={}",
        "/v1/ledger?limit={}",
        "/v1/centres?{}",
    ),
    *("/v1/counts?layer=city&by=month&from=2026-01-01&to=2026-06-30&format={}", "/healthz?{}", "/metrics?{}"),
)
OF_DAYS = (
    "/v1/counts?layer={}&by={}&from={}&to={}",
    "/v1/counts?layer=city&by=month&from=2026-01-01&to=2026-06-30&as_of={}",
)
"""Somebody's birthday is a day like any other there: it is asked for, answered and noted."""
HEADERS = (
    *(
        "Bellwether-Purpose",
        "X-Request-Id",
        "If-None-Match",
        "Accept",
        "Content-Type",
        "User-Agent",
        "Referer",
        "Cookie",
    ),
    *("X-Forwarded-For", "Host", "Origin", "Range", "From", "traceparent"),
)
ACTS = [
    *({"reason": f"{plant}\ncalled"} for plant in ALL),
    *({"reason": plant * 100, "outcome": plant} for plant in ALL),
    *({plant: plant, "reason": [plant], "outcome": {plant: plant}} for plant in ALL),
]
IDS_THAT_ARE_NONE = (
    [f"{plant}/{plant}" for plant in ALL] + [f"{plant}\n" for plant in ALL] + [plant * 40 for plant in ALL]
)


class Planting(NamedTuple):
    """An app over a ledger with a vault, a client who may do everything, and all that was answered."""

    bench: SealedBench
    api: ApiBench
    city: FullCity
    client: httpx.Client
    answers: list[httpx.Response]

    def send(self, method: str, address: str, client: httpx.Client | None = None, **how: Any) -> httpx.Response:
        """Send a request, and remember what was answered."""
        answer = (client or self.client).request(method, address, **how)
        self.answers.append(answer)
        return answer

    def post(self, body: Any, headers: Mapping[str, str], client: httpx.Client | None = None) -> httpx.Response:
        """Hand something in."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.send("POST", "/v1/events", client, content=content, headers=headers)

    def said(self) -> list[str]:
        """Return all that was answered, headers included."""
        return [answer.text + repr(answer.headers.raw) for answer in self.answers]


@pytest.fixture
def planting(database_url: str) -> Iterator[Planting]:
    configure_logging("debug")
    bench = SealedBench(database_url)
    city = full_city(bench, "zircon")
    with ApiBench(bench, UNLIMITED) as api:
        client = api.client(*Scope, partnership=city.partnership, sources=[CENTRE, city.source], agency="council")
        yield Planting(bench, api, city, client, [])
    bench.engine.dispose()


def plant_bodies(planting: Planting) -> None:
    """Hand in what is valid, conflicting, late, refused, cut off, too much, of no type, and by who may not."""
    taken = [planting.post(each, EVENT).status_code for each in VALID]
    assert taken == [202] * len(VALID)
    for each in (*CONFLICTING, *LATE):
        assert planting.post(each, EVENT).json()["quarantined"]
    assert len(planting.post([*INVALID, *VALID], BATCH).json()["rejected"]) == len(INVALID)
    for body in (*INVALID, *TRUNCATED):
        assert planting.post(body, EVENT).status_code in {400, 422}
    assert planting.post(b"[" + b",".join(TRUNCATED) + b"]", BATCH).status_code == 400
    assert planting.post([VALID[0]] * 1_001, BATCH).status_code == 413
    assert planting.post(report("big", **planted()) | {"pad": "x" * 5_000_000}, EVENT).status_code == 413
    for media_type in (
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
    ):
        assert planting.post(VALID[0], {"Content-Type": media_type}).status_code == 415
    assert planting.post(VALID[0], BATCH).status_code == 422
    assert planting.post(VALID, EVENT).status_code == 422
    wrong = planting.api.client(Scope.COUNTS_READ, partnership=planting.city.partnership)
    other = planting.api.client(partnership=planting.city.partnership, sources=["/centres/other"])
    assert [planting.post(VALID[0], EVENT, each).status_code for each in (wrong, other, planting.api.stranger())] == [
        403,
        403,
        401,
    ]
    for id_ in IDS_THAT_ARE_NONE:
        assert planting.post(report(id_, **planted()), EVENT).status_code == 422


def plant_addresses(planting: Planting) -> None:
    """Put persons into paths, parameters and methods."""
    for address in ADDRESSES + OF_DAYS:
        for text in IN_ADDRESSES:
            if address in ADDRESSES or text != PLANTS["date_of_birth"]:
                for method in ("GET", "POST", text.replace("%", "")):
                    planting.send(method, address.replace("{}", text))


def plant_headers(planting: Planting) -> None:
    """Put persons into headers, their names, and keys."""
    for name in HEADERS:
        for plant in ALL:
            planting.send("GET", f"/v1/alerts/{planting.city.alert}", headers={name: plant})
            planting.send("POST", "/v1/events", headers={name: plant}, content=b"{")
    for plant in ALL:
        for written in (f"Bearer {plant}", plant, f"Basic {plant}", f"Bearer bw_{plant}"):
            planting.send("GET", "/v1/rules", planting.api.stranger(), headers={"Authorization": written})
            planting.send("GET", f"/v1/{quote(plant)}?{quote(plant)}", planting.api.stranger())
        planting.send("GET", "/healthz", headers={plant.replace(" ", "-").replace("@", "-"): plant})


def plant_acts(planting: Planting) -> None:
    """Put persons into what cannot be said of an alert."""
    for said in ACTS:
        for act in ("acknowledge", "stand-down", "close"):
            assert planting.send("POST", f"/v1/alerts/{planting.city.alert}/{act}", json=said).status_code == 422


def read_all(planting: Planting) -> None:
    """Ask for all that there is, as JSON and as CSV, and for the receipts of what was handed in."""
    year = {"layer": "ward", "from": "2026-01-01", "to": "2026-12-31"}
    for path in planting.api.app.openapi()["paths"]:
        asked = year if path in {"/v1/counts", "/v1/tension"} else {}
        planting.send("GET", path.replace("{id}", planting.city.alert), params=asked)
    for by in ("area", "strand", "category", "centre", "day"):
        for form in ("json", "csv"):
            planting.send("GET", "/v1/counts", params=year | {"by": by, "format": form})
    for name in ("a", "a2", "ahead", "s", "d", "w", "x1", "t"):
        planting.send("GET", f"/v1/events{A[0]}/{name}/receipt")


@pytest.mark.parametrize("plant", [plant_bodies, plant_addresses, plant_headers, plant_acts])
def test_planted_persons_are_nowhere_but_sealed(
    planting: Planting, plant: Callable[[Planting], None], capfd: pytest.CaptureFixture[str]
) -> None:
    plant(planting)
    planting.bench.drain()
    read_all(planting)
    assert found_in_tables(planting.bench) == []
    assert leaks(planting.said()) == []
    assert leaks(generate_latest(planting.api.registry)) == []
    assert leaks(read_audit(planting.bench.engine, planting.city.partnership)) == []
    printed = capfd.readouterr()
    assert printed.err.count('"event": "request"') >= len(planting.answers)
    assert leaks(printed.out + printed.err) == []
    assert {answer.status_code for answer in planting.answers}.isdisjoint({500, 503, 307})


def test_what_was_planted_is_there_for_who_may_open_it(planting: Planting) -> None:
    plant_bodies(planting)
    case = planting.bench.case("a")
    assert case
    assert {row.incident_id for row in planting.bench.all("sealed_case") if row.case_reference == case} == {"a"}


def test_no_error_of_ours_tells_what_was_sent(planting: Planting, capfd: pytest.CaptureFixture[str]) -> None:
    planting.bench.engine.dispose()
    broken = planting.api.with_deps(intake=Spilling()).client(Scope.ADMIN, partnership=planting.city.partnership)
    answer = planting.post(report("a", **planted()), EVENT, broken)
    assert answer.status_code == 500
    printed = capfd.readouterr()
    assert '"event": "fault"' in printed.err
    assert leaks([printed.out, printed.err, planting.said()]) == []


class Spilling:
    """An intake whose fault, and the fault behind it, say what they were given."""

    def hand_in(self, partnership: int, events: Any) -> Any:
        try:
            raise ValueError(PLANTS["name"])
        except ValueError as error:
            error.add_note(PLANTS["phone"])
            raise KeyError(events, TEXTS) from error
