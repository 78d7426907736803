"""Whatever is sent, to whichever address: a problem with code, path and what to do, and nothing breaks or is echoed."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice, product
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import msgspec
import orjson
import pytest

from api.callers import Scope
from api.event_examples import MediaType
from api.paging import cursor_after
from api.problems import MOST_FAULTS
from tests.golden import test_golden
from tests.support.api import ApiBench, codes
from tests.support.city import Bench, QuietObserver
from tests.support.events import Raw, report
from tests.support.full_city import TIME, FullCity, full_city
from tests.support.hostile import IN_ADDRESSES, IN_HEADERS, IN_JSON, TEXTS, UNLIMITED, places_in, with_bytes_at
from tests.support.problems import answered, problem
from tests.support.sealed import SealedBench, person

JSON = {"Content-Type": "application/json"}
HALF = 500
MOST_SECONDS = 20.0
SHORT = 6
"""Letters; shorter texts stand in honest answers too."""
GOLDEN = [Path(test_golden.__file__).parent / name for name in test_golden.FILES if ".full." in name]
HEADERS = (
    "Bellwether-Purpose",
    "If-None-Match",
    "Accept",
    "X-Request-Id",
    "X-Forwarded-For",
    "Host",
    "Range",
    "Cookie",
)
IDS = ("a", "'; DROP TABLE alert; --", "%00", "%ED%A0%80", "..%2f..", "0" * 64, "0" * 65, "%E2%80%AE")


OF_PERSONS: dict[str, Any] = {
    "people": [person(phone="SYNTHETIC", address="SYNTHETIC", characteristics={"faith": "SYNTHETIC"}, police="yes")],
    "narrative": "SYNTHETIC",
    "staff_notes": "SYNTHETIC",
}


class Hostile(NamedTuple):
    """An app over a full city, and a client that may do everything there."""

    bench: Bench
    api: ApiBench
    city: FullCity
    client: httpx.Client


@pytest.fixture
def hostile(database_url: str) -> Iterator[Hostile]:
    bench = SealedBench(database_url)
    city = full_city(bench, "zircon", shipped=True)
    with ApiBench(bench, UNLIMITED) as api:
        yield Hostile(bench, api, city, everything(api, city))
    bench.engine.dispose()


def everything(api: ApiBench, city: FullCity, agency: str = "council") -> httpx.Client:
    return api.client(*Scope, partnership=city.partnership, sources=[city.source], agency=agency)


def post(client: httpx.Client, body: bytes, media_type: str = MediaType.EVENT) -> httpx.Response:
    return client.post("/v1/events", content=body, headers={"Content-Type": media_type})


def echoes(answer: httpx.Response) -> list[str]:
    """Return what an answer repeats of what was sent."""
    said = answer.text + repr(answer.headers.raw)
    return [text for text in TEXTS if len(text) > SHORT and not text[0].isdigit() and text in said]


def needed(hostile: Hostile) -> dict[str, str]:
    """Return a good value for each parameter that some read needs."""
    return {
        "layer": hostile.city.layer,
        "by": "area",
        "from": "2026-01-01",
        "to": "2026-06-30",
        "id": hostile.city.alert,
        "source": hostile.city.source[1:],
    }


def reads(hostile: Hostile) -> Iterator[tuple[str, list[Raw]]]:
    """Return path and parameters of every read of the contract."""
    for path, operations in hostile.api.app.openapi()["paths"].items():
        if "get" in operations:
            yield path, operations["get"].get("parameters", [])


def address(path: str, parameters: Sequence[Raw], good: dict[str, str], spoilt: dict[str, str]) -> str:
    """Return where to ask, every value as it is needed but for those that are spoilt, which are written as they are."""
    values = {name: quote(value, safe="/") for name, value in good.items()} | spoilt
    query = [f"{each['name']}={values[each['name']]}" for each in parameters if is_asked(each, values, spoilt)]
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    return f"{path}?{'&'.join(query)}"


def is_asked(parameter: Raw, values: dict[str, str], spoilt: dict[str, str]) -> bool:
    named = parameter["name"]
    return parameter["in"] == "query" and (named in spoilt or (parameter.get("required", False) and named in values))


def test_every_read_answers_what_it_is_asked_well(hostile: Hostile) -> None:
    for path, parameters in reads(hostile):
        good = needed(hostile) | ({"id": hostile.city.event} if path.endswith("/receipt") else {})
        assert hostile.client.get(address(path, parameters, good, {})).status_code == 200, path


def test_every_parameter_takes_hostile_text_as_text_or_refuses_it(hostile: Hostile) -> None:
    good = needed(hostile)
    for path, parameters in reads(hostile):
        for named in [each["name"] for each in parameters if each["in"] != "header"] + ["not-there"]:
            for text in IN_ADDRESSES:
                answer = hostile.client.get(address(path, [*parameters, {"name": "not-there", "in": "query"}], good,
                                                    {named: text}))  # fmt: skip
                answered(answer)
                assert not echoes(answer), (path, named, text)
    assert hostile.bench.verify() == []


def test_every_header_takes_hostile_text_as_text_or_refuses_it(hostile: Hostile) -> None:
    counts = f"/v1/counts?layer={hostile.city.layer}&by=area&from=2026-01-01&to=2026-06-30"
    for path in (f"/v1/alerts/{hostile.city.alert}", counts, "/healthz", "/v1/nothing"):
        for name, text in product(HEADERS, IN_HEADERS):
            answer = hostile.client.get(path, headers={name: text})
            answered(answer)
            assert not echoes(answer), (path, name)


def test_every_field_of_every_event_takes_hostile_json_as_what_it_is_or_refuses_it(hostile: Hostile) -> None:
    admin, spoilt, handed_in = everything(hostile.api, hostile.city), spoilt_events(), 0
    while batch := [raw for raw in islice(spoilt, HALF) if not is_no_json(raw)]:
        answer = post(admin, b"[" + b",".join(batch) + b"]", MediaType.BATCH)
        handed_in += judge_batch(answer, len(batch))
    assert handed_in > HALF
    observer = QuietObserver()
    hostile.bench.drain(observer=observer)
    assert (observer.set_aside, observer.stops) == ([], [])
    assert all(row.adds_up for row in hostile.bench.loss(hostile.city.partnership))
    assert hostile.bench.verify() == []


def spoilt_events() -> Iterator[bytes]:
    """Return events of every type, each with hostile bytes in the place of one field, most under ids of their own."""
    golden = [orjson.loads(file.read_bytes()) | {"time": TIME} for file in GOLDEN]
    whole = [*golden, report("p", places=[{"kind": "online", "as_written": "SYNTHETIC"}], **OF_PERSONS)]
    for n, (event, path) in enumerate((each, path) for each in whole for path in places_in(each)):
        for number, put in enumerate(IN_JSON):
            yield with_bytes_at(event | {"id": f"hostile-{n}-{number}"}, path, put)


def judge_batch(answer: httpx.Response, events: int) -> int:
    """Return how many of a batch were received, after making sure that each of the others is told what is wrong."""
    assert answered(answer) in {202, 422}
    body = answer.json()
    assert body["accepted"] + body["duplicates"] + len(body["rejected"]) == events
    for each in body["rejected"]:
        assert each["code"]
        assert each["detail"]
        assert each["errors"]
    for each in body["rejected"] + body["quarantined"]:
        del each["id"]  # by which its sender knows it; nothing else that was sent comes back
    assert not [text for text in TEXTS if len(text) > SHORT and text in repr(body)]
    return int(body["accepted"] + body["duplicates"])


def is_no_json(raw: bytes) -> bool:
    """Whether nothing can tell where this ends, so that a batch that holds it is refused as a whole."""
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except msgspec.DecodeError:
        return True
    return False


def test_what_is_no_json_is_refused_as_a_whole_and_leaves_nothing(hostile: Hostile) -> None:
    before = hostile.bench.loss(hostile.city.partnership)
    bodies = [with_bytes_at(report("z"), ("data", "strands"), put) for put in IN_JSON]
    bodies = [body for body in bodies if is_no_json(body)]
    assert len(bodies) > 1
    for body in bodies:
        assert problem(post(hostile.client, body))[0] in {400, 422}
        assert problem(post(hostile.client, b"[" + body + b"]", MediaType.BATCH)) == (400, "malformed-json")
    assert hostile.bench.loss(hostile.city.partnership) == before


def test_a_thousand_unknown_fields_are_told_by_a_few(hostile: Hostile) -> None:
    many = {f"field_{number}": 0 for number in range(1_000)}
    close = f"/v1/alerts/{hostile.city.alert}/close"
    for answer in (
        post(hostile.client, orjson.dumps(report("a") | many)),
        post(hostile.client, orjson.dumps(report("a") | {"data": many})),
        hostile.client.post(close, json=many),
        hostile.client.get("/v1/rules", params=many),
    ):
        assert problem(answer)[0] == 422
        assert 0 < len(answer.json()["errors"]) <= MOST_FAULTS


def test_a_parameter_that_is_there_twice_is_refused_unless_it_takes_several(hostile: Hostile) -> None:
    good = needed(hostile)
    for path, parameters in reads(hostile):
        for each in parameters:
            if each["in"] == "query" and each["schema"].get("type") != "array":
                twice = address(path, parameters, good, {}) + f"&{each['name']}=1&{each['name']}=1"
                answer = hostile.client.get(twice)
                assert problem(answer) == (422, "invalid-input")
                assert codes(answer) == [(f"query.{each['name']}", "repeated-parameter")]
    assert hostile.client.get("/v1/alerts?state=open&state=closed&level=amber&level=red").json()["rows"]


@pytest.mark.parametrize("act", ["acknowledge", "stand-down", "close"])
def test_every_body_of_an_act_is_refused_with_what_to_do_unless_it_is_one(hostile: Hostile, act: str) -> None:
    address = f"/v1/alerts/{hostile.city.alert}/{act}"
    bodies = [
        *(b"{", b"[1]", b"1", b'"x"', b"\xff", b"[" * 100_000, b'{"a":' * 20_000, b'{"reason":' + b"9" * 5_000 + b"}"),
        *(b'{"reason":' + put + b',"outcome":' + put + b"}" for put in IN_JSON),
        *(b'{"reason":"all calm","outcome":"real","who":' + put + b"}" for put in IN_JSON),
        b'{"reason":"' + b"x" * 4_200_000 + b'"}',
    ]
    for body in bodies:
        answer = hostile.client.post(address, content=body, headers=JSON)
        assert problem(answer)[0] in {400, 413, 422}, body[:60]
        assert not echoes(answer)
    good = b'{"reason":"all calm","outcome":"real"}'
    for media_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/xml",
        "\xe9",
    ):
        answer = hostile.client.post(address, content=good, headers=[(b"Content-Type", media_type.encode("latin-1"))])
        assert problem(answer) == (422, "invalid-input")
        assert "application/json" in answer.json()["errors"][0]["detail"]
    assert hostile.client.get(f"/v1/alerts/{hostile.city.alert}").json()["state"] == "open"


def test_acts_on_alerts_that_are_not_there_are_404_or_422_whatever_their_id(hostile: Hostile) -> None:
    for id_ in IDS:
        for act in ("acknowledge", "stand-down", "close"):
            answer = hostile.client.post(f"/v1/alerts/{id_}/{act}", json={"reason": "calm", "outcome": "real"})
            assert problem(answer)[0] in {404, 422}


def test_an_impossible_transition_says_which_are_possible(hostile: Hostile) -> None:
    address, calm = f"/v1/alerts/{hostile.city.alert}", {"reason": "calls made, all calm"}
    other = everything(hostile.api, hostile.city, agency="police")

    def impossible(answer: httpx.Response) -> list[str]:
        assert problem(answer)[0] == 409
        possible: list[str] = answer.json()["possible"]
        assert all(each in answer.json()["detail"] for each in possible)
        return possible

    assert impossible(hostile.client.post(f"{address}/stand-down", json=calm)) == ["acknowledge", "close"]
    assert hostile.client.post(f"{address}/acknowledge").status_code == 200
    assert impossible(other.post(f"{address}/acknowledge")) == ["stand-down", "close"]
    assert hostile.client.post(f"{address}/stand-down", json=calm).status_code == 200
    assert impossible(hostile.client.post(f"{address}/acknowledge")) == ["close"]
    assert hostile.client.post(f"{address}/close", json=calm | {"outcome": "real"}).status_code == 200
    assert impossible(other.post(f"{address}/stand-down", json=calm)) == []


DAYS = ("0001-01-01", "1582-10-10", "1969-12-31", "2026-06-28", "9999-12-31")


@pytest.mark.parametrize("scope", [Scope.COUNTS_READ, Scope.COUNTS_EXACT])
def test_absurd_days_and_ranges_are_answered_or_refused_and_take_no_long_time(hostile: Hostile, scope: Scope) -> None:
    client = hostile.api.client(scope, partnership=hostile.city.partnership)
    for by in ("month", "day", "area,strand,week"):
        for first, last in [(first, last) for first in DAYS for last in DAYS]:
            for more in ({}, {"as_of": first}, {"basis": "received"}, {"kind": "context", "format": "csv"}):
                asked = {"layer": "city", "by": by, "from": first, "to": last} | more
                began_s = time.monotonic()
                status = answered(client.get("/v1/counts", params=asked))
                assert time.monotonic() - began_s < MOST_SECONDS, asked
                assert (last < first) <= (status == 422)


def listed_pages(hostile: Hostile) -> Iterator[tuple[str, dict[str, str], str]]:
    """Return address and parameters of every list, and the cursor of its second page."""
    year = {"from": "2026-01-01", "to": "2026-12-31", "by": "area,day", "layer": hostile.city.layer}
    for path, asked in (
        ("/v1/areas", {}),
        ("/v1/tension", {"layer": "ward-2026"}),
        ("/v1/ledger", {}),
        ("/v1/counts", year | {"by": "strand"}),
    ):
        yield path, asked, hostile.client.get(path, params=asked | {"limit": "1"}).json()["next"]


def test_cursors_that_are_made_up_or_changed_lead_nowhere(hostile: Hostile) -> None:
    lists = list(listed_pages(hostile))
    for path, asked, cursor in lists:
        assert answered(hostile.client.get(path, params=asked | {"cursor": cursor})) == 200
        changed = [
            cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(0, len(cursor), 3)
        ]
        others = [other for _, _, other in lists if other != cursor]
        for bad in (*changed, *others, cursor[:-4], cursor + cursor, "", " ", "=", "A" * 2_000, "A" * 2_001, "%", "é"):
            answer = hostile.client.get(path, params=asked | {"cursor": bad})
            assert problem(answer)[0] == 422
            assert [where for where, _ in codes(answer)] == ["query.cursor"]


PLACES: list[tuple[Any, ...]] = [
    *(
        (),
        (1,),
        ("a",),
        ("a\x00", "b"),
        (2**63 - 1, "a"),
        (-(2**63), "a"),
        (2**63, "a"),
        (1, "a", "b"),
        (1, "\U0001f600"),
    ),
    *(
        (1.5, "a"),
        (None, "a"),
        (True, "a"),
        ([1], {"a": 1}),
        ("'; DROP TABLE alert; --",),
        (1, "'; DROP TABLE alert; --"),
    ),
]


def test_cursors_that_are_forged_whole_show_no_more_than_their_list(hostile: Hostile) -> None:
    nothing = {"layer": None, "area": None}
    of = {
        "/v1/alerts": f"alerts { ({'state': [], 'alert_class': [], 'level': []} | nothing) }",
        "/v1/ledger": "ledger {}",
        "/v1/centres": "centres {}",
        "/v1/areas": f"areas { ({'layer': None, 'format': 'json'}) }",
    }
    taken = 0
    for path, name in of.items():
        whole = hostile.client.get(path).json()["rows"]
        for place in PLACES:
            answer = hostile.client.get(path, params={"cursor": cursor_after(name, place)})
            if answered(answer) == 200:
                taken += 1
                assert all(row in whole for row in answer.json()["rows"])
    assert taken > 1


KEYS = (
    "",
    "x",
    "bw_",
    "bw_aaaaaaaaaa_" + "0" * 64,
    "bw_aaaaaaaaaa_" + "0" * 63,
    "BW_AAAAAAAAAA_" + "0" * 64,
    "a" * 60_000,
)


def test_keys_that_are_made_up_open_nothing(hostile: Hostile) -> None:
    known = hostile.client.headers["Authorization"].removeprefix("Bearer ")
    id_, secret = known[: -len("0" * 64)], known[-len("0" * 64) :]
    changed = (
        known[:-1],
        known + "0",
        known.upper(),
        id_ + secret[::-1],
        id_ + "g" * 64,
        f"{known} {known}",
        known[3:],
    )
    stranger = hostile.api.stranger()
    for key in (*KEYS, *IN_HEADERS, *changed):
        for scheme in ("Bearer", "bearer", "Basic", "Digest", ""):
            if (scheme.lower(), key) != ("bearer", known):
                answer = stranger.get("/v1/rules", headers={"Authorization": f"{scheme} {key}"})
                assert problem(answer) == (401, "no-valid-key")
                assert not key or len(key) <= SHORT or key not in answer.text + repr(answer.headers.raw)
