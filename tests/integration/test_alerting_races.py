"""People and triggers at once: one of two people has an alert, and what waits finds it as it was left."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from alerts.policy.acts import PersonsAct, Refusal, Unchanged
from alerts.policy.lifecycle import Act, Happening, Person
from infra.db.alert_acts import AlertActs
from infra.db.alert_views import AlertError
from infra.db.engine import transaction
from infra.db.partnerships import create_partnership
from schemas.alerts import AlertState
from schemas.triggers import Moved, Watched
from tests.support.alerting import (
    ANN,
    BOB,
    acknowledge,
    act,
    alerts,
    close,
    everything,
    life,
    put,
    stand_down,
    told,
    view,
    work_off,
)
from tests.support.city import Bench
from tests.support.databases import set_up, sqlite_url
from tests.support.triggers import HOUR_US, MINUTE_US, MONDAY_NOON_US, trigger

PEOPLE = [Person(f"user-{n}", "council") for n in range(8)]


def opened(bench: Bench, city: int, id_: str = "t1") -> None:
    put(bench, city, trigger(id_, bench.clock.now_us(), partnership=city))
    work_off(bench)


def test_of_people_who_acknowledge_at_once_one_has_it_and_the_others_are_told_who(bench: Bench) -> None:
    city = bench.partnership()
    opened(bench, city)
    (alert,) = alerts(bench, city)
    acts, ready = AlertActs(bench.engine, bench.clock), threading.Barrier(len(PEOPLE))

    def ask(person: Person) -> Happening | Unchanged | Refusal:
        ready.wait()
        return acts.act(city, alert.id, acknowledge(person))

    with ThreadPoolExecutor(len(PEOPLE)) as threads:
        answers = list(threads.map(ask, PEOPLE))
    (winner,) = [person for person, answer in zip(PEOPLE, answers, strict=True) if isinstance(answer, Happening)]
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(refused) == len(PEOPLE) - 1
    assert {(each.code, each.detail) for each in refused} == {
        ("held-by-another", f"it was acknowledged by {winner.user} of council")
    }
    (alert,) = alerts(bench, city)
    assert alert.holder == winner
    assert [row[2] for row in life(bench, city, alert)] == ["opened", "acknowledge"]
    assert [each.event for each in told(bench, city)] == ["alert.opened", "alert.acknowledged"]


def test_people_and_triggers_at_once_lose_nothing(bench: Bench) -> None:
    city = bench.partnership()
    opened(bench, city)
    (alert,) = alerts(bench, city)
    acts = AlertActs(bench.engine, bench.clock)
    ready = threading.Barrier(2)

    def raise_more() -> None:
        ready.wait()
        for n in range(20):
            put(bench, city, trigger(f"more-{n}", bench.clock.now_us() + n, partnership=city))
            work_off(bench)

    def acknowledge_and_stand_down() -> None:
        ready.wait()
        for _ in range(20):
            acts.act(city, alert.id, acknowledge())
            acts.act(city, alert.id, stand_down())

    with ThreadPoolExecutor(2) as threads:
        for running in [threads.submit(raise_more), threads.submit(acknowledge_and_stand_down)]:
            running.result()
    (alert,) = alerts(bench, city)
    assert alert.updates == 21
    lived = life(bench, city, alert)
    assert [before for before, *_ in lived[1:]] == [after for _, after, *_ in lived[:-1]]
    assert lived[-1][1] == alert.state
    acts_told = [each.event for each in told(bench, city) if each.actor]
    assert len(acts_told) == len([row for row in lived if row[2] in ("acknowledge", "stand-down")])


def test_an_update_that_arrives_during_a_stand_down_reopens_the_alert(bench: Bench) -> None:
    city = bench.partnership()
    opened(bench, city)
    (alert,) = alerts(bench, city)
    act(bench, city, alert, acknowledge())
    put(bench, city, trigger("t2", bench.clock.now_us() + 1, partnership=city))  # waits while the stand-down is decided
    act(bench, city, alert, stand_down())
    work_off(bench)
    (alert,) = alerts(bench, city)
    assert (alert.state, alert.updates, alert.holder) == (AlertState.OPEN, 2, None)
    assert [row[2] for row in life(bench, city, alert)] == ["opened", "acknowledge", "stand-down", "reopened"]


def test_an_update_before_a_stand_down_is_stood_down_with_the_alert(bench: Bench) -> None:
    city = bench.partnership()
    opened(bench, city)
    (alert,) = alerts(bench, city)
    act(bench, city, alert, acknowledge())
    put(bench, city, trigger("t2", bench.clock.now_us() + 1, partnership=city))
    work_off(bench)
    act(bench, city, alert, stand_down())
    (alert,) = alerts(bench, city)
    assert (alert.state, alert.updates) == (AlertState.STOOD_DOWN, 2)


@pytest.mark.parametrize("batch_size", [1, 100])
def test_a_trigger_that_waits_while_the_alert_is_closed_opens_a_new_one(bench: Bench, batch_size: int) -> None:
    city = bench.partnership()
    opened(bench, city)
    (alert,) = alerts(bench, city)
    for n in range(3):
        put(bench, city, trigger(f"waiting-{n}", bench.clock.now_us() + n, partnership=city))
    act(bench, city, alert, close())
    work_off(bench, batch_size)
    by_state = {each.state: each for each in alerts(bench, city)}
    assert by_state.keys() == {AlertState.CLOSED, AlertState.OPEN}
    assert by_state[AlertState.CLOSED].id == alert.id
    assert by_state[AlertState.CLOSED].updates == 1
    new = by_state[AlertState.OPEN]
    assert [update.id for update in view(bench, city, new).updates] == ["waiting-0", "waiting-1", "waiting-2"]
    assert new.opened_at_us == bench.clock.now_us()


def test_an_act_says_after_which_trigger_it_was_decided(bench: Bench) -> None:
    city = bench.partnership()
    opened(bench, city)
    put(bench, city, trigger("t2", bench.clock.now_us() + 1, partnership=city))
    work_off(bench)
    put(bench, city, trigger("t3", bench.clock.now_us() + 2, partnership=city))
    (alert,) = alerts(bench, city)
    act(bench, city, alert, acknowledge())
    rows = view(bench, city, alert).transitions
    assert [(row.act, row.after_trigger) for row in rows] == [("opened", None), ("acknowledge", 2)]
    assert (rows[-1].actor, rows[-1].agency, rows[-1].at_us) == ("ann", "council", bench.clock.now_us())


def test_an_act_that_is_refused_or_changes_nothing_writes_nothing(bench: Bench) -> None:
    city = bench.partnership()
    opened(bench, city)
    (alert,) = alerts(bench, city)
    act(bench, city, alert, acknowledge())
    before, said = everything(bench, city), told(bench, city)
    assert isinstance(act(bench, city, alert, acknowledge()), Unchanged)
    assert isinstance(act(bench, city, alert, acknowledge(BOB)), Refusal)
    assert isinstance(act(bench, city, alert, PersonsAct(Act.CLOSE, ANN, "no outcome given")), Refusal)
    assert (everything(bench, city), told(bench, city)) == (before, said)


@pytest.mark.parametrize("with_tick", [False, True])
def test_whether_it_was_overdue_when_somebody_answered_does_not_depend_on_ticks(bench: Bench, with_tick: bool) -> None:
    city = bench.partnership()
    opened_us = bench.clock.now_us()
    put(bench, city, trigger("t1", opened_us, partnership=city, severity="red"))
    work_off(bench)
    bench.clock.advance(seconds=3600)
    if with_tick:
        put(bench, city, Moved(city, opened_us + 45 * MINUTE_US))
        work_off(bench)
    (alert,) = alerts(bench, city)
    act(bench, city, alert, acknowledge())
    assert life(bench, city, alert) == [
        (None, "open", "opened", opened_us),
        ("open", "open", "overdue", opened_us + 30 * MINUTE_US),
        ("open", "acknowledged", "acknowledge", opened_us + HOUR_US),
    ]
    assert [each.event for each in told(bench, city)] == ["alert.opened", "alert.overdue", "alert.acknowledged"]
    held = view(bench, city, alert)
    assert [(row.update_number, row.kind) for row in held.deliveries] == [(1, "opened"), (1, "overdue")]


def test_an_alert_of_another_partnership_is_not_there(bench: Bench) -> None:
    city, other = bench.partnership(), bench.partnership()
    opened(bench, city)
    (alert,) = alerts(bench, city)
    with pytest.raises(AlertError, match=r"there is no alert .*alerts list"):
        act(bench, other, alert, acknowledge())


def test_a_replay_of_the_same_triggers_gives_the_same_alerts_and_ids(bench: Bench, tmp_path: Path) -> None:
    items: list[Watched] = [
        trigger("t1", partnership=1),
        trigger("t2", MONDAY_NOON_US + 1, partnership=1, strand_group="race", severity="red"),
        Moved(1, MONDAY_NOON_US + HOUR_US),
        trigger("t3", MONDAY_NOON_US + 2 * HOUR_US, partnership=1),
    ]
    number = _named_city(bench)
    assert number == 1
    for item in items:
        put(bench, number, item)
    work_off(bench, 1)
    url = sqlite_url(tmp_path)
    set_up(url)
    again = Bench(url)
    assert _named_city(again) == 1
    put(again, 1, *items)
    work_off(again)
    assert everything(again, 1) == everything(bench, 1)
    assert len(everything(bench, 1)) == 2
    again.engine.dispose()


def _named_city(bench: Bench) -> int:
    with transaction(bench.engine, write=True) as connection:
        number = create_partnership(connection, "replayed", "none", "Europe/London", bench.clock.now_us())
    bench.ledger.refresh()
    return number


def test_the_store_itself_holds_one_open_alert_for_what_belongs_together(bench: Bench) -> None:
    city = bench.partnership()
    opened(bench, city)
    copy = (
        "INSERT INTO alert (partnership, id, alert_class, layer, area_code, strand_group, area, area_name, rule,"
        " severity, marking, state, opened_at_us, updated_at_us, updates, standing)"
        " SELECT partnership, 'another', alert_class, layer, area_code, strand_group, area, area_name, rule,"
        " severity, marking, state, opened_at_us, updated_at_us, updates, standing FROM alert"
    )
    with pytest.raises(IntegrityError), transaction(bench.engine, write=True) as connection:
        connection.execute(text(copy))
