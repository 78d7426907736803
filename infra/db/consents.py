"""What is held of incidents' consents, from the codes in the log alone: nobody needs a key to know what is refused."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select, union

from infra.db import tables
from schemas.changes import Name
from schemas.events import INCIDENT_AMENDED, INCIDENT_CONSENT_CHANGED, INCIDENT_REPORTED, INCIDENT_WITHDRAWN
from schemas.stored import StoredEvent, decode_stored
from streams.core.consent import Allowed, Answered, AnswersGiven, may_receive, standing
from streams.core.contribution import VersionOrder

WHOLE = {INCIDENT_REPORTED, INCIDENT_AMENDED}
VERSIONS = {*WHOLE, INCIDENT_WITHDRAWN}
NumberedIncident = tuple[int, str]


class Told(NamedTuple):
    """One event about an incident, as it is stored."""

    number: int
    stored: StoredEvent
    body: bytes


def told_of(connection: Connection, incident: NumberedIncident) -> list[Told]:
    """Return all versions of an incident and all changes of its consents."""
    source, id_ = incident
    event, version = tables.event, tables.incident_version
    return read_told(
        connection,
        union(
            select(event.c.number).where(event.c.source == source, event.c.id == id_),
            select(version.c.event).where(version.c.incident_source == source, version.c.incident_id == id_),
        ),
    )


def read_told(connection: Connection, numbers: Any) -> list[Told]:
    """Return events by a query for their numbers, in the order in which they came."""
    event = tables.event
    wanted: Select[tuple[int, bytes]] = (
        select(event.c.number, event.c.body)
        .where(event.c.number.in_(select(numbers.subquery())))
        .order_by(event.c.number)
    )
    return [Told(row.number, decode_stored(bytes(row.body)), bytes(row.body)) for row in connection.execute(wanted)]


def latest(told: Iterable[Told], types: set[str]) -> Told | None:
    """Return the version that holds, among those of some types."""
    return max((each for each in told if each.stored.type in types), key=_order, default=None)


def consents(told: Sequence[Told]) -> tuple[Answered, ...]:
    """Return the consents of an incident as they stand.

    Its own are those of the last whole version: one that names nobody has nobody who consents.
    """
    own = latest(told, WHOLE)
    changes = [
        AnswersGiven((each.stored.time, each.stored.source, each.stored.id), _answers(each.stored))
        for each in told
        if each.stored.type == INCIDENT_CONSENT_CHANGED
    ]
    return standing(() if own is None else _answers(own.stored), changes)


def may_be_named(connection: Connection, partnership: int, agency: str, events: Iterable[Name]) -> set[Name]:
    """Return which events may be named to an agency, even without a person: those whose incidents' consents allow it.

    What is about no incident, such as a signal or a centre, is about nobody who could refuse.
    """
    allowed: dict[NumberedIncident, bool] = {}
    named = set()
    for name in events:
        incidents = _incidents_of(connection, partnership, name)
        for incident in incidents:
            if incident not in allowed:
                decision = may_receive(agency, consents(told_of(connection, incident)), override=False)
                allowed[incident] = decision.allowed is not Allowed.NOTHING
        if all(allowed[incident] for incident in incidents):
            named.add(name)
    return named


def _incidents_of(connection: Connection, partnership: int, name: Name) -> list[NumberedIncident]:
    event, source = tables.event, tables.source
    found = connection.execute(
        select(event.c.number, event.c.source, event.c.id, event.c.type)
        .join(source, source.c.number == event.c.source)
        .where(source.c.partnership == partnership, source.c.uri == name.source, event.c.id == name.id)
    ).one_or_none()
    if found is None:
        return []
    if found.type == INCIDENT_REPORTED:
        return [(found.source, found.id)]
    version, link = tables.incident_version, tables.incident_link
    rows = connection.execute(
        union(
            select(version.c.incident_source, version.c.incident_id).where(version.c.event == found.number),
            select(link.c.incident_source, link.c.incident_id).where(link.c.event == found.number),
        )
    )
    return [(row.incident_source, row.incident_id) for row in rows]


def _answers(event: StoredEvent) -> tuple[Answered, ...]:
    return tuple(Answered(each.to, each.given, each.on, each.agency) for each in event.data.consents)


def _order(told: Told) -> VersionOrder:
    stored = told.stored
    return VersionOrder(stored.data.revision, stored.time, stored.source, stored.id)
