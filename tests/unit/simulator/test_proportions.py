"""Ten years of one seed: as many, as uneven and as mixed as they are meant to be, within four standard errors."""

from collections import Counter
from collections.abc import Callable
from statistics import fmean, median, variance

import pytest

from producers.simulator.course import LAST_DAY, Span
from schemas.upcast import RawEvent
from tests.unit.simulator.runs import (
    LONDON,
    PLACES,
    TEN_YEARS,
    booked_days,
    course,
    here,
    key,
    named,
    occurrences,
    of_type,
    run,
)

Is = Callable[[RawEvent], bool]
SHARES: list[tuple[str, float, Is]] = [
    ("race", 0.70, lambda data: "race" in data["strands"]),
    ("several strands", 0.07, lambda data: len(data["strands"]) > 1),
    ("proactive", 0.082, lambda data: data["recording"] == "proactive"),
    ("serious or worse", 0.036, lambda data: bool({"serious", "critical"} & set(data["harm"].values()))),
    ("verbal abuse", 0.495, lambda data: "verbal-abuse" in data["types"]),
    ("by the web", 0.183, lambda data: data["channel"] in {"web", "app"}),
    ("on paper", 0.125, lambda data: data["channel"] == "paper"),
    ("instant known", 0.50, lambda data: len(data["occurred"].get("from", "")) > 10 and "to" not in data["occurred"]),
    ("time unknown", 0.055, lambda data: not data["occurred"]),
    ("online", 0.058, lambda data: data["places"][0].get("kind") == "online"),
    ("outside", 0.0235, lambda data: data["places"][0].get("kind") == "outside"),
    ("place unknown", 0.045, lambda data: data["places"][0].get("kind") == "unknown"),
    ("place by name", 0.115, lambda data: "name" in data["places"][0]),
]


def reports(places: str) -> list[RawEvent]:
    return of_type(run(places, TEN_YEARS), "incident.reported")


@pytest.mark.parametrize(("share", "is_so"), [row[1:] for row in SHARES], ids=[row[0] for row in SHARES])
@pytest.mark.parametrize("places", PLACES)
def test_shares_are_as_meant(places: str, share: float, is_so: Is) -> None:
    seen = [is_so(event["data"]) for event in reports(places)]
    four_errors = 4 * (share * (1 - share) / len(seen)) ** 0.5
    assert fmean(seen) == pytest.approx(share, abs=four_errors)


@pytest.mark.parametrize("places", PLACES)
def test_a_usual_week_has_eight_incidents_and_half_more_variance_than_mean(places: str) -> None:
    first, plan = Span(TEN_YEARS).first, course(TEN_YEARS)
    weeks = Counter((day - first) // 7 for day in booked_days(occurrences(run(places, TEN_YEARS))))
    unusual = {(day - first) // 7 for begun in (plan.shock, plan.surge) for day in range(begun - 14, begun + 29)}
    burn_in, latest = 8, (LAST_DAY - first) // 7 - 20
    counts = [weeks[week] for week in range(burn_in, latest) if week not in unusual]
    assert fmean(counts) == pytest.approx(8, abs=4 * (1.5 * 8 / len(counts)) ** 0.5)
    assert variance(counts) / fmean(counts) == pytest.approx(1.5, abs=4 * 1.5 * (2 / len(counts)) ** 0.5)
    assert variance(counts) / fmean(counts) > 1.2


@pytest.mark.parametrize("places", PLACES)
def test_many_reports_come_on_the_same_day_and_some_weeks_later(places: str) -> None:
    came = reports(places)
    delays = [LONDON.day_of(event["receivedtime"]) - day for event, day in zip(came, booked_days(came), strict=True)]
    assert min(delays) >= 0
    assert 0.22 < fmean(delay == 0 for delay in delays) < 0.35
    assert median(delays) <= 3
    assert 0.05 < fmean(delay > 28 for delay in delays) < 0.11


@pytest.mark.parametrize("places", PLACES)
def test_a_few_centres_send_paper_in_batches(places: str) -> None:
    slow = {here(places).centres[number].slug for number in (11, 23, 35)}
    waits: dict[bool, list[int]] = {True: [], False: []}
    for event in reports(places):
        if event["data"]["channel"] == "paper":
            wait = LONDON.day_of(event["receivedtime"]) - LONDON.day_of(event["data"]["reported"])
            waits[event["data"]["centre"] in slow].append(wait)
    assert max(waits[False]) <= 9
    assert median(waits[True]) > 12
    assert max(waits[True]) == 35


@pytest.mark.parametrize("places", PLACES)
def test_one_report_in_twenty_is_amended_and_one_in_fifty_withdrawn(places: str) -> None:
    events = run(places, TEN_YEARS)
    came = {key(event) for event in reports(places)}
    for type_, share in (("incident.amended", 0.05), ("incident.withdrawn", 0.02)):
        changed = {named(event["data"]["incident"]) for event in of_type(events, type_)}
        assert changed <= came
        assert len(changed) / len(came) == pytest.approx(share, abs=4 * (share / len(came)) ** 0.5)


@pytest.mark.parametrize("places", PLACES)
def test_some_reports_are_of_one_occurrence_and_some_links_were_wrong(places: str) -> None:
    events = run(places, TEN_YEARS)
    linked, unlinked = of_type(events, "incident.linked"), of_type(events, "incident.unlinked")
    assert 0.06 < len(linked) / len(reports(places)) < 0.12
    assert 0.003 < len(unlinked) / len(reports(places)) < 0.01


@pytest.mark.parametrize("places", PLACES)
def test_hot_spots_have_more_for_each_resident(places: str) -> None:
    city = here(places)
    small = {each.code: each for each in city.small_areas}
    hits: Counter[str] = Counter()
    for event in reports(places):
        for area in event["data"]["places"][0].get("areas", ()):
            if area["layer"] == "lsoa-2021":
                hits[small[area["code"]].zone or ""] += 1
    residents: Counter[str] = Counter()
    for each in city.small_areas:
        residents[each.zone or ""] += each.residents
    rates = {zone: hits[zone] / residents[zone] for zone in residents}
    centre = next(zone for zone in rates if "central" in zone)
    assert rates[centre] / rates[""] > 1.8
    assert rates[city.surge_zone] / rates[""] > 1.2


@pytest.mark.parametrize("places", PLACES)
def test_severity_and_crime_go_with_what_was_done(places: str) -> None:
    def crimes(type_: str) -> float:
        return fmean(e["data"]["crime"] == "crime" for e in reports(places) if e["data"]["types"] == [type_])

    assert crimes("assault") > crimes("verbal-abuse") + 0.4
    for event in reports(places):
        data = event["data"]
        assert data["harm"]["injury"] == "none" or "assault" in data["types"]
        assert "ongoing" not in data["occurred"] or {"harassment", "bullying", "exploitation"} & set(data["types"])
