"""/v1/counts: the command's rows over HTTP, exact only to whoever may see them, in pages and as CSV."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.callers import Scope
from tests.support.api import ApiBench, codes
from tests.support.city import Bench
from tests.support.events import context, envelope, report
from tests.support.registers import centre_entry, register

YEAR = {"layer": "ward", "from": "2026-01-01", "to": "2026-12-31"}


@pytest.fixture
def api(bench: Bench) -> Iterator[ApiBench]:
    with ApiBench(bench) as made:
        yield made


@pytest.fixture
def city(bench: Bench) -> int:
    """Return a city with a few reports: five in W1, one in W2, one online, one without a day, and police data."""
    number = bench.partnership()
    w2 = [{"areas": [{"layer": "ward", "code": "W2"}]}]
    bench.hand_in(
        number,
        *(report(f"a{n}") for n in range(5)),
        report("b", places=w2, strands=["religion"], occurred={"from": "2026-05-04T20:00:00Z"}),
        report("c", places=[{"kind": "online"}]),
        report("d", places=w2, occurred={}),
        context("p"),
    )
    bench.drain()
    return number


def exact(api: ApiBench, city: int) -> httpx.Client:
    return api.client(Scope.COUNTS_EXACT, partnership=city)


def gated(api: ApiBench, city: int) -> httpx.Client:
    return api.client(Scope.COUNTS_READ, partnership=city)


def ask(client: httpx.Client, by: str, **others: str) -> Any:
    answer = client.get("/v1/counts", params=YEAR | {"by": by} | others)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("by", "others"),
    [
        ("area", {}),
        ("area,month", {}),
        ("day", {}),
        ("week,strand", {}),
        ("category", {}),
        ("centre,month", {}),
        ("area", {"kind": "context"}),
        ("month", {"basis": "received"}),
        ("area", {"as_of": "2026-06-30"}),
        ("area", {"as_of": "2026-07-01"}),
    ],
)
def test_exact_rows_are_those_of_the_command(
    api: ApiBench, bench: Bench, city: int, by: str, others: dict[str, str]
) -> None:
    table = bench.counts(city, *by.split(","), first="2026-01-01", last="2026-12-31", **others)
    answer = ask(exact(api, city), by, **others)
    assert answer["rows"] == [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert all(list(row) == list(table.columns) for row in answer["rows"])
    assert (answer["exact"], answer["unplaced"], answer["undated"]) == (True, table.unplaced, table.undated)


def test_exact_figures_say_up_to_when_and_whether_they_may_change(api: ApiBench, bench: Bench, city: int) -> None:
    client = exact(api, city)
    assert ask(client, "area")["cut_off"] == "2026-07-01T12:00:00.000000Z"
    assert ask(client, "area")["provisional"] is True
    assert ask(client, "area", to="2026-06-02")["provisional"] is False
    assert ask(client, "area", to="2026-06-03")["provisional"] is True
    assert ask(client, "area", to="2026-06-30", basis="received")["provisional"] is False
    assert ask(client, "area", to="2026-07-01", basis="received")["provisional"] is True
    assert ask(client, "area", as_of="2026-06-30")["provisional"] is False
    assert ask(client, "area", as_of="2026-07-01")["provisional"] is True


def test_freshness_is_said_and_changes_only_when_the_picture_is_late(api: ApiBench, bench: Bench, city: int) -> None:
    client = exact(api, city)
    bench.tick(city)
    bench.drain()
    before = client.get("/v1/counts", params=YEAR | {"by": "area"})
    assert before.json()["freshness"] == {"state": "current", "lag_minutes": None}
    bench.clock.advance(seconds=299)
    assert client.get("/v1/counts", params=YEAR | {"by": "area"}).content == before.content
    bench.clock.advance(seconds=61)
    assert ask(client, "area")["freshness"] == {"state": "late", "lag_minutes": 6}


def test_completeness_is_of_the_days_asked_for_and_names_centres_to_few(api: ApiBench, bench: Bench, city: int) -> None:
    bench.hand_in(city, register("r", centre_entry("library", return_days=7)))
    bench.clock.advance(seconds=15 * 24 * 3_600)
    bench.tick(city)
    bench.drain()
    late = {"expected": 1, "overdue": 1, "centres": ["library"]}
    assert ask(exact(api, city), "area")["completeness"] == late
    assert ask(exact(api, city), "area", to="2026-07-05")["completeness"] == {
        "expected": 0,
        "overdue": 0,
        "centres": [],
    }
    assert ask(gated(api, city), "month", layer="city")["completeness"]["centres"] is None
    bench.hand_in(
        city,
        envelope(
            "bellwether.centre.returned.v1",
            "n",
            "/centres/library",
            "2026-07-15T10:00:00Z",
            {"centre": "library", "period": {"from": "2026-07-01", "to": "2026-07-15"}, "nil": True},
        ),
    )
    assert ask(exact(api, city), "area")["completeness"] == {"expected": 1, "overdue": 0, "centres": []}


def test_without_the_scope_for_exact_figures_nobody_sees_one(api: ApiBench, bench: Bench, city: int) -> None:
    for client in (gated(api, city), api.client(Scope.ADMIN, partnership=city, agency="council")):
        answer = ask(client, "month", layer="city")
        assert answer["exact"] is False
        assert (answer["unplaced"], answer["undated"], answer["backfills"]) == (None, None, [])
        assert not [row for row in answer["rows"] if row["count"] is not None and row["count"] < 5]
        for by in ("centre", "day", "category"):
            refused = client.get("/v1/counts", params=YEAR | {"by": by})
            assert refused.status_code == 422
            assert codes(refused) == [("query.by", "not-published")]


def test_what_is_published_does_not_change_with_what_came_in_since(api: ApiBench, bench: Bench, city: int) -> None:
    client = gated(api, city)
    asked = YEAR | {"by": "week", "layer": "city"}
    before = client.get("/v1/counts", params=asked)
    bench.hand_in(city, *(report(f"later{n}") for n in range(7)))
    bench.drain()
    after = client.get("/v1/counts", params=asked)
    assert after.content == before.content
    assert after.headers["etag"] == before.headers["etag"]
    assert exact(api, city).get("/v1/counts", params=asked).json()["rows"][-1]["count"] == 13


def test_csv_has_the_rows_and_columns_of_json_and_says_the_rest_in_headers(api: ApiBench, city: int) -> None:
    client = exact(api, city)
    answer = client.get("/v1/counts", params=YEAR | {"by": "area,month", "format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    as_json = ask(client, "area,month")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows == [{name: str(value) for name, value in row.items()} for row in as_json["rows"]]
    assert answer.headers["bellwether-cut-off"] == as_json["cut_off"]
    assert answer.headers["bellwether-exact"] == "true"
    assert answer.headers["bellwether-unplaced"] == "1"
    by_header = client.get("/v1/counts", params=YEAR | {"by": "area,month"}, headers={"Accept": "text/csv"})
    assert by_header.text == answer.text
    asked_json = client.get(
        "/v1/counts", params=YEAR | {"by": "area", "format": "json"}, headers={"Accept": "text/csv"}
    )
    assert asked_json.headers["content-type"] == "application/json"


def test_what_is_withheld_is_an_empty_field_of_csv(api: ApiBench, city: int) -> None:
    client = gated(api, city)
    answer = client.get("/v1/counts", params=YEAR | {"by": "week", "layer": "city", "format": "csv"})
    as_json = ask(client, "week", layer="city")
    assert [row["count"] for row in csv.DictReader(io.StringIO(answer.text))] == [
        "" if row["count"] is None else str(row["count"]) for row in as_json["rows"]
    ]
    assert answer.headers["bellwether-exact"] == "false"


def test_pages_skip_nothing_and_repeat_nothing_while_reports_come_in(api: ApiBench, bench: Bench, city: int) -> None:
    client = exact(api, city)
    first = ask(client, "area,day", limit="1")
    assert len(first["rows"]) == 1
    bench.hand_in(city, report("0", occurred={"from": "2026-01-02T20:00:00Z"}))
    bench.drain()
    second = ask(client, "area,day", limit="5", cursor=first["next"])
    assert [(row["area"], row["day"]) for row in first["rows"] + second["rows"]] == [
        ("W1", "2026-06-29"),
        ("W2", "2026-05-04"),
    ]
    assert second["next"] is None
    as_csv = client.get("/v1/counts", params=YEAR | {"by": "area,day", "format": "csv", "limit": "2"})
    following = as_csv.links["next"]["url"]
    assert len(as_csv.text.splitlines()) == 3
    assert client.get(following).text.splitlines()[1:] == ["W2,Ward 2,2026-05-04,1"]


def test_exports_and_exact_figures_leave_an_audit_with_their_purpose(api: ApiBench, city: int) -> None:
    purpose = {"Bellwether-Purpose": "weekly-meeting"}
    asked = YEAR | {"by": "month", "layer": "city"}
    gated(api, city).get("/v1/counts", params=asked)
    assert api.access.notes == []
    gated(api, city).get("/v1/counts", params=asked | {"format": "csv"}, headers=purpose)
    exact(api, city).get("/v1/counts", params=asked)
    what = "incident by month of city 2026-01-01..2026-12-31 occurred"
    assert [(act, of, why) for _, act, of, why in api.access.notes] == [
        ("export-counts", f"published {what} csv", "weekly-meeting"),
        ("export-counts", f"exact {what} json", None),
    ]


@pytest.mark.parametrize("purpose", ["Weekly", "a b", "x" * 61, "", "<b>"])
def test_a_purpose_that_is_no_code_is_refused_before_anything_is_shown(api: ApiBench, city: int, purpose: str) -> None:
    answer = exact(api, city).get("/v1/counts", params=YEAR | {"by": "area"}, headers={"Bellwether-Purpose": purpose})
    assert answer.status_code == 422
    assert codes(answer) == [("header.Bellwether-Purpose", "wrong-form")]
    assert api.access.notes == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"from": "2027-01-01"}, ("query.to", "range-backwards")),
        ({"from": "1 July"}, ("query.from", "not-a-date")),
        ({"from": "1782864000"}, ("query.from", "not-a-date")),
        ({"to": "2026-W27-3"}, ("query.to", "not-a-date")),
        ({"to": "2026-02-30"}, ("query.to", "not-a-date")),
        ({"as_of": "0"}, ("query.as_of", "not-a-date")),
        ({"by": "ward"}, ("query.by", "unknown-value")),
        ({"by": ""}, ("query.by", "unknown-value")),
        ({"by": "area,area"}, ("query.by", "repeated-value")),
        ({"by": "area;DROP TABLE alert"}, ("query.by", "unknown-value")),
        ({"layer": "parish"}, ("query.layer", "unknown-layer")),
        ({"kind": "crime"}, ("query.kind", "unknown-value")),
        ({"basis": "guessed"}, ("query.basis", "unknown-value")),
        ({"format": "xlsx"}, ("query.format", "unknown-value")),
        ({"cursor": "made-up"}, ("query.cursor", "unknown-cursor")),
        ({"strand": "race"}, ("query.strand", "unknown-field")),
        ({"from": "0001-01-01", "to": "9999-12-31", "by": "area,day"}, ("query.from", "range-too-large")),
        ({"from": "1990-01-01", "to": "2090-12-31", "by": "day,strand"}, ("query.from", "range-too-large")),
    ],
)
def test_what_cannot_be_asked_is_a_problem_that_repeats_nothing(
    api: ApiBench, city: int, changed: dict[str, str], fault: tuple[str, str]
) -> None:
    answer = exact(api, city).get("/v1/counts", params=YEAR | {"by": "area"} | changed)
    assert answer.status_code == 422
    assert codes(answer) == [fault]
    for sent in ("DROP", "parish", "xlsx", "1782864000", "crime"):
        assert sent not in answer.text


def test_what_is_missing_is_named(api: ApiBench, city: int) -> None:
    answer = exact(api, city).get("/v1/counts")
    assert set(codes(answer)) == {(f"query.{name}", "missing-field") for name in ("layer", "from", "to", "by")}


def test_absurd_days_are_no_fault_where_the_answer_is_small(api: ApiBench, city: int) -> None:
    answer = ask(exact(api, city), "area", **{"from": "0001-01-01", "to": "9999-12-31"})
    assert [row["count"] for row in answer["rows"]] == [5, 2]


def test_a_key_of_another_partnership_sees_its_own_only(api: ApiBench, bench: Bench, city: int) -> None:
    other = bench.partnership()
    assert ask(exact(api, other), "area")["rows"] == []


def test_before_the_first_report_there_is_an_answer_without_rows(api: ApiBench, bench: Bench) -> None:
    empty = bench.partnership()
    for client in (exact(api, empty), gated(api, empty)):
        answer = ask(client, "month", layer="city")
        assert not [row for row in answer["rows"] if row["count"]]
        assert answer["freshness"] == {"state": "not-live", "lag_minutes": None}
    assert ask(exact(api, empty), "area")["cut_off"] is None


def test_counts_need_a_key_that_reads_them_before_anything_else_is_looked_at(api: ApiBench, city: int) -> None:
    assert api.stranger().get("/v1/counts").status_code == 401
    assert api.client(Scope.ALERTS_READ, partnership=city).get("/v1/counts?by=nonsense").status_code == 403


def test_a_whole_answer_can_be_asked_again_for_nothing(api: ApiBench, city: int) -> None:
    client = exact(api, city)
    asked: dict[str, str] = YEAR | {"by": "area"}
    tag = client.get("/v1/counts", params=asked).headers["etag"]
    assert client.get("/v1/counts", params=asked, headers={"If-None-Match": tag}).status_code == 304
