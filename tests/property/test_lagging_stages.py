"""However far stages lag behind intake and behind one another, the same triggers, alerts and loss ledger come of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.city import Bench
from tests.support.databases import postgresql_url, set_up, sqlite_url
from tests.support.events import Raw, amendment, envelope, key, link, withdrawal
from tests.support.histories import PROPERTY
from tests.support.lagging import (
    ALERTING,
    SOURCE,
    Moment,
    Run,
    came_to,
    day,
    forecast,
    incident_data,
    nil_return,
    play,
    reported,
    rules,
    written,
)
from tests.support.registers import centre_entry, register

START = datetime(2026, 3, 23, 9, tzinfo=UTC)
"""The clocks of London go forward six days later."""
WARD, CITY = {"layer": "ward"}, {"layer": "city"}
EACH = {"strands": "each"}
RULES: list[Raw] = [
    {"id": "two", "kind": "count", "count": 2, "days": 7, "scope": WARD},
    {"id": "three", "kind": "count", "count": 3, "days": 3, "scope": CITY},
    {"id": "each", "kind": "count", "count": 2, "days": 10, "scope": CITY | EACH},
    {"id": "list", "kind": "count", "count": 2, "days": 2, "scope": WARD | {"strands": ["race", "religion"]}},
    {"id": "severe", "kind": "severe-event", "harm": "serious", "scope": WARD},
    {"id": "minor", "kind": "severe-event", "harm": "minor", "scope": CITY | EACH, "class": "safeguarding"},
    {"id": "late", "kind": "silence", "periods": 1},
    {"id": "later", "kind": "silence", "periods": 3},
    {"id": "signals", "kind": "signal", "scope": WARD},
    {"id": "graded", "kind": "signal", "grade": "2C", "scope": CITY | EACH},
]
REASONS = {
    *("count-reached", "new-evidence", "count-corrected", "window-emptied", "harm", "harm-withdrawn"),
    *("return-overdue", "heartbeat-overdue", "signal", "signal-lapsed", "rule-changed"),
}
INCIDENTS = ("a", "b", "c", "d")

Saying = Callable[[str, datetime], Raw]
"""Writes an event of an id at an instant."""
Said = tuple[float, Saying | None, Sequence[Run]]
"""So many hours after what came before, an event or a tick; and which stages then run."""


def of(name: str) -> tuple[str, str]:
    return SOURCE, name


def reports(name: str, said: Raw) -> Saying:
    return lambda _, at: reported(name, at, **said)


def amends(name: str, revision: int, said: Raw) -> Saying:
    return lambda id_, at: amendment(id_, of(name), revision, time=written(at), **incident_data(at, **said))


def withdraws(name: str, revision: int) -> Saying:
    return lambda id_, at: withdrawal(id_, of(name), revision, time=written(at))


def links(pair: Sequence[str], revision: int, *, linked: bool) -> Saying:
    one, other = of(pair[0]), of(pair[1])
    return lambda id_, at: link(id_, one, other, linked=linked, revision=revision, time=written(at))


def expects(name: str, first: int, days: int, grade: str) -> Saying:
    return lambda _, at: forecast(name, at, first, first + days, grade=grade, affected_groups=["race"])


def of_signal(verb: str, name: str, id_: str, at: datetime, **said: Any) -> Raw:
    return envelope(f"bellwether.signal.{verb}.v1", id_, SOURCE, written(at), {"signal": key(of(name))} | said)


def resolves(name: str, outcome: str) -> Saying:
    return lambda id_, at: of_signal("resolved", name, id_, at, on=day(at), outcome=outcome)


def retracts(name: str, revision: int) -> Saying:
    return lambda id_, at: of_signal("withdrawn", name, id_, at, revision=revision, reason="entered-in-error")


def returns(centre: str) -> Saying:
    return lambda id_, at: nil_return(id_, at, centre)


def lives(centre: str) -> Saying:
    return lambda id_, at: envelope("bellwether.centre.heartbeat.v1", id_, SOURCE, written(at), {"centre": centre})


def rules_anew(kept: Sequence[Raw]) -> Saying:
    return lambda id_, at: rules(at, kept, int(id_))


names, expected, centres = st.sampled_from(INCIDENTS), st.sampled_from(["f", "g"]), st.sampled_from(["north", "south"])
revisions = st.integers(2, 4)
stated = st.fixed_dictionaries(
    {
        "days_ago": st.sampled_from([0, 0, 1, 2, 6, 7, 9, 29, 31]),
        "in_ward": st.sampled_from(["W1", "W1", "W2"]),
        "strands": st.sampled_from([["race"], ["race"], ["religion"], ["race", "religion"], ["disability"]]),
        "harm": st.sampled_from([{}, {}, {"injury": "minor"}, {"weapon": "serious"}, {"threat": "critical"}]),
    }
)
some_rules = st.lists(st.sampled_from(RULES), min_size=1, unique_by=lambda rule: rule["id"])
OTHERS: Mapping[str, st.SearchStrategy[Saying | None]] = {
    "tick": st.none(),
    "report": st.builds(reports, names, stated),
    "amend": st.builds(amends, names, revisions, stated),
    "withdraw": st.builds(withdraws, names, revisions),
    "link": st.builds(links, st.permutations(INCIDENTS), revisions, linked=st.booleans()),
    "expect": st.builds(expects, expected, st.integers(0, 3), st.integers(0, 4), st.sampled_from(["2CP", "3DP"])),
    "resolve": st.builds(resolves, expected, st.sampled_from(["happened", "did-not-happen"])),
    "retract": st.builds(retracts, expected, revisions),
    "return": st.builds(returns, centres),
    "live": st.builds(lives, centres),
    "rules": st.builds(rules_anew, some_rules),
}
others = st.lists(st.sampled_from([*OTHERS, "tick", "expect"]).flatmap(OTHERS.__getitem__), min_size=3, max_size=8)
gaps = st.sampled_from([0.0, 0.0, 0.0, 1.0, 9.0, 24.0, 60.0])
runs = st.lists(st.builds(Run, st.integers(0, ALERTING), st.integers(1, 4)), max_size=4)


@st.composite
def histories(draw: st.DrawFn) -> list[Said]:
    """Return what is said around a threshold, and other things, in any order, with the stages as far as they may be."""
    around: list[Saying] = [
        *(reports(name, draw(stated) | {"days_ago": 0}) for name in "abc"),
        reports("d", draw(stated) | {"days_ago": draw(st.sampled_from([2, 6, 8]))}),
        withdraws("a", draw(revisions)),
        links(draw(st.permutations("bcd")), 2, linked=True),
        amends("b", draw(revisions), draw(stated)),
    ]
    said = draw(st.permutations([*around, *draw(others)]))
    return [(draw(gaps), saying, draw(runs)) for saying in said]


def moments_of(history: Sequence[Said]) -> list[Moment]:
    """Return a history in its own time, with set-up before it and ticks after all; a report comes again as it was."""
    north = centre_entry("north", [("ward", "W2")], return_days=7, heartbeat_days=3)
    entries = [north, centre_entry("south", return_days=14)]
    setting_up = [rules(START, RULES), *(register(each["code"], each, time=written(START)) for each in entries)]
    at, moments = START, [Moment(START, event) for event in setting_up]
    handed_in: dict[str, Raw] = {}
    for serial, (hours, saying, lag) in enumerate(history, start=2):
        at += timedelta(hours=hours)
        event = None if saying is None else saying(str(serial), at)
        moments.append(Moment(at, event and handed_in.setdefault(event["id"], event), lag))
    return [*moments, *(Moment(at + timedelta(days=days), None) for days in (5, 40))]


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, tmp_path: Path, server_folder: Path) -> Iterator[tuple[Bench, Bench]]:
    """Return two ledgers in which the same partnerships have the same numbers."""
    urls = [sqlite_url(tmp_path) if request.param == "sqlite" else postgresql_url(server_folder) for _ in range(2)]
    for url in urls:
        set_up(url)
    one, other = (Bench(url) for url in urls)
    yield one, other
    one.engine.dispose()
    other.engine.dispose()


def test_however_stages_lag_the_same_comes_of_it(pair: tuple[Bench, Bench]) -> None:
    prompt, lagging = pair
    examples: list[int] = []
    reasons: set[str] = set()

    @settings(PROPERTY, max_examples=8)
    @given(histories())
    def check(history: list[Said]) -> None:
        moments = moments_of(history)
        city, twin = (bench.partnership(slug=f"city-{len(examples)}") for bench in pair)
        examples.append(city)
        play(prompt, city, moments, at_once=True)
        play(lagging, twin, moments, at_once=False)
        came = came_to(prompt, city)
        assert came_to(lagging, twin) == came
        assert all(row.adds_up and not row.pending for row in came["loss"])
        reasons.update(each.reason for each in came["triggers"])

    check()
    assert reasons >= REASONS, "the examples no longer come by all that matters"
