"""What triggers, clocks and people make of an alert."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.policy.acts import POSSIBLE, PersonsAct, Refusal, Unchanged, decide, perform
from alerts.policy.grouping import alert_id, key_of
from alerts.policy.lifecycle import (
    Act,
    Alert,
    DeliveryKind,
    Happening,
    Person,
    Transition,
    clock_ran_out,
    opened,
    updated,
)
from schemas.alerts import AlertEvent, AlertState
from schemas.triggers import FELL
from schemas.vocabulary import AlertOutcome, Marking, Severity
from tests.support.triggers import HOUR_US, MINUTE_US, MONDAY_NOON_US, trigger, us

LONDON = ZoneInfo("Europe/London")
ANN = Person("ann", "council")
BOB = Person("bob", "police")
LATER_US = MONDAY_NOON_US + HOUR_US
FALLEN: dict[str, Any] = {"kind": FELL, "reason": "window-emptied", "observed": 2}
OPEN, ACKNOWLEDGED = AlertState.OPEN, AlertState.ACKNOWLEDGED
STOOD_DOWN, CLOSED = AlertState.STOOD_DOWN, AlertState.CLOSED


def new(**fields: Any) -> Alert:
    first = trigger("t1", **fields)
    return opened("a" * 32, key_of(first), first, LONDON).alert


def asked(act: Act, by: Person = ANN, reason: str = "calls made", outcome: AlertOutcome | None = None) -> PersonsAct:
    if act is Act.CLOSE and outcome is None:
        outcome = AlertOutcome.REAL
    return PersonsAct(act, by, reason, outcome)


def acted(alert: Alert, *acts: Act, by: Person = ANN) -> Alert:
    for act in acts:
        happenings = perform(alert, asked(act, by), MONDAY_NOON_US, 0)
        assert isinstance(happenings, tuple)
        alert = happenings[-1].alert
    return alert


def in_state(state: AlertState) -> Alert:
    ways: dict[AlertState, tuple[Act, ...]] = {
        OPEN: (),
        ACKNOWLEDGED: (Act.ACKNOWLEDGE,),
        STOOD_DOWN: (Act.ACKNOWLEDGE, Act.STAND_DOWN),
        CLOSED: (Act.CLOSE,),
    }
    return acted(new(), *ways[state])


def heard(alert: Alert, id_: str = "t2", at_us: int = LATER_US, **fields: Any) -> Happening:
    return updated(alert, trigger(id_, at_us, **fields), LONDON)


def test_a_trigger_opens_an_alert_and_starts_its_clock() -> None:
    first = trigger("t1")
    happening = opened("a" * 32, key_of(first), first, LONDON)
    alert = happening.alert
    assert (alert.state, alert.updates, alert.severity) == (OPEN, 1, Severity.AMBER)
    assert alert.acknowledge_by_us == us("2026-06-30T16:00Z")
    assert alert.opened_at_us == alert.updated_at_us == MONDAY_NOON_US
    assert (happening.event, happening.delivery) == (AlertEvent.OPENED, DeliveryKind.OPENED)
    assert happening.transition == Transition(None, OPEN, Act.OPENED, MONDAY_NOON_US)


def test_new_evidence_makes_a_numbered_update_and_leaves_the_clock() -> None:
    alert = new()
    happening = heard(alert)
    assert happening.alert == replace(alert, updates=2, updated_at_us=LATER_US)
    assert (happening.event, happening.delivery, happening.transition) == (
        AlertEvent.UPDATED,
        DeliveryKind.UPDATED,
        None,
    )


def test_new_evidence_of_the_same_severity_leaves_an_acknowledged_alert_with_whoever_has_it() -> None:
    alert = in_state(ACKNOWLEDGED)
    happening = heard(alert)
    assert (happening.alert.state, happening.alert.holder) == (ACKNOWLEDGED, ANN)
    assert happening.alert.acknowledge_by_us is None
    assert happening.delivery is DeliveryKind.UPDATED
    assert happening.transition is None


@pytest.mark.parametrize("state", [OPEN, ACKNOWLEDGED])
def test_higher_severity_opens_the_alert_again_and_restarts_its_clock(state: AlertState) -> None:
    happening = heard(in_state(state), severity="red")
    assert happening.alert.severity is Severity.RED
    assert (happening.alert.state, happening.alert.holder) == (OPEN, None)
    assert happening.alert.acknowledge_by_us == LATER_US + 30 * MINUTE_US
    assert happening.transition == Transition(state, OPEN, Act.RAISED, LATER_US)


def test_lower_severity_takes_nothing_back() -> None:
    alert = new(severity="red")
    assert heard(alert, severity="watch").alert == replace(alert, updates=2, updated_at_us=LATER_US)


def test_new_evidence_reopens_what_was_stood_down() -> None:
    happening = heard(in_state(STOOD_DOWN))
    assert (happening.alert.state, happening.alert.holder) == (OPEN, None)
    assert happening.alert.acknowledge_by_us == us("2026-06-30T16:00Z")
    assert happening.transition == Transition(STOOD_DOWN, OPEN, Act.REOPENED, LATER_US)
    assert happening.delivery is DeliveryKind.UPDATED


@pytest.mark.parametrize("state", [OPEN, ACKNOWLEDGED, STOOD_DOWN])
def test_falling_below_is_noted_and_never_acted_on(state: AlertState) -> None:
    alert = in_state(state)
    happening = heard(alert, **FALLEN, severity="red")
    assert happening.alert == replace(alert, updates=2, updated_at_us=LATER_US, standing=(), below_since_us=LATER_US)
    assert (happening.delivery, happening.transition) == (None, None)


def test_it_is_below_from_the_first_fall_until_something_is_raised() -> None:
    fell = heard(heard(new(), **FALLEN).alert, "t3", LATER_US + HOUR_US, **FALLEN).alert
    assert fell.below_since_us == LATER_US
    assert heard(fell, "t4").alert.below_since_us is None


def test_an_alert_that_two_rules_hold_up_is_below_when_both_have_fallen() -> None:
    both = heard(new(), "t2", rule="severe").alert
    one = heard(both, "t3", **FALLEN).alert
    assert (one.standing, one.below_since_us) == (("severe",), None)
    assert heard(one, "t4", **FALLEN, rule="another").alert.below_since_us is None
    assert heard(one, "t4", LATER_US + HOUR_US, **FALLEN, rule="severe").alert.below_since_us == LATER_US + HOUR_US


def test_it_is_not_below_while_others_under_the_same_rule_are_above() -> None:
    one_left = heard(new(rule="severe", threshold=2), kind=FELL, reason="harm-withdrawn", rule="severe", threshold=2)
    assert (one_left.alert.standing, one_left.alert.below_since_us) == (("severe",), None)


def test_a_rule_that_is_gone_holds_nothing_up() -> None:
    gone = heard(new(), kind=FELL, reason="rule-changed")
    assert (gone.alert.standing, gone.alert.below_since_us) == ((), LATER_US)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("synthetic", "actual", Marking.ACTUAL),
        ("actual", "synthetic", Marking.ACTUAL),
        ("test", "exercise", Marking.EXERCISE),
        ("synthetic", "synthetic", Marking.SYNTHETIC),
    ],
)
def test_what_holds_anything_more_real_is_marked_so(first: str, second: str, expected: Marking) -> None:
    assert heard(new(marking=first), marking=second).alert.marking is expected


def test_a_clock_that_runs_out_is_said_once_at_the_instant_at_which_it_fell_due() -> None:
    alert = new(severity="red")
    due = MONDAY_NOON_US + 30 * MINUTE_US
    assert clock_ran_out(alert, due - 1) is None
    happening = clock_ran_out(alert, due + HOUR_US)
    assert happening is not None
    assert (happening.at_us, happening.event, happening.delivery) == (due, AlertEvent.OVERDUE, DeliveryKind.OVERDUE)
    assert happening.transition == Transition(OPEN, OPEN, Act.OVERDUE, due)
    assert clock_ran_out(happening.alert, due + HOUR_US) is None


@pytest.mark.parametrize("state", [ACKNOWLEDGED, STOOD_DOWN, CLOSED])
def test_nothing_is_overdue_once_somebody_has_answered(state: AlertState) -> None:
    assert clock_ran_out(in_state(state), us("2060-01-01T00:00Z")) is None


def test_an_act_after_the_clock_has_run_out_says_so_first() -> None:
    due = MONDAY_NOON_US + 30 * MINUTE_US
    for now_us, events in (
        (due - 1, [AlertEvent.ACKNOWLEDGED]),
        (due, [AlertEvent.OVERDUE, AlertEvent.ACKNOWLEDGED]),
    ):
        happenings = perform(new(severity="red"), asked(Act.ACKNOWLEDGE), now_us, 7)
        assert isinstance(happenings, tuple)
        assert [each.event for each in happenings] == events
        assert happenings[-1].transition == Transition(
            OPEN, ACKNOWLEDGED, Act.ACKNOWLEDGE, now_us, ANN, "calls made", after_trigger=7
        )
        assert (happenings[-1].alert.holder, happenings[-1].alert.acknowledge_by_us) == (ANN, None)


@pytest.mark.parametrize("state", list(AlertState))
@pytest.mark.parametrize("act", [Act.ACKNOWLEDGE, Act.STAND_DOWN, Act.CLOSE])
def test_only_what_is_possible_is_done_and_a_refusal_says_what_is(state: AlertState, act: Act) -> None:
    expected = {
        OPEN: {Act.ACKNOWLEDGE: ACKNOWLEDGED, Act.CLOSE: CLOSED},
        ACKNOWLEDGED: {Act.STAND_DOWN: STOOD_DOWN, Act.CLOSE: CLOSED},
        STOOD_DOWN: {Act.CLOSE: CLOSED},
        CLOSED: {},
    }[state]
    decided = decide(in_state(state), asked(act, BOB), LATER_US)
    if act in expected:
        assert isinstance(decided, Transition)
        assert (decided.before, decided.after, decided.by, decided.at_us) == (state, expected[act], BOB, LATER_US)
    else:
        assert isinstance(decided, Refusal)
        assert decided.possible == tuple(expected)
        assert decided.possible == POSSIBLE[state]


def test_acknowledging_twice_is_no_fault_and_two_people_cannot_both_have_it() -> None:
    alert = in_state(ACKNOWLEDGED)
    assert isinstance(decide(alert, asked(Act.ACKNOWLEDGE), LATER_US), Unchanged)
    refused = decide(alert, asked(Act.ACKNOWLEDGE, BOB), LATER_US)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.detail) == ("held-by-another", "it was acknowledged by ann of council")


@pytest.mark.parametrize(
    ("state", "wanted", "code"),
    [
        (ACKNOWLEDGED, PersonsAct(Act.STAND_DOWN, ANN, "  "), "reason-missing"),
        (OPEN, PersonsAct(Act.CLOSE, ANN, "", AlertOutcome.REAL), "reason-missing"),
        (OPEN, PersonsAct(Act.CLOSE, ANN, "calls made"), "outcome-missing"),
    ],
)
def test_a_stand_down_needs_a_reason_and_a_close_an_outcome_too(
    state: AlertState, wanted: PersonsAct, code: str
) -> None:
    decided = decide(in_state(state), wanted, LATER_US)
    assert isinstance(decided, Refusal)
    assert decided.code == code


def id_of(slug: str = "milton-keynes", first: str = "t1", **fields: Any) -> str:
    return alert_id(slug, key_of(trigger(first, **fields)), first)


def test_an_id_derives_from_causes_alone_and_never_changes() -> None:
    expected = "d7c44fa5fde946807d270be3fe7a06a1"
    assert id_of() == expected
    assert id_of(at_us=1, position=99, partnership=7, rule="another", severity="red", area=5) == expected


def test_an_id_tells_alerts_apart() -> None:
    others = [
        id_of("luton"),
        id_of(first="t2"),
        id_of(alert_class="safeguarding"),
        id_of(layer="zone"),
        id_of(area_code="W2"),
        id_of(strand_group="race"),
    ]
    assert len({id_of(), *others}) == 7
