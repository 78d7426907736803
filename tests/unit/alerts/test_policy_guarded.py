"""What is told of why an alert is there to readers who may see no exact figures: the same whatever the numbers are."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.policy.guarded import Sight, guarded_why
from alerts.policy.why import why
from schemas.changes import Name
from schemas.triggers import FELL, RAISED, Completeness, Evidence
from tests.support.triggers import trigger

PLAIN = Sight(exact=False, centres=False, strands=False)
CITY_WIDE = Sight(exact=False, centres=False, strands=True)
ADMIN = Sight(exact=False, centres=True, strands=True)
CLEARED = Sight(exact=True, centres=True, strands=True)
SIGHTS = st.builds(Sight, exact=st.just(False), centres=st.booleans(), strands=st.booleans())
SMALL, LARGE = 3, 30


def count(id_: str, threshold: int, **fields: Any) -> Any:
    return trigger(
        id_, rule=f"rule-{threshold}", threshold=threshold, parameters={"count": threshold, "days": 7}, **fields
    )


@given(
    SIGHTS,
    st.sampled_from([(RAISED, RAISED), (RAISED, FELL), (FELL, RAISED)]),
    st.lists(st.integers(0, 12), min_size=4, max_size=4),
    st.lists(st.integers(1, 9), min_size=2, max_size=2),
    st.sampled_from([SMALL, LARGE]),
)
def test_a_count_rule_tells_the_same_whatever_was_counted(
    sight: Sight, kinds: tuple[str, str], observed: list[int], added: list[int], threshold: int
) -> None:
    def told(before: int, now: int, n: int) -> dict[str, Any]:
        named = (Evidence(Name("/centres/test", "a"), n),)
        previous = count("t1", threshold, kind=kinds[0], observed=before)
        return guarded_why(count("t2", threshold, kind=kinds[1], observed=now, evidence=named), previous, sight)

    assert told(observed[0], observed[1], added[0]) == told(observed[2], observed[3], added[1])


@given(SIGHTS, st.integers(1, 4), st.integers(1, 4))
def test_which_small_number_a_rule_has_is_not_told(sight: Sight, one: int, other: int) -> None:
    assert guarded_why(count("t", one), None, sight) == guarded_why(count("t", other), None, sight)


@given(SIGHTS, st.integers(0, 6))
def test_the_day_of_an_incident_is_told_by_week_only(sight: Sight, weekday: int) -> None:
    monday = date(2026, 6, 29).toordinal() - date(1970, 1, 1).toordinal()
    day = monday + weekday
    fields: dict[str, Any] = {
        "rule_kind": "severe-event",
        "observed": 3,
        "threshold": 2,
        "parameters": {"harm": "serious"},
    }
    period = guarded_why(trigger("t", first_day=day, last_day=day, **fields), None, sight)["period"]
    assert period == {"from": "2026-06-29", "to": "2026-07-05"}


def test_a_large_number_is_told_with_its_rule_but_not_what_was_counted() -> None:
    card = guarded_why(count("t", LARGE, observed=31), None, PLAIN)
    assert (card["threshold"], card["observed"], card["rule"]["id"]) == (LARGE, None, "rule-30")


@pytest.mark.parametrize(
    ("group", "sight", "told"),
    [
        ("race", PLAIN, None),
        ("any", PLAIN, "any"),
        ("race", CITY_WIDE, "race"),
        ("race", Sight(exact=True, centres=True, strands=False), "race"),
    ],
)
def test_strands_are_told_where_the_area_is_large_enough(group: str, sight: Sight, told: str | None) -> None:
    assert guarded_why(trigger("t", strand_group=group), None, sight)["strand_group"] == told


def test_which_centres_are_overdue_is_told_to_few() -> None:
    silence = trigger(
        "t",
        rule_kind="silence",
        parameters={"periods": 2},
        observed=2,
        threshold=1,
        completeness=Completeness(37, ("arvig", "library")),
        evidence=(Evidence(Name("/registers", "arvig-entry"), 0),),
    )
    previous = trigger("t0", rule_kind="silence", parameters={"periods": 2}, completeness=Completeness(37, ("clinic",)))
    plain = json.dumps(guarded_why(silence, previous, PLAIN))
    assert not [name for name in ("arvig", "library", "clinic") if name in plain]
    admin = guarded_why(silence, None, ADMIN)
    assert admin["completeness"] == {"expected": 37, "overdue": 2, "centres": ["arvig", "library"]}
    assert [each["id"] for each in admin["evidence"]] == ["arvig-entry"]


def test_whoever_may_see_exact_figures_is_told_all() -> None:
    previous, now = count("t1", SMALL, observed=3), count("t2", SMALL, observed=4, strand_group="race")
    expected = why(now, previous)
    expected["completeness"] = {"expected": 37, "overdue": 1, "centres": ["arvig"]}
    assert guarded_why(now, previous, CLEARED) == expected


def test_a_signal_is_told_as_it_is_since_it_counts_nobody() -> None:
    said: dict[str, Any] = {"rule_kind": "signal", "reason": "signal", "observed": 1, "threshold": 1}
    signal = trigger("t", rule="felt", parameters={"grade": "2C", "told-intensity": "tense"}, **said)
    card = guarded_why(signal, None, PLAIN)
    assert (card["rule"]["id"], card["told"], card["observed"]) == ("felt", {"intensity": "tense"}, 1)
    assert card["period"] == {"from": "2026-06-23", "to": "2026-06-29"}
