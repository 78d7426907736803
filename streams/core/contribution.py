"""What a cluster of linked reports adds to the counts: a pure function of the set of what is known of it.

A version is an incident as reported or amended, or its withdrawal. Versions of one incident are ordered by (revision,
time, source, id), never by arrival; so are the links and unlinks of one pair. Reports linked together form a cluster
that counts once, as its least (reported, source, id) that is not withdrawn. Because each known day is settled by
itself, neither today's counts nor any earlier as-of depends on the order in which events came.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

IncidentName = tuple[str, str]
"""An incident's (source, id)."""
Pair = tuple[IncidentName, IncidentName]


class Content(NamedTuple):
    """All of an incident that counts depend on."""

    kind: str
    recording: str
    day: int
    dated: bool
    place: int
    strands: tuple[str, ...]
    categories: tuple[str, ...]
    centre: str


class VersionOrder(NamedTuple):
    """What decides between versions; the greatest holds."""

    revision: int
    time: str
    source: str
    id: str


class Version(NamedTuple):
    """An incident as one event states it; no content where the event withdraws it."""

    incident: IncidentName
    order: VersionOrder
    known_day: int
    reported_us: int
    content: Content | None


class LinkVersion(NamedTuple):
    """Whether one event says that two reports are of one occurrence."""

    pair: Pair
    order: VersionOrder
    known_day: int
    linked: bool


class Known(NamedTuple):
    """What has been said of some reports that were ever linked, directly or through others."""

    versions: tuple[Version, ...]
    links: tuple[LinkVersion, ...]


Booking = tuple[Content, int]
"""A content and the day from which it has been known."""


def pair_of(one: IncidentName, other: IncidentName) -> Pair:
    """Return a pair of reports in the one order that names it, whoever links whom."""
    return (one, other) if one <= other else (other, one)


def bookings(known: Known) -> Counter[Booking]:
    """Return how often each content counts from each known day; negative where a later day takes it back.

    Summed over the known days up to k this is exactly the contribution of what was known by k.
    """
    booked: Counter[Booking] = Counter()
    before: Counter[Content] = Counter()
    for known_day in sorted({v.known_day for v in known.versions} | {link.known_day for link in known.links}):
        after = _contribution(
            [version for version in known.versions if version.known_day <= known_day],
            [link for link in known.links if link.known_day <= known_day],
        )
        for content in before.keys() | after.keys():
            if change := after[content] - before[content]:
                booked[content, known_day] = change
        before = after
    return booked


def difference(after: Counter[Booking], before: Counter[Booking]) -> dict[Booking, int]:
    """Return what must be booked to come from one state to another."""
    return {booking: change for booking in after.keys() | before.keys() if (change := after[booking] - before[booking])}


def _contribution(versions: Iterable[Version], links: Iterable[LinkVersion]) -> Counter[Content]:
    latest: dict[IncidentName, Version] = {}
    for version in versions:
        held = latest.get(version.incident)
        if held is None or version.order > held.order:
            latest[version.incident] = version
    cluster_of = _clusters(links)
    first: dict[IncidentName, Version] = {}
    for name, version in latest.items():
        if version.content is None:
            continue
        cluster = cluster_of.get(name, name)
        counted = first.get(cluster)
        if counted is None or (version.reported_us, name) < (counted.reported_us, counted.incident):
            first[cluster] = version
    return Counter(version.content for version in first.values() if version.content is not None)


def _clusters(links: Iterable[LinkVersion]) -> Mapping[IncidentName, IncidentName]:
    """Return for each linked incident the least of those it is linked to, directly or not."""
    latest: dict[Pair, LinkVersion] = {}
    for link in links:
        held = latest.get(link.pair)
        if held is None or link.order > held.order:
            latest[link.pair] = link
    root: dict[IncidentName, IncidentName] = {}

    def find(name: IncidentName) -> IncidentName:
        while (above := root.setdefault(name, name)) != name:
            root[name] = name = root[above]
        return name

    for link in latest.values():
        if link.linked:
            one, other = sorted((find(link.pair[0]), find(link.pair[1])))
            root[other] = one
    return {name: find(name) for name in root}
