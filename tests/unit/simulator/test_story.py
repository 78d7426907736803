"""What happens to the city, as its events tell it: a shock, a surge, new wards, a new strand, centres come and gone."""

from collections import defaultdict
from functools import cache
from itertools import pairwise
from statistics import fmean

import pytest

from producers.simulator.course import LAST_DAY, Span
from schemas.upcast import RawEvent
from streams.core.days import day_from_number
from tests.unit.simulator.runs import (
    LONDON,
    PLACES,
    TEN_YEARS,
    YEAR,
    booked_days,
    course,
    entries,
    here,
    key,
    named,
    occurrences,
    of_type,
    run,
)

SEEDS = range(1, 10)
SPAN, THREE_YEARS = 400, 1096
CHANGE_OF_WARDS = "2026-05-07"


@cache
def by_day(places: str, zone: str | None = None) -> list[int]:
    """Return how many occurrences of some seeds together began on each day of the span; of one zone, if given."""
    small = {each.code: each.zone for each in here(places).small_areas}
    counts = [0] * SPAN
    for seed in SEEDS:
        came = occurrences(run(places, SPAN, seed))
        for event, day in zip(came, booked_days(came), strict=True):
            areas = event["data"]["places"][0].get("areas", ())
            zones = {small.get(area["code"]) for area in areas}
            if day >= Span(SPAN).first and (zone is None or zone in zones):
                counts[day - Span(SPAN).first] += 1
    return counts


@pytest.mark.parametrize("places", PLACES)
def test_the_shock_is_threefold_for_a_week_and_decays(places: str) -> None:
    counts, begins = by_day(places), course(SPAN).shock - Span(SPAN).first
    usual = fmean(counts[begins - 56 : begins])
    weeks = [fmean(counts[begins + week * 7 : begins + week * 7 + 7]) / usual for week in range(5)]
    assert weeks[0] == pytest.approx(3, abs=0.8)
    assert weeks[0] > weeks[1] > weeks[3]
    assert weeks[4] == pytest.approx(1, abs=0.35)


@pytest.mark.parametrize("places", PLACES)
def test_the_surge_is_fourfold_in_one_zone_for_four_weeks(places: str) -> None:
    counts, begins = by_day(places, here(places).surge_zone), course(SPAN).surge - Span(SPAN).first
    usual = fmean(counts[begins - 56 : begins])
    assert fmean(counts[begins : begins + 28]) / usual == pytest.approx(4, abs=1.2)
    assert fmean(counts[begins + 28 : begins + 56]) / usual < 1.6


@pytest.mark.parametrize("places", PLACES)
def test_wards_are_those_of_the_day(places: str) -> None:
    old = {vintage.layer: vintage.last_day is not None for vintage in here(places).vintages}
    seen = set()
    for event in of_type(run(places, TEN_YEARS), "incident.reported"):
        (day,) = booked_days([event])
        for area in event["data"]["places"][0].get("areas", ()):
            if area["layer"] in old:
                seen.add(area["layer"])
                assert old[area["layer"]] == (day_from_number(day).isoformat() < CHANGE_OF_WARDS)
    assert seen == old.keys()


@pytest.mark.parametrize("places", PLACES)
def test_centres_are_registered_anew_when_wards_change(places: str) -> None:
    on_the_day = [entry for entry in entries(run(places, YEAR), "centre") if entry["received"] > CHANGE_OF_WARDS[:8]]
    anew = [entry for entry in on_the_day if entry["received"] == "2026-05-06T23:00:00.000000Z"]
    assert len(anew) == 37
    assert {area["layer"] for entry in anew for area in entry["serves"]} == {"ward-2026", "zone", "city"}


@pytest.mark.parametrize("places", PLACES)
def test_the_new_strand_is_registered_first_and_reported_after(places: str) -> None:
    events = run(places, TEN_YEARS)
    (entry,) = entries(events, "strand")
    came = [e for e in of_type(events, "incident.reported") if entry["code"] in e["data"]["strands"]]
    assert len(came) > 20
    for event, day in zip(came, booked_days(came), strict=True):
        assert day_from_number(day).isoformat() >= entry["first"]
        assert event["receivedtime"] > entry["received"]
        assert set(event["data"].get("sub_strands", ())) <= set(entry["sub_strands"])


@pytest.mark.parametrize("places", PLACES)
def test_one_centre_opens_and_one_closes_and_nothing_comes_from_them_before_or_after(places: str) -> None:
    events = run(places, TEN_YEARS)
    entered = entries(events, "centre")
    assert len({entry["code"] for entry in entered}) == 37
    opens, closes = (next(entry for entry in entered if end in entry) for end in ("first", "last"))
    assert opens["received"] < opens["first"] < closes["received"] < closes["last"]
    for event in events:
        data = event["data"]
        if data.get("centre") == opens["code"]:
            assert event["receivedtime"] >= opens["first"]
        if data.get("centre") == closes["code"] and "period" in data:
            assert data["period"]["to"] <= closes["last"]
        if data.get("centre") == closes["code"] and "reported" in data and "revision" not in data:
            assert LONDON.day_of(data["reported"]) <= LONDON.day_of(closes["last"])


@pytest.mark.parametrize("places", PLACES)
def test_returns_say_how_many_reports_were_made(places: str) -> None:
    events = run(places, TEN_YEARS)
    made: defaultdict[str, list[int]] = defaultdict(list)
    for event in of_type(events, "incident.reported"):
        if "centre" in event["data"]:
            made[event["data"]["centre"]].append(LONDON.day_of(event["data"]["reported"]))
    returned = of_type(events, "centre.returned")
    assert 0.6 < fmean(event["data"].get("nil", False) for event in returned) < 0.9
    for event in returned:
        first, last = (LONDON.day_of(event["data"]["period"][end]) for end in ("from", "to"))
        if last < LAST_DAY - 60:  # later ones may be on their way still
            reports = sum(first <= day <= last for day in made[event["data"]["centre"]])
            assert reports == event["data"].get("reports", 0)
        assert event["receivedtime"] > event["data"]["period"]["to"]


@pytest.mark.parametrize("places", PLACES)
def test_some_returns_are_overdue_for_weeks(places: str) -> None:
    silent = here(places).centres[20]
    returned: defaultdict[str, list[int]] = defaultdict(list)
    for event in of_type(run(places, YEAR), "centre.returned"):
        returned[event["data"]["centre"]].append(LONDON.day_of(event["receivedtime"]))
    gaps = {centre: max(b - a for a, b in pairwise(days)) for centre, days in returned.items()}
    assert gaps[silent.slug] > 28
    assert 3 < sum(gap > 28 for gap in gaps.values()) < 30
    begins = course(YEAR).centre_silent
    assert not [day for day in returned[silent.slug] if begins <= day < begins + 35]


@pytest.mark.parametrize("places", PLACES)
def test_heartbeats_come_daily_from_the_centres_that_promise_them(places: str) -> None:
    promised = {centre.slug for centre in here(places).centres if centre.heartbeat_days}
    beats: defaultdict[str, list[int]] = defaultdict(list)
    for event in of_type(run(places, YEAR), "centre.heartbeat"):
        beats[event["data"]["centre"]].append(LONDON.day_of(event["receivedtime"]))
    assert beats.keys() == promised
    for days in beats.values():
        assert len(days) == len(set(days)) > 200


@pytest.mark.parametrize("places", PLACES)
def test_whatever_is_referred_to_was_received_before(places: str) -> None:
    received: dict[tuple[str, str], str] = {}
    revisions: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for event in run(places, THREE_YEARS, persons=True):
        data: RawEvent = event["data"]
        told = [data[name] for name in ("incident", "same_as", "signal") if name in data] + data.get("incidents", [])
        for reference in told:
            assert received[named(reference)] <= event["receivedtime"]
        if "revision" in data and "same_as" not in data:
            revisions[named(told[0])].append(data["revision"])
        received[key(event)] = event["receivedtime"]
    assert all(each == list(range(2, len(each) + 2)) for each in revisions.values())
    assert max(map(len, revisions.values())) > 1


@pytest.mark.parametrize("places", PLACES)
def test_forecasts_come_true_or_do_not_or_lapse(places: str) -> None:
    events = run(places, TEN_YEARS)
    due = {
        key(event): event["data"]["expected"]
        for event in of_type(events, "signal.forecast")
        if event["data"]["expected"]["to"] < "2026-10-01"
    }
    resolved = {named(event["data"]["signal"]): event for event in of_type(events, "signal.resolved")}
    outcomes = [resolved[each]["data"]["outcome"] if each in resolved else "lapsed" for each in due]
    for outcome, share in (("happened", 0.35), ("did-not-happen", 0.45), ("lapsed", 0.20)):
        assert outcomes.count(outcome) / len(due) == pytest.approx(share, abs=4 * (share / len(due)) ** 0.5)
    for name, expected in due.items():
        if name in resolved:
            assert expected["from"] <= resolved[name]["data"]["on"] <= expected["to"]


@pytest.mark.parametrize("places", PLACES)
def test_people_feel_worse_during_the_shock(places: str) -> None:
    plan = course(SPAN)
    strained: list[bool] = []
    usual: list[bool] = []
    for seed in SEEDS[:4]:
        for event in of_type(run(places, SPAN, seed), "signal.observed"):
            week_after_shock = (LONDON.day_of(event["data"]["period"]["to"]) - plan.shock) // 7
            tense = event["data"]["intensity"] in {"tense", "hostile"}
            (strained if 0 <= week_after_shock < 3 else usual).append(tense)
    assert fmean(strained) > 0.3
    assert fmean(usual) < 0.1


@pytest.mark.parametrize("places", PLACES)
def test_the_other_registers_say_what_else_moves_the_figures(places: str) -> None:
    events = run(places, YEAR)
    assert len(entries(events, "recording-regime")) == 1
    (campaign,) = entries(events, "campaign")
    assert (campaign["first"], campaign["last"]) == ("2026-10-10", "2026-10-16")
    (intervention,) = entries(events, "intervention")
    assert [area["code"] for area in intervention["areas"]] == [here(places).surge_zone]
