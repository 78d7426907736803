"""Valid events for Hypothesis, as a sender would write them: any order of fields, spelling of times, optional parts."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from schemas.vocabulary import (
    Answer,
    Channel,
    ConsentGiven,
    ConsentTo,
    CrimeStatus,
    DetailsChecked,
    EarlierIncidents,
    HarmGrade,
    IncidentType,
    LinkBasis,
    PlaceKind,
    PlaceRole,
    Recording,
    Setting,
    Target,
    WithdrawalReason,
)
from tests.support.events import Raw

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For machines that do other work beside the tests."""

slugs = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True)
sources = st.from_regex(r"/[A-Za-z0-9:._~@+-]{1,12}(/[A-Za-z0-9:._~@+-]{1,12}){0,2}", fullmatch=True)
event_ids = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/", min_codepoint=0x20), min_size=1, max_size=40
)
labels = st.from_regex(r"[A-Za-z0-9 ,.()&'+-]{1,40}", fullmatch=True)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
datetimes = st.datetimes(datetime(1901, 1, 1), datetime(2098, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
days = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(date.isoformat)
instants = st.builds(lambda moment, offset: moment.astimezone(offset).isoformat(), datetimes, offsets)
moments = days | instants


def record(required: Raw, optional: Raw) -> st.SearchStrategy[Raw]:
    """Return objects with all required fields and any of the optional ones."""
    return st.fixed_dictionaries(required, optional=optional)


def some(of: Any, least: int = 0, most: int = 4) -> st.SearchStrategy[list[Any]]:
    """Return lists without repeats."""
    return st.lists(of, min_size=least, max_size=most, unique=True)


def words(of: type) -> st.SearchStrategy[Any]:
    """Return the wire words of an enum."""
    return st.sampled_from([each.value for each in of])  # type: ignore[attr-defined]


layers = st.from_regex(r"[a-z]{1,8}(-[0-9]{4})?", fullmatch=True)
named_areas = record({"layer": layers, "code": names}, {}) | record({"layer": layers, "name": names}, {})
points = record({"longitude": st.floats(-180, 180), "latitude": st.floats(-90, 90)}, {})
elsewhere = st.sampled_from([kind.value for kind in PlaceKind if kind is not PlaceKind.LOCATED])


def places(**extra: Any) -> st.SearchStrategy[Raw]:
    """Return places, with further optional fields."""
    parts = {"areas": st.lists(named_areas, max_size=3), "point": points, "name": labels}
    located = [
        record(
            {name: parts[name] if name != "areas" else st.lists(named_areas, min_size=1, max_size=3)},
            {other: strategy for other, strategy in parts.items() if other != name}
            | {"kind": st.just("located")}
            | extra,
        )
        for name in parts
    ]
    return st.one_of(*located, record({"kind": elsewhere}, extra))


incident_places = places(role=words(PlaceRole), setting=words(Setting), as_written=st.none())
keys = record({"source": sources, "id": event_ids}, {})
grades = words(HarmGrade)
INCIDENT_REQUIRED: Raw = {
    "occurred": record({}, {"from": moments, "to": moments | st.none(), "ongoing": st.booleans()}),
    "reported": moments,
    "strands": some(slugs, 1),
    "types": some(words(IncidentType), 1),
}
INCIDENT_OPTIONAL: Raw = {
    "places": st.lists(incident_places, max_size=3),
    "sub_strands": some(slugs),
    "harm": record({}, dict.fromkeys(("injury", "weapon", "threat", "damage"), grades)),
    "target": words(Target),
    "course_of_conduct": words(Answer),
    "earlier_incidents": words(EarlierIncidents),
    "recording": words(Recording),
    "details_checked": words(DetailsChecked),
    "crime": words(CrimeStatus),
    "channel": words(Channel),
    "centre": slugs | st.none(),
    "people": st.just([]),
    "narrative": st.none(),
    "staff_notes": st.none(),
}
revisions = st.integers(2, 10_000)
consents = record(
    {"to": st.just(ConsentTo.AGENCY.value), "agency": slugs, "given": words(ConsentGiven), "on": days}, {}
) | record({"to": st.sampled_from(["police", "statistics"]), "given": words(ConsentGiven), "on": days}, {})
pairs = st.tuples(keys, keys).filter(lambda pair: pair[0] != pair[1])


def _links(optional: Raw) -> st.SearchStrategy[Raw]:
    return st.builds(
        lambda pair, rest: {"incident": pair[0], "same_as": pair[1], **rest},
        pairs,
        st.fixed_dictionaries({}, optional=optional),
    )


_link = _links({"revision": st.integers(1, 10_000), "basis": words(LinkBasis)})
periods = st.tuples(days, days).map(lambda pair: {"from": min(pair), "to": max(pair)})
DATA: dict[str, st.SearchStrategy[Raw]] = {
    "bellwether.incident.reported.v1": record(INCIDENT_REQUIRED, INCIDENT_OPTIONAL),
    "bellwether.incident.amended.v1": record(
        INCIDENT_REQUIRED | {"incident": keys, "revision": revisions}, INCIDENT_OPTIONAL
    ),
    "bellwether.incident.withdrawn.v1": record(
        {"incident": keys, "revision": revisions, "reason": words(WithdrawalReason)}, {}
    ),
    "bellwether.incident.linked.v1": _link,
    "bellwether.incident.unlinked.v1": _link,
    "bellwether.incident.consent_changed.v1": record(
        {"incident": keys, "consents": st.lists(consents, min_size=1, max_size=3)}, {}
    ),
    "bellwether.context.recorded.v1": record(
        {"category": labels, "period": periods, "place": places()}, {"count": st.integers(1, 1_000_000)}
    ),
}
"""The data of each type that can be accepted."""


def _envelopes(type_: str) -> st.SearchStrategy[Raw]:
    return record(
        {
            "specversion": st.just("1.0"),
            "type": st.just(type_),
            "id": event_ids,
            "source": sources,
            "time": instants,
            "data": DATA[type_],
        },
        {"subject": labels, "datacontenttype": st.just("application/json"), "receivedtime": moments},
    )


raw_events: st.SearchStrategy[Raw] = st.sampled_from(sorted(DATA)).flatmap(_envelopes)
"""Events of every type, valid in themselves; whether a ledger takes them also depends on its places and clock."""


def spelled_otherwise(value: Any, draw: st.DrawFn) -> Any:
    """Return the same content with its fields in another order and its instants at other offsets."""
    if isinstance(value, dict):
        items = draw(st.permutations(list(value.items())))
        return {name: spelled_otherwise(item, draw) for name, item in items}
    if isinstance(value, list):
        return [spelled_otherwise(item, draw) for item in value]
    return value


@st.composite
def spellings(draw: st.DrawFn, raw: Raw) -> bytes:
    """Return one event's bytes in some other spelling that says the same."""
    other = spelled_otherwise(raw, draw)
    offset = draw(offsets)
    other["time"] = _at(raw["time"], offset)
    other.pop("receivedtime", None)
    if draw(st.booleans()):
        other["receivedtime"] = draw(moments)
    data = other["data"]
    for holder, name in ((data, "reported"), (data.get("occurred", {}), "from"), (data.get("occurred", {}), "to")):
        if "T" in (holder.get(name) or ""):
            holder[name] = _at(holder[name], offset)
    return orjson.dumps(other, option=draw(st.sampled_from([0, orjson.OPT_INDENT_2, orjson.OPT_APPEND_NEWLINE])))


def _at(instant: str, offset: timezone) -> str:
    return datetime.fromisoformat(instant).astimezone(offset).isoformat(timespec="microseconds")


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
"""Any JSON, NaN and Infinity as some writers spell them included."""
