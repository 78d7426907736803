"""`alerts`: the list, why an alert is there, and what people may do about it."""

from pathlib import Path

import pytest

from infra.db.engine import make_engine
from infra.db.ledger import SqlLedger
from schemas.codec import encode_triggers
from schemas.topics import ALERTS, TRIGGERS
from schemas.triggers import FELL, Moved, Watched
from streams.ports import Emit, Step
from streams.runner import Runner
from streams.stages.alerting import Alerting
from tests.support.city import QuietObserver
from tests.support.cli import Cli
from tests.support.databases import STORE_TIMEOUT_S
from tests.support.triggers import HOUR_US, MINUTE_US, MONDAY_NOON_US, trigger

BY = ("--actor", "a-lee", "--agency", "council")
WHY = ("--reason", "calls made")
COLUMNS = "id,class,rule,area,strand_group,state,opened_at,updated_at,updates\n"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path).with_ledger()


def alerted(cli: Cli, *items: Watched) -> str:
    """Have triggers handled; return the id of the first alert."""
    engine = make_engine(cli.database_url, STORE_TIMEOUT_S)
    ledger = SqlLedger(engine)
    row = Emit(TRIGGERS.name, 1, MONDAY_NOON_US, encode_triggers(list(items)))
    ledger.stage_unit(lambda unit: unit.emit(0, [row]), 1)
    Runner(Step(Alerting(), TRIGGERS, ALERTS), ledger, ledger, QuietObserver()).work_off(0, 100)
    engine.dispose()
    return cli("alerts", "list").table()[0]["id"]


def state(cli: Cli) -> str:
    (row,) = cli("alerts", "list").table()
    return row["state"]


def test_an_empty_list_has_its_columns(cli: Cli) -> None:
    assert cli("alerts", "list").out == COLUMNS
    assert cli("alerts", "list", "--format", "json").json() == []


def test_the_list_has_every_alert_in_order_of_opening(cli: Cli) -> None:
    alerted(
        cli,
        trigger("t1"),
        trigger("t2", MONDAY_NOON_US + 1, strand_group="race", rule="severe", alert_class="safeguarding"),
        trigger("t3", MONDAY_NOON_US + HOUR_US + 500_000),
    )
    ended = cli("alerts", "list")
    assert ended.code == 0
    assert ended.out.startswith(COLUMNS)
    assert [list(row.values())[1:7] for row in ended.table()] == [
        ["tension", "three-in-seven", "W1", "any", "open", "2026-06-29T12:00:00.000000Z"],
        ["safeguarding", "severe", "W1", "race", "open", "2026-06-29T12:00:00.000001Z"],
    ]
    assert [(row["updated_at"], row["updates"]) for row in ended.table()] == [
        ("2026-06-29T13:00:00.500000Z", "2"),
        ("2026-06-29T12:00:00.000001Z", "1"),
    ]
    as_json = cli("alerts", "list", "--format", "json").json()
    assert [row["updates"] for row in as_json] == [2, 1]
    assert list(as_json[0]) == COLUMNS.strip().split(",")


def test_closed_alerts_are_listed_too_unless_a_state_is_asked_for(cli: Cli) -> None:
    id_ = alerted(cli, trigger("t1"), trigger("t2", strand_group="race"))
    assert cli("alerts", "close", id_, *BY, *WHY, "--outcome", "real").code == 0
    states = [row["state"] for row in cli("alerts", "list").table()]
    assert sorted(states) == ["closed", "open"]
    assert [row["state"] for row in cli("alerts", "list", "--state", "open").table()] == ["open"]
    assert [row["id"] for row in cli("alerts", "list", "--state", "closed").table()] == [id_]
    both = cli("alerts", "list", "--state", "closed", "--state", "open").table()
    assert len(both) == 2


def test_an_alert_is_shown_with_its_why_its_life_and_its_deliveries(cli: Cli) -> None:
    id_ = alerted(
        cli,
        trigger("t1", severity="red"),
        trigger("t2", MONDAY_NOON_US + MINUTE_US, observed=4, severity="red"),
        Moved(1, MONDAY_NOON_US + HOUR_US),
        trigger("t3", MONDAY_NOON_US + 2 * HOUR_US, observed=2, kind=FELL, reason="window-emptied", severity="red"),
    )
    assert cli("alerts", "acknowledge", id_, *BY).code == 0
    shown = cli("alerts", "show", id_)
    assert shown.code == 0
    lines = [line.strip() for line in shown.out.splitlines()]
    assert lines[:6] == [
        f"Alert {id_} (synthetic)",
        "tension, red, acknowledged, held by a-lee of council",
        "Below the threshold since 2026-06-29T14:00:00.000000Z; it stays until a person closes it.",
        "",
        "Why (update 3, 2026-06-29T14:00:00.000000Z)",
        "What: older incidents have left the period, and the count is below the threshold.",
    ]
    assert "Since the last update: 2 observed, it was 4 (-2); below the threshold again." in lines
    assert "2  2026-06-29T12:01:00.000000Z  raised, red: count-reached" in lines
    assert "2026-06-29T12:30:00.000000Z  overdue, now open" in lines
    assert "update 1, opened, to log-readers by log: waiting, 0 tried" in lines
    assert any(line.endswith("acknowledge by a-lee of council, now acknowledged") for line in lines)


def test_an_alert_is_shown_to_programs_as_json(cli: Cli) -> None:
    id_ = alerted(cli, trigger("t1", severity="amber-high"), trigger("t2", MONDAY_NOON_US + 1, observed=4))
    shown = cli("alerts", "show", id_, "--format", "json").json()
    assert (shown["id"], shown["state"], shown["area"], shown["holder"]) == (id_, "open", "W1", None)
    assert shown["acknowledge_by"] == "2026-06-29T16:00:00.000000Z"
    assert [(each["number"], each["observed"], each["reason"]) for each in shown["updates"]] == [
        (1, 3, "count-reached"),
        (2, 4, "count-reached"),
    ]
    assert [each["act"] for each in shown["life"]] == ["opened"]
    assert [(each["update"], each["kind"]) for each in shown["deliveries"]] == [(1, "opened"), (2, "updated")]


def test_a_life_from_opening_to_close(cli: Cli) -> None:
    id_ = alerted(cli, trigger("t1"))
    ended = cli("alerts", "acknowledge", id_, *BY)
    assert (ended.code, ended.out, ended.err) == (0, "", f"alert {id_}: acknowledged\n")
    assert cli("alerts", "stand-down", id_, *BY, *WHY).err == f"alert {id_}: stood-down\n"
    assert cli("alerts", "close", id_, *BY, *WHY, "--outcome", "explained-by-recording").err == f"alert {id_}: closed\n"
    life = cli("alerts", "show", id_, "--format", "json").json()["life"]
    assert [(each["act"], each["to"], each["actor"], each["reason"], each["outcome"]) for each in life] == [
        ("opened", "open", None, None, None),
        ("overdue", "open", None, None, None),
        ("acknowledge", "acknowledged", "a-lee", None, None),
        ("stand-down", "stood-down", "a-lee", "calls made", None),
        ("close", "closed", "a-lee", "calls made", "explained-by-recording"),
    ]


def test_acknowledging_twice_says_so_and_is_no_fault(cli: Cli) -> None:
    id_ = alerted(cli, trigger("t1"))
    cli("alerts", "acknowledge", id_, *BY)
    again = cli("alerts", "acknowledge", id_, *BY)
    assert again.code == 0
    assert again.err == f"alert {id_}: a-lee of council has acknowledged it already; nothing changed\n"


def test_what_is_not_possible_is_a_fault_that_says_what_is(cli: Cli) -> None:
    id_ = alerted(cli, trigger("t1"))
    ended = cli("alerts", "stand-down", id_, *BY, *WHY)
    assert ended.code == 1
    assert ended.err == (
        f"bellwether: not-possible: alert {id_} was left as it is: the alert is open; possible: acknowledge, close\n"
    )
    cli("alerts", "acknowledge", id_, *BY)
    other = cli("alerts", "acknowledge", id_, "--actor", "b-cho", "--agency", "police")
    assert other.code == 1
    assert "it was acknowledged by a-lee of council; possible: stand-down, close" in other.err
    cli("alerts", "close", id_, *BY, *WHY, "--outcome", "duplicate")
    closed = cli("alerts", "close", id_, *BY, *WHY, "--outcome", "real")
    assert closed.code == 1
    assert closed.err.endswith("the alert is closed; possible: nothing\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("acknowledge", "{id}", "--actor", "Ann Lee", "--agency", "council"), "--actor takes a code"),
        (("acknowledge", "{id}", "--actor", "ann", "--agency", ""), "--agency takes a code"),
        (("stand-down", "{id}", *BY, "--reason", " "), "--reason takes one line"),
        (("stand-down", "{id}", *BY, "--reason", "x" * 501), "--reason takes one line"),
        (("stand-down", "{id}", *BY, "--reason", "one\ntwo"), "--reason takes one line"),
        (("stand-down", "{id}", *BY), "--reason"),
        (("close", "{id}", *BY, *WHY), "--outcome"),
        (("close", "{id}", *BY, *WHY, "--outcome", "artefact"), "explained-by-recording"),
        (("acknowledge", "0" * 32, *BY), "there is no alert 0000"),
        (("show", "0" * 32), "there is no alert 0000"),
        (("list", "--state", "raised"), "stood-down"),
    ],
)
def test_wrong_use_is_said_in_words_and_changes_nothing(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    id_ = alerted(cli, trigger("t1"))
    ended = cli("alerts", *(argument.format(id=id_) for argument in arguments))
    assert ended.code == 2
    assert said in ended.err
    assert "Ann Lee" not in ended.err
    assert state(cli) == "open"
