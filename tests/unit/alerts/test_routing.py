"""Who is told: routes, and what a delivery is known by."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.policy.routing import (
    LOG_CHANNEL,
    LOG_READERS,
    NOBODY_ROUTED,
    Occasion,
    Recipient,
    Route,
    delivery_id,
    recipients,
)
from schemas.vocabulary import AlertClass, Severity

ANNA = Recipient("anna", "council", "mail-anna")
ANNA_HOOK = Recipient("anna", "council", "hook-council")
BORIS = Recipient("boris", "police", "mail-boris")
CHAIR = Recipient("chair", "council", "mail-chair")


def route(*members: Recipient, **how: Any) -> Route:
    said = {"alert_class": None, "layer": None, "area_code": None, "severity": "watch", "escalates": False} | how
    return Route(**said, members=members)


def occasion(**how: Any) -> Occasion:
    said = {"kind": "opened", "alert_class": "tension", "severity": "amber", "layer": "zone", "area_code": "Z1"}
    return Occasion(**(said | {"rehearsed": False} | how))


@pytest.mark.parametrize(
    ("how", "leads"),
    [
        ({}, True),
        ({"alert_class": "tension"}, True),
        ({"alert_class": "data-quality"}, False),
        ({"layer": "zone"}, True),
        ({"layer": "city"}, False),
        ({"layer": "zone", "area_code": "Z1"}, True),
        ({"layer": "zone", "area_code": "Z2"}, False),
        ({"layer": "ward", "area_code": "Z1"}, False),
        ({"severity": "amber"}, True),
        ({"severity": "amber-high"}, False),
    ],
)
def test_a_route_leads_what_fits_its_class_layer_area_and_severity(how: dict[str, Any], leads: bool) -> None:
    told = recipients([route(ANNA, **how)], occasion())
    assert told == ((ANNA,) if leads else (Recipient(NOBODY_ROUTED, "", LOG_CHANNEL),))


def test_what_concerns_the_whole_partnership_follows_routes_without_a_layer() -> None:
    routes = [route(ANNA, layer="zone"), route(BORIS)]
    assert recipients(routes, occasion(layer="", area_code="")) == (BORIS,)


def test_nobody_is_told_twice_by_one_channel_and_each_channel_is_used() -> None:
    assert recipients([route(BORIS, ANNA), route(ANNA_HOOK, ANNA)], occasion()) == (ANNA_HOOK, ANNA, BORIS)


def test_what_is_overdue_goes_also_where_it_escalates() -> None:
    routes = [route(ANNA), route(CHAIR, escalates=True)]
    assert recipients(routes, occasion(kind="opened")) == (ANNA,)
    assert recipients(routes, occasion(kind="updated")) == (ANNA,)
    assert recipients(routes, occasion(kind="overdue")) == (ANNA, CHAIR)


def test_without_any_route_the_log_is_told() -> None:
    assert recipients([], occasion()) == (Recipient(LOG_READERS, "", LOG_CHANNEL),)
    assert recipients([], occasion(rehearsed=True)) == (Recipient(LOG_READERS, "", LOG_CHANNEL),)


def test_a_rehearsal_disturbs_nobody_and_shows_whom_it_would_have() -> None:
    told = recipients([route(BORIS, ANNA, ANNA_HOOK)], occasion(rehearsed=True))
    assert told == (ANNA._replace(channel=LOG_CHANNEL), BORIS._replace(channel=LOG_CHANNEL))


routes = st.builds(
    Route,
    alert_class=st.none() | st.sampled_from([*AlertClass]),
    layer=st.none() | st.sampled_from(["zone", "city"]),
    area_code=st.none() | st.sampled_from(["Z1", "Z2"]),
    severity=st.sampled_from([*Severity]),
    escalates=st.booleans(),
    members=st.lists(st.sampled_from([ANNA, ANNA_HOOK, BORIS, CHAIR]), min_size=1).map(tuple),
)
occasions = st.builds(
    Occasion,
    kind=st.sampled_from(["opened", "updated", "overdue"]),
    alert_class=st.sampled_from([*AlertClass]),
    severity=st.sampled_from([*Severity]),
    layer=st.sampled_from(["zone", "city", ""]),
    area_code=st.sampled_from(["Z1", "Z2"]),
    rehearsed=st.booleans(),
)


@given(st.lists(routes, max_size=6), occasions, st.randoms(use_true_random=False))
def test_somebody_is_always_told_and_in_whatever_order_the_routes_stand(
    plan: Sequence[Route], what: Occasion, chance: Any
) -> None:
    told = recipients(plan, what)
    assert told
    assert len({(each.user, each.channel) for each in told}) == len(told)
    assert not what.rehearsed or {each.channel for each in told} == {LOG_CHANNEL}
    shuffled = list(plan)
    chance.shuffle(shuffled)
    assert recipients(shuffled, what) == told


@given(st.lists(routes, min_size=1, max_size=6), occasions)
def test_a_graver_alert_reaches_all_whom_a_lesser_one_reaches(plan: Sequence[Route], what: Occasion) -> None:
    lesser, graver = (recipients(plan, what._replace(severity=severity)) for severity in ("watch", "red"))
    assert {each for each in lesser if each.user != NOBODY_ROUTED} <= set(graver)


def test_a_delivery_is_known_by_alert_update_kind_recipient_and_channel() -> None:
    known = delivery_id("a", 1, "opened", ANNA)
    assert known == delivery_id("a", 1, "opened", ANNA._replace(agency="police"))
    assert len(known) == 32
    assert int(known, 16) >= 0
    others = {
        delivery_id("b", 1, "opened", ANNA),
        delivery_id("a", 2, "opened", ANNA),
        delivery_id("a", 1, "overdue", ANNA),
        delivery_id("a", 1, "opened", BORIS),
        delivery_id("a", 1, "opened", ANNA_HOOK),
    }
    assert len(others | {known}) == 6


def test_the_key_of_a_delivery_never_changes() -> None:
    """Receivers remember it."""
    assert delivery_id("0123456789abcdef", 3, "updated", BORIS) == "9d907d950c7651d7fd9d760845e2cc8a"
