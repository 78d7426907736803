"""`ledger`, `dead-letters` and `verify`: what was received, what could not be used, and whether the counts hold."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from infra.db.engine import make_engine, transaction
from infra.db.ledger import SqlLedger
from streams.hosts.desk import IntakeDesk
from streams.stages.intake import Outcome
from tests.support.cli import Cli
from tests.support.clock import FakeClock
from tests.support.databases import STORE_TIMEOUT_S
from tests.support.events import Raw, report

LAST_YEAR = datetime(2020, 1, 1, tzinfo=UTC)
WARD = [{"areas": [{"layer": "ward-2014", "code": "E05009406"}]}]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path).with_ledger()


def event(id_: str, time: str = "2019-12-01T00:00:00Z", **data: Any) -> Raw:
    whole: Raw = {"occurred": {"from": "2019-11-30"}, "reported": "2019-11-30", "places": WARD}
    return report(id_, time=time, **(whole | data))


def execute(cli: Cli, statement: str) -> None:
    engine = make_engine(cli.database_url, STORE_TIMEOUT_S)
    with transaction(engine, write=True) as connection:
        connection.execute(text(statement))
    engine.dispose()


def hand_in(cli: Cli, at: datetime, *events: Raw) -> list[Outcome | None]:
    """Hand events in as if the ledger's clock showed another time."""
    engine = make_engine(cli.database_url, STORE_TIMEOUT_S)
    ledger = SqlLedger(engine, FakeClock(at))
    answers = IntakeDesk(ledger, 1).take([orjson.dumps(each) for each in events], trusted=False)
    engine.dispose()
    return [answer.outcome for answer in answers]


def with_conflict(cli: Cli) -> None:
    assert cli("import", "events", cli.write("a.ndjson", [event("a")])).code == 0
    assert cli("import", "events", cli.write("b.ndjson", [event("a", strands=["other"])])).code == 1


def sums(cli: Cli) -> dict[str, int]:
    ended = cli("ledger")
    assert ended.code == 0, ended.err
    names = ("received", "counted", "duplicate", "quarantined", "pending")
    return {name: sum(int(row[name]) for row in ended.table()) for name in names}


def counted(cli: Cli) -> int:
    asked = ("--layer", "ward-2014", "--from", "2019-01-01", "--to", "2020-12-31", "--by", "area")
    return sum(int(row["count"]) for row in cli("counts", *asked).table())


def test_the_ledger_shows_each_source_and_hour(cli: Cli) -> None:
    assert cli("ledger").out == "source,hour,received,counted,duplicate,quarantined,pending\n"
    assert cli("ledger", "--format", "json").out == "[]\n"
    hand_in(cli, datetime(2020, 1, 1, 10, 59, tzinfo=UTC), event("a"), event("b"))
    hand_in(cli, datetime(2020, 1, 1, 11, 0, tzinfo=UTC), event("b"), event("c"), event("b", strands=["other"]))
    ended = cli("ledger")
    assert ended.code == 0
    assert ended.out.splitlines()[1:] == [
        "/centres/test,2020-01-01T10:00Z,2,0,0,0,2",
        "/centres/test,2020-01-01T11:00Z,3,0,1,1,1",
    ]


def test_a_ledger_that_does_not_add_up_is_a_fault(cli: Cli) -> None:
    assert cli("import", "events", cli.write("a.ndjson", [event("a"), event("b")])).code == 0
    execute(cli, "DELETE FROM arrival WHERE number = 1")
    ended = cli("ledger")
    assert ended.code == 1
    assert len(ended.table()) == 1
    assert "does not add up" in ended.err
    assert "does not add up" not in ended.out


def test_a_conflict_is_listed_shown_and_discarded(cli: Cli) -> None:
    with_conflict(cli)
    (letter,) = cli("dead-letters", "list").table()
    assert (letter["state"], letter["stage"], letter["code"], letter["path"]) == ("open", "intake", "conflict", "id")
    assert (letter["source"], letter["event_id"]) == ("/centres/test", "a")
    assert [row["id"] for row in cli("dead-letters", "list", "--format", "json").json()] == [int(letter["id"])]
    shown = cli("dead-letters", "show", letter["id"]).json()
    assert (shown["code"], shown["state"], shown["event"]["data"]["strands"]) == ("conflict", "open", ["other"])
    refused = cli("dead-letters", "replay", letter["id"])
    assert (refused.code, refused.out) == (1, "")
    assert "still refused, conflict at id" in refused.err
    assert cli("dead-letters", "discard", letter["id"]).code == 2  # without a reason
    done = cli("dead-letters", "discard", letter["id"], "--reason", "the first is right")
    assert (done.code, done.out) == (0, "")
    assert cli("dead-letters", "list").table() == []
    (settled,) = cli("dead-letters", "list", "--all").table()
    assert settled["state"] == "discarded"
    assert cli("dead-letters", "show", letter["id"]).json()["settled_because"] == "the first is right"
    assert sums(cli) == {"received": 2, "counted": 1, "duplicate": 0, "quarantined": 1, "pending": 0}
    assert (counted(cli), cli("verify").code) == (1, 0)


@pytest.mark.parametrize("command", [("show",), ("replay",), ("discard", "--reason", "no")])
def test_a_dead_letter_that_is_not_there_is_wrong_use(cli: Cli, command: tuple[str, ...]) -> None:
    for number in ("7", "seven"):
        ended = cli("dead-letters", command[0], number, *command[1:])
        assert (ended.code, ended.out) == (2, "")


def test_what_is_settled_is_not_settled_again(cli: Cli) -> None:
    with_conflict(cli)
    assert cli("dead-letters", "discard", "1", "--reason", "no").code == 0
    assert cli("dead-letters", "discard", "1", "--reason", "again").code == 2
    assert cli("dead-letters", "replay", "1").code == 2
    assert cli("dead-letters", "show", "1").json()["settled_because"] == "no"


def test_another_partnership_neither_sees_nor_settles_a_dead_letter(cli: Cli) -> None:
    with_conflict(cli)
    assert cli("partnerships", "create", "other", "--places", "none").code == 0
    theirs = ("--partnership", "other")
    assert cli("dead-letters", "list", *theirs).table() == []
    for command in (("show", "1"), ("replay", "1"), ("discard", "1", "--reason", "no")):
        assert cli("dead-letters", *command, *theirs).code == 2
    assert [row["state"] for row in cli("dead-letters", "list", "--partnership", "milton-keynes").table()] == ["open"]


def test_an_event_from_a_clock_ahead_is_replayed_once_its_time_has_come(cli: Cli) -> None:
    ahead = [event("a", time="2020-01-05T00:00:00Z"), event("b", time="2020-01-05T00:00:00Z")]
    assert hand_in(cli, LAST_YEAR, *ahead) == [Outcome.QUARANTINED] * 2
    assert (counted(cli), sums(cli)["quarantined"]) == (0, 2)
    ended = cli("dead-letters", "replay", "1", "2")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.splitlines() == ["dead letter 1: replayed", "dead letter 2: replayed"]
    assert counted(cli) == 2
    assert sums(cli) == {"received": 2, "counted": 2, "duplicate": 0, "quarantined": 0, "pending": 0}
    assert {row["state"] for row in cli("dead-letters", "list", "--all").table()} == {"replayed"}
    assert cli("verify").code == 0


def test_a_clock_still_ahead_is_refused_again(cli: Cli) -> None:
    ahead = event("a", time="2098-01-01T00:00:00Z")
    assert cli("import", "events", cli.write("a.ndjson", [ahead])).code == 1
    ended = cli("dead-letters", "replay", "1")
    assert ended.code == 1
    assert "still refused, clock-ahead at time" in ended.err
    assert sums(cli) == {"received": 1, "counted": 0, "duplicate": 0, "quarantined": 1, "pending": 0}


def test_a_replay_of_what_came_by_another_way_meanwhile_counts_nothing_twice(cli: Cli) -> None:
    ahead = event("a", time="2020-01-05T00:00:00Z")
    assert hand_in(cli, LAST_YEAR, ahead) == [Outcome.QUARANTINED]
    assert cli("import", "events", cli.write("a.ndjson", [ahead])).code == 0
    assert cli("dead-letters", "replay", "1").code == 0
    assert counted(cli) == 1
    assert sums(cli) == {"received": 2, "counted": 1, "duplicate": 1, "quarantined": 0, "pending": 0}
    assert cli("verify").code == 0


def test_a_record_that_a_stage_cannot_handle_is_set_aside_and_replayed_once_mended(cli: Cli) -> None:
    hand_in(cli, LAST_YEAR, event("a"), event("b"))
    execute(cli, "CREATE TABLE kept AS SELECT number, body FROM event WHERE id = 'a'")
    execute(cli, "UPDATE event SET body = X'00' WHERE id = 'a'")
    again = cli("import", "events", cli.write("c.ndjson", [event("c")]))  # has everything counted that waits
    assert again.code == 0
    (letter,) = cli("dead-letters", "list").table()
    assert (letter["stage"], letter["code"], letter["topic"], letter["position"]) == (
        "aggregate", "poison", "events", "1"
    )  # fmt: skip
    assert (letter["source"], letter["event_id"]) == ("/centres/test", "a")
    assert cli("dead-letters", "show", letter["id"]).json()["event"] == {"unreadable_bytes_in_hex": "00"}
    assert sums(cli) == {"received": 3, "counted": 2, "duplicate": 0, "quarantined": 1, "pending": 0}
    assert (counted(cli), cli("verify").code) == (2, 0)
    execute(cli, "UPDATE event SET body = (SELECT kept.body FROM kept WHERE kept.number = event.number)"
                 " WHERE id = 'a'")  # fmt: skip
    assert cli("dead-letters", "replay", letter["id"]).code == 0
    assert sums(cli) == {"received": 3, "counted": 3, "duplicate": 0, "quarantined": 0, "pending": 0}
    assert (counted(cli), cli("verify").code) == (3, 0)


def test_verify_says_that_the_counts_hold(cli: Cli) -> None:
    assert cli("verify").code == 0
    assert cli("import", "events", cli.write("a.ndjson", [event("a"), event("b")])).code == 0
    ended = cli("verify")
    assert (ended.code, ended.out) == (0, "")
    assert "verified" in ended.err


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE count_day SET n = n + 1 WHERE area <> 0", "count_day"),
        ("DELETE FROM count_day WHERE area IN (SELECT number FROM area WHERE code LIKE 'E06%')", "count_day"),
        ("INSERT INTO count_day SELECT series, day + 1, area, 1 FROM count_day LIMIT 1", "count_day"),
        ("UPDATE triangle SET known_day = known_day + 1", "triangle"),
        ("UPDATE contribution SET strands = 'other'", "contribution"),
        ("DELETE FROM contribution", "contribution"),
        ("DELETE FROM log WHERE topic = 'events' AND position = 1", "log"),
    ],
)
def test_verify_finds_what_was_tampered_with(cli: Cli, statement: str, table: str) -> None:
    assert cli("import", "events", cli.write("a.ndjson", [event("a"), event("b")])).code == 0
    execute(cli, statement)
    ended = cli("verify")
    assert (ended.code, ended.out) == (1, "")
    assert any(line.startswith(f"{table} ") for line in ended.err.splitlines())
    assert "differences" in ended.err
