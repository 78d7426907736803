"""Rows of `triggers` and `alerts` stay readable as they were first written; their examples are never remade."""

from schemas import codec
from schemas.alerts import AlertEvent, AlertState, AlertTold, decode_told, encode_told
from schemas.changes import Name
from schemas.triggers import Completeness, Evidence, Moved, Trigger
from tests.golden.test_golden import golden


def test_a_row_of_triggers_stays_readable() -> None:
    body = golden("triggers.v1.json")
    watched = codec.decode_triggers(body)
    assert codec.encode_triggers(watched) == body
    assert watched == [
        Trigger(
            id="0123456789abcdef0123456789abcdef",
            kind="raised",
            reason="count-reached",
            at_us=1_782_734_400_250_000,
            position=41,
            partnership=1,
            rule="three-in-seven",
            rule_version=2,
            rule_kind="count",
            alert_class="tension",
            severity="amber",
            area=12,
            layer="ward",
            area_code="W1",
            area_name="SYNTHETIC Ward",
            strand_group="race+religion",
            observed=3,
            threshold=3,
            first_day=20_627,
            last_day=20_633,
            cut_off_us=1_782_734_400_250_000,
            completeness=Completeness(37, ("synthetic-centre",)),
            parameters={"count": 3, "days": 7},
            evidence=(
                Evidence(Name("/centres/synthetic", "a"), 1),
                Evidence(Name("/centres/synthetic", "b"), -1),
            ),
            marking="synthetic",
        ),
        Moved(1, 1_782_734_460_000_000),
    ]


def test_a_row_of_alerts_stays_readable() -> None:
    body = golden("alerts.v1.json")
    told = decode_told(body)
    assert encode_told(told) == body
    assert told == AlertTold(
        event=AlertEvent.CLOSED,
        alert="fedcba9876543210fedcba9876543210",
        partnership=1,
        at_us=1_782_738_000_000_001,
        alert_class="tension",
        severity="amber-high",
        layer="ward",
        area_code="W1",
        strand_group="any",
        state=AlertState.CLOSED,
        update=4,
        actor="synthetic-user",
        agency="council",
        outcome="explained-by-recording",
        marking="synthetic",
    )
