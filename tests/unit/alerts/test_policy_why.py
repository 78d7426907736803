"""The why-card: what an alert rests on, in plain sentences."""

from typing import Any

import pytest

from alerts.policy.why import REASONS, sentences, why
from schemas.changes import Name
from schemas.triggers import FELL, Completeness, Evidence, Trigger
from tests.support.triggers import trigger, us


def first(**fields: Any) -> Trigger:
    return trigger("t1", us("2026-06-29T12:00Z"), **fields)


def evidence(*ids: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(Name("/centres/test", id_), 1) for id_ in ids)


def test_a_card_says_what_was_seen_where_when_and_by_which_rule() -> None:
    assert sentences(why(first(), None)) == [
        "What: the count has reached the threshold.",
        "Seen: 3 incidents; the rule asks for 3 or more.",
        "Where: Ward 1 (ward W1); strands: any.",
        "Period: 2026-06-23 to 2026-06-29.",
        "Rule: three-in-seven, version 1, of kind count (count 3, days 7).",
        "Completeness: of 37 centres expected to have made their return, 1 had not: arvig.",
        "Data cut-off: 2026-06-29T12:00:00Z.",
        "Newest evidence: /centres/test a.",
    ]


def test_its_values_are_those_of_the_trigger() -> None:
    assert why(first(), None) == {
        "update": "raised",
        "reason": "count-reached",
        "observed": 3,
        "threshold": 3,
        "severity": "amber",
        "marking": "synthetic",
        "area": {"layer": "ward", "code": "W1", "name": "Ward 1"},
        "strand_group": "any",
        "period": {"from": "2026-06-23", "to": "2026-06-29"},
        "rule": {"id": "three-in-seven", "version": 1, "kind": "count", "parameters": {"count": 3, "days": 7}},
        "told": {},
        "completeness": {"expected": 37, "overdue": ["arvig"]},
        "cut_off": "2026-06-29T12:00:00Z",
        "changed": [],
        "evidence": [{"source": "/centres/test", "id": "a", "n": 1}],
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"observed": 4, "evidence": evidence("b", "a")},
            "Since the last update: 4 observed, it was 3 (+1); 1 new reference of evidence.",
        ),
        (
            {"severity": "red", "rule_version": 2},
            "Since the last update: the rule is now version 2, it was 1; severity red, it was amber.",
        ),
        (
            {"completeness": Completeness(37, ("bletchley",))},
            "Since the last update: now overdue: bletchley; no longer overdue: arvig.",
        ),
        (
            {"kind": FELL, "observed": 2},
            "Since the last update: 2 observed, it was 3 (-1); below the threshold again.",
        ),
        ({"rule": "severe"}, "Since the last update: rule severe speaks; before it was three-in-seven."),
    ],
)
def test_a_card_says_what_changed_since_the_last_update(fields: dict[str, Any], expected: str) -> None:
    assert expected in sentences(why(first(**fields), first()))


def test_nothing_changed_is_not_said() -> None:
    assert not [line for line in sentences(why(first(), first())) if line.startswith("Since")]


def test_back_above_the_threshold_is_said() -> None:
    assert "Since the last update: at or above the threshold again." in sentences(why(first(), first(kind=FELL)))


@pytest.mark.parametrize(
    ("completeness", "expected"),
    [
        (Completeness(0), "Completeness: no return was expected by then."),
        (Completeness(37), "Completeness: all 37 centres that were expected to have made their return had."),
    ],
)
def test_a_card_says_how_complete_the_returns_were(completeness: Completeness, expected: str) -> None:
    assert expected in sentences(why(first(completeness=completeness), None))


def test_a_card_of_grave_harm_names_the_grades() -> None:
    card = why(first(rule_kind="severe-event", reason="harm", observed=3, threshold=2), None)
    assert sentences(card)[1] == "Seen: harm graded critical; the rule asks for serious or graver."


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"observed": 1, "threshold": 1}, "Seen: 1 incident; the rule asks for 1 or more."),
        (
            {"rule_kind": "silence", "observed": 2, "threshold": 1},
            "Seen: 2 overdue centres serving the area; the rule asks for 1 or more.",
        ),
        (
            {
                "rule_kind": "signal",
                "parameters": {"forms": "forecast", "grade": "2CP", "told-form": "forecast", "told-grade": "1AP"},
            },
            "Seen: a signal with form forecast, grade 1AP.",
        ),
        (
            {"rule_kind": "signal", "kind": FELL, "observed": 0, "parameters": {"forms": "forecast"}},
            "Seen: nothing left of what held it up.",
        ),
    ],
)
def test_a_card_says_what_was_seen_as_its_kind_of_rule_sees_it(fields: dict[str, Any], expected: str) -> None:
    assert sentences(why(first(**fields), None))[1] == expected


def test_what_a_signal_states_is_no_parameter_of_its_rule() -> None:
    card = why(first(rule_kind="signal", parameters={"grade": "2CP", "told-grade": "1AP"}), None)
    assert card["rule"]["parameters"] == {"grade": "2CP"}
    assert card["told"] == {"grade": "1AP"}


def test_sentences_name_the_newest_evidence_and_say_how_much_more_there_is() -> None:
    card = why(first(evidence=evidence(*"gfedcba")), None)
    assert sentences(card)[-1].endswith("/centres/test c, and 2 more.")
    assert len(card["evidence"]) == 7


def test_every_reason_of_a_trigger_has_a_meaning() -> None:
    (said,) = [line for line in (Trigger.__doc__ or "").split("\n\n") if "is a code:" in line]
    codes = said.partition("is a code:")[2].strip().rstrip(".").replace("\n", " ").split(",")
    assert {code.strip() for code in codes} == REASONS.keys()
