"""An alert in somebody's hands: who is told, what becomes of each message, and what is not sent any more."""

from datetime import UTC, datetime

import pytest
import structlog
from sqlalchemy import update
from structlog.testing import capture_logs

from alerts.channels import Refused, Retry
from infra.db import tables
from infra.db.deliveries import list_deliveries
from infra.db.engine import transaction
from schemas.triggers import Moved
from tests.support.alerting import acknowledge, act, alerts, close, put, work_off
from tests.support.city import Bench
from tests.support.couriers import (
    HeldChannel,
    actual,
    attempts_of,
    courier,
    deliveries,
    member,
    raised,
    route_to,
    run_out,
    states,
)
from tests.support.triggers import HOUR_US, MONDAY_NOON_US

DAY_S = 24 * 3_600
IN_TIME = datetime(2026, 6, 29, 13, 5, tzinfo=UTC)


def test_each_member_is_told_once_by_each_channel(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", ["mail-anna", "hook"]), member("boris", "hook", agency="police"))
    raised(bench, city, "t1")
    mail, hook = HeldChannel(), HeldChannel()
    assert run_out(courier(bench, {"mail-anna": mail, "hook": hook})) == 3
    assert deliveries(bench, city) == [
        (1, "opened", "anna", "hook", "delivered"),
        (1, "opened", "anna", "mail-anna", "delivered"),
        (1, "opened", "boris", "hook", "delivered"),
    ]
    assert [recipient.user for _, recipient in hook.sent] == ["anna", "boris"]
    ((message, recipient),) = mail.sent
    (alert,) = alerts(bench, city)
    assert recipient == ("anna", "council", "mail-anna")
    assert message.title == "A new alert needs you: Ward 1, amber"
    assert f"https://bellwether.example/alerts/{alert.id}" in message.text
    assert attempts_of(bench) == [(1, "delivered", "")] * 3


def test_hearing_the_same_again_tells_nobody_again(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail"))
    raised(bench, city, "t1", "t1")
    mail = HeldChannel()
    run_out(courier(bench, {"mail": mail}))
    raised(bench, city, "t1")
    assert run_out(courier(bench, {"mail": mail})) == 0
    assert len(mail.sent) == 1


def test_a_message_says_nothing_of_what_happened_or_to_whom(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail"))
    raised(bench, city, "t1", strand_group="transgender", observed=777)
    mail = HeldChannel()
    run_out(courier(bench, {"mail": mail}))
    ((message, _),) = mail.sent
    for kept_back in ("transgender", "777", "three-in-seven", "arvig", "/centres/test", "tension"):
        assert kept_back not in message.title + message.text


def test_without_routes_the_log_is_told(bench: Bench) -> None:
    city = bench.partnership()
    raised(bench, city, "t1")
    with capture_logs() as said:
        run_out(courier(bench, {}))
    assert deliveries(bench, city) == [(1, "opened", "log-readers", "log", "delivered")]
    (line,) = [each for each in said if each["event"] == "alert"]
    assert line["log_level"] == "warning"
    assert line["title"] == "A new alert needs you: Ward 1, amber"


def test_what_is_synthetic_is_no_warning(bench: Bench) -> None:
    structlog.reset_defaults()  # a command that ran in this process may have set a least level
    city = bench.partnership()
    raised(bench, city, "t1", marking="synthetic")
    with capture_logs() as said:
        run_out(courier(bench, {}))
    (line,) = [each for each in said if each["event"] == "alert"]
    assert line["log_level"] == "info"
    assert line["title"].startswith("SYNTHETIC ")


def test_an_alert_that_no_route_fits_is_never_dropped_and_is_an_error(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail"), severity="red")
    raised(bench, city, "t1")
    with capture_logs() as said:
        run_out(courier(bench, {"mail": HeldChannel()}))
    assert deliveries(bench, city) == [(1, "opened", "nobody-routed", "log", "delivered")]
    assert [each["log_level"] for each in said if each["event"] == "alert"] == ["error"]


@pytest.mark.parametrize("rehearsal", ["replay", "synthetic"])
def test_a_rehearsal_goes_to_the_log_only(bench: Bench, rehearsal: str) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", ["mail", "hook"]))
    if rehearsal == "replay":
        with transaction(bench.engine, write=True) as connection:
            own = tables.partnership.c.number == city
            connection.execute(update(tables.partnership).where(own).values(replaying="a-file"))
    raised(bench, city, "t1", marking="synthetic" if rehearsal == "synthetic" else "actual")
    mail = HeldChannel()
    run_out(courier(bench, {"mail": mail, "hook": mail}))
    assert mail.sent == []
    assert deliveries(bench, city) == [(1, "opened", "anna", "log", "delivered")]


def test_an_exercise_is_delivered_and_says_so_first(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail"))
    raised(bench, city, "t1", marking="exercise")
    mail = HeldChannel()
    run_out(courier(bench, {"mail": mail}))
    assert mail.sent[0][0].title.startswith("EXERCISE ")


def test_what_nobody_acknowledges_in_time_is_told_to_those_above_as_well(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail"), chairs=[member("chair", "mail")])
    raised(bench, city, "t1", severity="red")
    mail = HeldChannel()
    run_out(courier(bench, {"mail": mail}))
    put(bench, city, Moved(city, MONDAY_NOON_US + HOUR_US))
    work_off(bench)
    run_out(courier(bench, {"mail": mail}))
    assert [(row[1], row[2]) for row in deliveries(bench, city)] == [
        ("opened", "anna"),
        ("overdue", "anna"),
        ("overdue", "chair"),
    ]
    assert "overdue" in mail.sent[-1][0].title


def test_an_overdue_message_is_not_sent_once_somebody_has_it(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail"))
    bench.clock.set(IN_TIME)
    raised(bench, city, "t1", severity="red")
    put(bench, city, Moved(city, MONDAY_NOON_US + HOUR_US))
    work_off(bench)
    act(bench, city, alerts(bench, city)[0], acknowledge())
    mail = HeldChannel()
    run_out(courier(bench, {"mail": mail}))
    assert mail.sent == []
    assert states(bench, city) == ["superseded", "superseded"]


def test_what_happened_ahead_of_the_couriers_clock_is_told_at_once(bench: Bench) -> None:
    """A replay may play a time that has not come yet."""
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail"))
    put(bench, city, actual("t1", city, bench.clock.now_us() + 365 * 24 * HOUR_US))
    work_off(bench)
    run_out(courier(bench, {"mail": HeldChannel()}))
    assert states(bench, city) == ["delivered"]


def test_a_closed_alert_needs_nobody(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail"))
    bench.clock.set(IN_TIME)
    raised(bench, city, "t1")
    mail = HeldChannel(Retry("http-503"))
    assert courier(bench, {"mail": mail}).deliver_due() == 1
    act(bench, city, alerts(bench, city)[0], close())
    bench.clock.advance(seconds=60)
    assert courier(bench, {"mail": mail}).deliver_due() == 0
    assert states(bench, city) == ["superseded"]
    assert len(mail.sent) == 1


def test_what_waits_gives_way_to_what_is_newer_for_the_same_person_and_channel(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", ["mail", "hook"]))
    raised(bench, city, "t1")
    mail, hook = HeldChannel(Retry("http-503")), HeldChannel()
    carrier = courier(bench, {"mail": mail, "hook": hook})
    run_out(carrier)
    raised(bench, city, "t1", "t2", "t3")
    bench.clock.advance(seconds=60)
    run_out(carrier)
    assert deliveries(bench, city) == [
        (1, "opened", "anna", "hook", "delivered"),
        (1, "opened", "anna", "mail", "superseded"),
        (2, "updated", "anna", "hook", "superseded"),
        (2, "updated", "anna", "mail", "superseded"),
        (3, "updated", "anna", "hook", "delivered"),
        (3, "updated", "anna", "mail", "waiting"),
    ]


def test_new_evidence_does_not_hide_that_an_alert_is_overdue(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail"))
    raised(bench, city, "t1", severity="red")
    put(bench, city, Moved(city, MONDAY_NOON_US + HOUR_US))
    put(bench, city, actual("t2", city, MONDAY_NOON_US + HOUR_US + 1))
    work_off(bench)
    mail = HeldChannel()
    run_out(courier(bench, {"mail": mail}))
    assert [(row[1], row[4]) for row in deliveries(bench, city)] == [
        ("opened", "superseded"),
        ("overdue", "delivered"),
        ("updated", "delivered"),
    ]


def test_what_fails_is_tried_for_a_day_under_the_same_key_and_then_given_up_loudly(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail"))
    raised(bench, city, "t1")
    mail = HeldChannel(Retry("http-503"))
    carrier = courier(bench, {"mail": mail})
    began_us = bench.clock.now_us()
    with capture_logs() as said:
        while states(bench, city) == ["waiting"]:
            assert carrier.deliver_due() == 1
            assert carrier.deliver_due() == 0
            (row,) = list_deliveries(bench.engine, city)
            bench.clock.advance(seconds=(row.due_at_us - bench.clock.now_us() + 1) / 1_000_000)
    assert states(bench, city) == ["given-up"]
    assert DAY_S <= (bench.clock.now_us() - began_us) / 1_000_000 <= DAY_S + 2
    assert 24 < len(mail.sent) < 60
    assert len(set(mail.keys())) == 1
    assert attempts_of(bench) == [(number, "retry", "http-503") for number in range(1, len(mail.sent) + 1)]
    (last,) = [each for each in said if each["log_level"] == "error"]
    assert (last["event"], last["recipient"], last["reason"]) == ("delivery given-up", "anna", "http-503")


def test_a_refusal_is_final_and_loud_and_stops_nobody_else(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail-anna"), member("boris", "mail-boris"))
    raised(bench, city, "t1")
    channels = {"mail-anna": HeldChannel(Refused("smtp-550")), "mail-boris": HeldChannel()}
    with capture_logs() as said:
        run_out(courier(bench, channels))
    bench.clock.advance(seconds=2 * DAY_S)
    assert run_out(courier(bench, channels)) == 0
    assert states(bench, city) == ["refused", "delivered"]
    assert [row.last_result for row in list_deliveries(bench.engine, city)] == ["refused: smtp-550", "delivered"]
    assert [each["event"] for each in said if each["log_level"] == "error"] == ["delivery refused"]


def test_a_channel_that_nobody_configured_any_more_waits_until_it_is_back(bench: Bench) -> None:
    city = bench.partnership()
    route_to(bench, city, member("anna", "mail"))
    raised(bench, city, "t1")
    run_out(courier(bench, {}))
    assert attempts_of(bench) == [(1, "retry", "no-such-channel")]
    bench.clock.advance(seconds=60)
    run_out(courier(bench, {"mail": HeldChannel()}))
    assert states(bench, city) == ["delivered"]
