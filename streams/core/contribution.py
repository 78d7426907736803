"""What a cluster of linked reports adds to the counts: a pure function of the set of what is known of it.

A version is an incident as reported or amended, or its withdrawal. Versions of one incident are ordered by (revision,
time, source, id), never by arrival; so are the links and unlinks of one pair. Reports linked together form a cluster
that counts once, as its least (reported, source, id) that is not withdrawn. Where a partnership leaves out incidents
whose victim says no to statistics, such a one is as if withdrawn, for as long as that answer holds. Because each known
day is settled by itself, neither today's counts nor any earlier as-of depends on the order in which events came.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from schemas.vocabulary import HarmGrade

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
    """An incident as one event states it; no content where the event withdraws it.

    `left_out` says whether its victims' own answer leaves it out of statistics; None where they gave no answer. `harm`
    is the worst that it states, on which no count depends.
    """

    incident: IncidentName
    order: VersionOrder
    known_day: int
    reported_us: int
    content: Content | None
    left_out: bool | None = None
    harm: str = HarmGrade.UNKNOWN.value


class ConsentVersion(NamedTuple):
    """Whether one event, by its (time, source, id), leaves an incident out of statistics from now on."""

    incident: IncidentName
    order: tuple[str, str, str]
    known_day: int
    left_out: bool


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
    consents: tuple[ConsentVersion, ...] = ()


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
    days = {version.known_day for version in known.versions}
    days |= {link.known_day for link in known.links} | {consent.known_day for consent in known.consents}
    for known_day in sorted(days):
        after = _contribution(
            [version for version in known.versions if version.known_day <= known_day],
            [link for link in known.links if link.known_day <= known_day],
            [consent for consent in known.consents if consent.known_day <= known_day],
        )
        for content in before.keys() | after.keys():
            if change := after[content] - before[content]:
                booked[content, known_day] = change
        before = after
    return booked


def difference(after: Counter[Booking], before: Counter[Booking]) -> dict[Booking, int]:
    """Return what must be booked to come from one state to another."""
    return {booking: change for booking in after.keys() | before.keys() if (change := after[booking] - before[booking])}


def standing(known: Known, incident: IncidentName) -> Version | None:
    """Return the version of an incident that holds, whatever it is linked to: what happened stands for itself.

    None where it is withdrawn or left out, and where no version is known.
    """
    versions = [version for version in known.versions if version.incident == incident]
    holds = _latest(versions).get(incident)
    if holds is None or holds.content is None:
        return None
    consents = [consent for consent in known.consents if consent.incident == incident]
    return None if _left_out(versions, consents) else holds


def _contribution(
    versions: Sequence[Version], links: Iterable[LinkVersion], consents: Sequence[ConsentVersion]
) -> Counter[Content]:
    left_out = _left_out(versions, consents)
    latest = _latest(versions)
    cluster_of = _clusters(links)
    first: dict[IncidentName, Version] = {}
    for name, version in latest.items():
        if version.content is None or name in left_out:
            continue
        cluster = cluster_of.get(name, name)
        counted = first.get(cluster)
        if counted is None or (version.reported_us, name) < (counted.reported_us, counted.incident):
            first[cluster] = version
    return Counter(version.content for version in first.values() if version.content is not None)


def _latest(versions: Iterable[Version]) -> dict[IncidentName, Version]:
    """Return the version of each incident that holds."""
    latest: dict[IncidentName, Version] = {}
    for version in versions:
        held = latest.get(version.incident)
        if held is None or version.order > held.order:
            latest[version.incident] = version
    return latest


def _left_out(versions: Sequence[Version], consents: Sequence[ConsentVersion]) -> set[IncidentName]:
    """Return the incidents left out of statistics: by the last change of consent, else by the last of their own."""
    changed: dict[IncidentName, ConsentVersion] = {}
    for consent in consents:
        if (held := changed.get(consent.incident)) is None or consent.order > held.order:
            changed[consent.incident] = consent
    own: dict[IncidentName, Version] = {}
    for version in versions:
        if version.left_out is not None and version.incident not in changed:
            answered = own.get(version.incident)
            if answered is None or version.order > answered.order:
                own[version.incident] = version
    return {name for name, consent in changed.items() if consent.left_out} | {
        name for name, version in own.items() if version.left_out
    }


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
