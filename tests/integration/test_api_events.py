"""Handing events in over HTTP: each is answered, by its place, and has a receipt."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from sqlalchemy import update

from api.callers import Scope
from api.event_examples import BODIES, MediaType
from infra.db import tables
from infra.db.engine import transaction
from infra.db.partnerships import create_partnership
from tests.support.api import ApiBench, codes
from tests.support.city import Bench
from tests.support.events import Raw, amendment, report
from tests.support.registers import centre_entry, register

CENTRE, OTHER = "/centres/test", "/centres/other"
NOON = "2026-07-01T12:00:00.000000Z"

BAD_BODIES: list[tuple[bytes, str, tuple[int, str]]] = [
    (b"{", MediaType.EVENT, (400, "malformed-json")),
    (b"", MediaType.EVENT, (400, "malformed-json")),
    (b"[" * 100_000, MediaType.EVENT, (400, "malformed-json")),
    (b'{"type":' * 100_000, MediaType.BATCH, (422, "not-a-batch")),
    (b"[" * 100_000, MediaType.BATCH, (400, "malformed-json")),
    (b"[{}, {]", MediaType.BATCH, (400, "malformed-json")),
    (b"\xff\xfe", MediaType.BATCH, (400, "malformed-json")),
    (b"[]", MediaType.BATCH, (422, "empty-batch")),
    (b"{}", MediaType.BATCH, (422, "not-a-batch")),
    (b"[]", MediaType.EVENT, (422, "all-rejected")),
    (b"{}", "application/json", (415, "wrong-media-type")),
    (b"{}", "", (415, "wrong-media-type")),
    (b"{}", "text/plain; application/cloudevents+json", (415, "wrong-media-type")),
    (b"{" + b" " * 1_048_576 + b"}", MediaType.EVENT, (413, "too-large")),
    (b"[" + b" " * 4 * 1_048_576 + b"]", MediaType.BATCH, (413, "too-large")),
    (b"[" + b",".join([b"{}"] * 1_001) + b"]", MediaType.BATCH, (413, "too-large")),
]


@pytest.fixture
def city(bench: Bench) -> int:
    return bench.partnership()


@pytest.fixture
def api(bench: Bench) -> Iterator[ApiBench]:
    with ApiBench(bench) as made:
        yield made


@pytest.fixture
def centre(api: ApiBench, city: int) -> httpx.Client:
    return api.client(partnership=city, sources=[CENTRE])


def post(client: httpx.Client, body: Any, media_type: str = MediaType.EVENT) -> httpx.Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return client.post("/v1/events", content=content, headers={"Content-Type": media_type})


def post_batch(client: httpx.Client, *events: Raw) -> httpx.Response:
    return post(client, list(events), MediaType.BATCH)


def tally(answer: httpx.Response) -> tuple[int, int, int, list[tuple[int, str | None, str]], list[tuple[int, str]]]:
    """Return status, accepted, duplicates, the rejected and the quarantined."""
    body = answer.json()
    rejected = [(each["index"], each["id"], each["code"]) for each in body["rejected"]]
    quarantined = [(each["index"], each["code"]) for each in body["quarantined"]]
    return answer.status_code, body["accepted"], body["duplicates"], rejected, quarantined


def receipt_of(client: httpx.Client, id_: str, source: str = CENTRE) -> tuple[str, str | None, int, int]:
    found = client.get(f"/v1/events{source}/{id_}/receipt")
    assert found.status_code == 200, found.text
    body = found.json()
    assert body.keys() == {"state", "since", "sent_again", "set_aside"}
    return body["state"], body["since"], body["sent_again"], body["set_aside"]


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_one_event_is_accepted_once_and_has_a_receipt(bench: Bench, city: int, centre: httpx.Client) -> None:
    assert tally(post(centre, report("a"))) == (202, 1, 0, [], [])
    assert receipt_of(centre, "a") == ("pending", NOON, 0, 0)
    assert tally(post(centre, report("a"), f"{MediaType.EVENT}; charset=utf-8")) == (202, 0, 1, [], [])
    bench.drain()
    assert receipt_of(centre, "a") == ("counted", NOON, 1, 0)
    assert bench.rows(city, "area") == [("W1", "Ward 1", 1)]


def test_the_valid_events_of_a_batch_are_accepted_whatever_the_others_are(
    bench: Bench, city: int, centre: httpx.Client
) -> None:
    answer = post_batch(
        centre,
        report("a"),
        report("b", strands=["nothing-known"]),
        report("c", source=OTHER),
        report("a"),
        {"id": "has/slash", "type": "bellwether.incident.reported.v1"},
        report("d", colour="red"),
    )
    rejected = [
        (1, "b", "unknown-strand"),
        (2, "c", "wrong-source"),
        (4, None, "wrong-form"),
        (5, "d", "unknown-field"),
    ]
    assert tally(answer) == (202, 1, 1, rejected, [])
    assert [each["path"] for each in answer.json()["rejected"]][:2] == ["data.strands[0]", "source"]
    bench.drain()
    assert bench.rows(city, "area") == [("W1", "Ward 1", 1)]
    assert [(row.source, row.received) for row in bench.loss(city)] == [(CENTRE, 2)]


def test_what_was_put_aside_was_received_and_says_so(bench: Bench, centre: httpx.Client) -> None:
    ahead = report("ahead") | {"time": "2026-07-09T12:00:00Z"}
    answer = post_batch(centre, report("a"), report("a", strands=["religion"]), ahead)
    assert tally(answer) == (202, 3, 0, [], [(1, "conflict"), (2, "clock-ahead")])
    bench.drain()
    assert receipt_of(centre, "a") == ("counted", NOON, 0, 1)
    assert receipt_of(centre, "ahead") == ("quarantined", NOON, 0, 0)
    assert tally(post(centre, ahead)) == (202, 1, 0, [], [(0, "clock-ahead")])
    assert receipt_of(centre, "ahead") == ("quarantined", NOON, 1, 0)


def test_a_record_that_a_stage_cannot_handle_is_quarantined_and_not_counted(bench: Bench, centre: httpx.Client) -> None:
    post(centre, report("a"))
    with transaction(bench.engine, write=True) as connection:
        connection.execute(update(tables.event).values(body=b"{}"))
    bench.drain()
    assert receipt_of(centre, "a")[0] == "quarantined"


def test_what_was_set_up_before_any_report_holds_from_the_beginning(bench: Bench, api: ApiBench, city: int) -> None:
    admin = api.client(Scope.ADMIN, partnership=city)
    assert tally(post(admin, register("library", centre_entry("library")))) == (202, 1, 0, [], [])
    bench.drain()
    assert receipt_of(admin, "library", "/registers") == ("counted", None, 0, 0)


def test_when_all_is_rejected_a_problem_says_so_with_the_same_members(centre: httpx.Client) -> None:
    answer = post_batch(centre, report("a", strands=["no"]), report("b", strands=["no"], types=["no"]))
    assert problem(answer) == (422, "all-rejected")
    assert tally(answer)[1:] == (0, 0, [(0, "a", "unknown-strand"), (1, "b", "unknown-value")], [])
    assert codes(answer)[0] == ("[0].data.strands[0]", "unknown-strand")
    single = post(centre, report("a", harm={"injury": "no"}, colour="red"))
    assert problem(single) == (422, "all-rejected")
    assert codes(single) == [("data.harm.injury", "unknown-value"), ("data.colour", "unknown-field")]


def test_bad_bodies_are_problems_and_leave_nothing_behind(bench: Bench, city: int, centre: httpx.Client) -> None:
    for body, media_type, expected in BAD_BODIES:
        answer = post(centre, body, media_type)
        assert problem(answer) == expected, (body[:20], media_type)
    assert bench.loss(city) == []


def test_a_batch_of_a_thousand_is_taken_and_one_that_holds_deep_nesting_loses_only_that(
    bench: Bench, centre: httpx.Client
) -> None:
    deep = b'{"type":"bellwether.incident.reported.v1","data":' + b"[" * 500 + b"]" * 500 + b"}"
    events = [orjson.dumps(report(f"r{number}")) for number in range(999)] + [deep]
    answer = post(centre, b"[" + b",".join(events) + b"]", MediaType.BATCH)
    assert tally(answer)[:3] == (202, 999, 0)
    assert [each["index"] for each in answer.json()["rejected"]] == [999]


def test_no_answer_repeats_what_was_sent(centre: httpx.Client) -> None:
    planted = "PLANTED-NAME"
    bad: list[Raw] = [
        report("a") | {planted: 1},
        report("b", strands=[planted]),
        report("c", occurred=planted),
        report("d", narrative=planted),
        report(f"x/{planted}"),
        report("e", source=f"/centres/{planted}"),
        report("f") | {"type": planted},
        report("g") | {"time": planted},
        {planted: planted},
    ]
    whole = post_batch(centre, *bad)
    assert whole.status_code == 422
    assert planted not in whole.text
    assert len(whole.json()["rejected"]) == len(bad)
    for each in bad:
        single = post(centre, each)
        assert single.status_code in {403, 422}
        assert planted not in single.text


def test_sql_and_html_in_an_id_are_an_id_like_any_other(bench: Bench, centre: httpx.Client) -> None:
    ids = ["'; DROP TABLE event; --", "<script>alert(1)<|script>", "\u202e \U0001f600 %s {0} %2F?#", "receipt"]
    assert tally(post_batch(centre, *(report(id_) for id_ in ids))) == (202, len(ids), 0, [], [])
    bench.drain()
    for id_ in ids:
        assert receipt_of(centre, quote(id_, safe=""))[0] == "counted"


def test_of_two_sources_in_one_object_the_one_that_is_judged_is_the_one_that_is_stored(
    bench: Bench, city: int, centre: httpx.Client
) -> None:
    body = orjson.dumps(report("a", source=CENTRE))
    for raw in (
        body[:-1] + b',"source":"/centres/other"}',
        b'{"source":"/centres/other",' + body[1:],
        body[:-1] + b',"sourc\\u0065":"/centres/other"}',
    ):
        post(centre, raw)
    bench.drain()
    assert {row.source for row in bench.loss(city)} <= {CENTRE}


def test_a_key_hands_in_for_its_own_sources_only_and_admin_for_any(
    bench: Bench, api: ApiBench, city: int, centre: httpx.Client
) -> None:
    refused = post(centre, report("a", source=OTHER))
    assert problem(refused) == (403, "wrong-source")
    assert bench.loss(city) == []
    assert problem(post_batch(centre, report("a", source=OTHER))) == (422, "all-rejected")
    both = api.client(partnership=city, sources=[CENTRE, OTHER])
    assert tally(post_batch(both, report("a"), report("b", source=OTHER)))[:2] == (202, 2)
    admin = api.client(Scope.ADMIN, partnership=city)
    assert tally(post(admin, report("c", source="/imports/anything")))[:2] == (202, 1)
    reader = api.client(Scope.COUNTS_READ, Scope.COUNTS_EXACT, Scope.ALERTS_ACT, partnership=city)
    assert problem(post(reader, b"{", "text/plain")) == (403, "wrong-scope")
    assert problem(post(api.stranger(), b"{", "text/plain")) == (401, "no-valid-key")


def test_receipts_are_for_whoever_may_write_the_source_within_the_partnership(
    bench: Bench, api: ApiBench, city: int, centre: httpx.Client
) -> None:
    post(centre, report("a"))
    other = api.client(partnership=city, sources=[OTHER])
    address = "/v1/events/centres/test/a/receipt"
    assert problem(other.get(address)) == (403, "wrong-source")
    assert problem(api.client(Scope.COUNTS_READ, partnership=city).get(address)) == (403, "wrong-scope")
    assert problem(api.client(partnership=bench.partnership(), sources=[CENTRE]).get(address)) == (404, "unknown-event")
    assert problem(api.client(Scope.ADMIN, partnership=bench.partnership()).get(address)) == (404, "unknown-event")
    assert problem(centre.get("/v1/events/centres/test/b/receipt")) == (404, "unknown-event")
    assert problem(centre.get("/v1/events/centres/test/a%00b/receipt"))[0] == 422
    assert api.access.notes == []
    assert receipt_of(api.client(Scope.ADMIN, partnership=city), "a")[0] == "pending"
    assert api.access.notes == [(api.access.notes[0][0], "read-receipt", "/centres/test/a", None)]


def test_a_source_without_a_leading_slash_has_receipts_as_well(api: ApiBench, city: int) -> None:
    client = api.client(partnership=city, sources=["urn:synthetic:form"])
    assert post(client, report("a", source="urn:synthetic:form")).status_code == 202
    assert receipt_of(client, "a", "/urn:synthetic:form")[0] == "pending"


def test_many_at_once_are_each_answered_for_their_own(bench: Bench, city: int, centre: httpx.Client) -> None:
    def hand_in(number: int) -> tuple[int, int, int]:
        answer = post_batch(centre, report(f"own-{number}"), report("shared"), report(f"bad-{number}", strands=["no"]))
        status, accepted, duplicates, rejected, _ = tally(answer)
        assert [each[1] for each in rejected] == [f"bad-{number}"]
        return status, accepted, duplicates

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(hand_in, range(40)))
    assert sorted(answers) == [(202, 1, 1)] * 39 + [(202, 2, 0)]
    bench.drain()
    assert bench.rows(city, "area") == [("W1", "Ward 1", 41)]
    assert all(row.adds_up for row in bench.loss(city))


def test_an_amendment_before_its_report_is_taken(bench: Bench, city: int, centre: httpx.Client) -> None:
    late = amendment("a2", (CENTRE, "a"), 2, strands=["religion"])
    assert tally(post_batch(centre, late, report("a")))[:2] == (202, 2)
    bench.drain()
    assert bench.rows(city, "strand") == [("religion", 1)]


def test_the_outcomes_are_measured(api: ApiBench, centre: httpx.Client) -> None:
    post_batch(centre, report("a"), report("a"), report("b", strands=["no"]), report("a", strands=["religion"]))
    value = api.registry.get_sample_value
    for outcome in ("accepted", "duplicate", "rejected", "quarantined"):
        assert value("bellwether_events_handed_in_total", {"outcome": outcome}) == 1


def test_the_examples_of_the_contract_are_accepted(bench: Bench, api: ApiBench) -> None:
    with transaction(bench.engine, write=True) as connection:
        number = create_partnership(connection, "mk", "milton-keynes", "Europe/London", bench.clock.now_us())
    bench.ledger.refresh()
    client = api.client(Scope.ADMIN, partnership=number)
    (one,), (batch,) = (BODIES[each]["examples"].values() for each in MediaType)
    assert tally(post(client, one["value"])) == (202, 1, 0, [], [])
    assert tally(post_batch(client, *batch["value"])) == (202, len(batch["value"]) - 1, 1, [], [])
