"""A case is shown to an agency here and nowhere else: as far as its consents allow, and never unlogged."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from infra.db import tables
from infra.db.consents import VERSIONS, WHOLE, Told, consents, latest, read_told, told_of
from infra.vault import audit
from infra.vault.cases import SealedCase
from infra.vault.keys import MasterKey
from infra.vault.opening import open_parts
from infra.vault.state import key_to_open
from schemas.events import INCIDENT_CONSENT_CHANGED, INCIDENT_WITHDRAWN
from schemas.sealing import put_back
from schemas.stored import generic
from schemas.vocabulary import PersonRole
from streams.core.consent import Allowed, Answered, Decision, may_receive

_CASE, _SEALED = tables.sealed.sealed_case, tables.sealed.sealed_event
WITHDRAWN = Decision(Allowed.NOTHING, "withdrawn")
FORGOTTEN = Decision(Allowed.NOTHING, "forgotten")


class CaseError(Exception):
    """There is no such case, or what was asked of it makes no sense."""


class Asker(NamedTuple):
    """Who asks to see a case: a user, the agency that they act for, and what for."""

    actor: str
    agency: str
    purpose: str | None = None


class Shown(NamedTuple):
    """What was decided, and what may therefore be shown: plain values, empty where nothing may."""

    decision: Decision
    record: dict[str, Any]


def show_case(
    connection: Connection, master: MasterKey | None, partnership: int, reference: str, asker: Asker, at_us: int
) -> Shown:
    """Return as much of a case as its consents allow an agency, and log that it was, or was not, shown.

    Raises CaseError where there is no such case, and SecretKeyError where a record may be shown and the key lacks.
    """
    case = _find(connection, partnership, reference)
    told = _told(connection, case)
    decision = _decide(connection, case, told, asker.agency)
    record: dict[str, Any] = {}
    if decision.allowed is Allowed.RECORD:
        record = _record(connection, key_to_open(connection, master), told, asker.agency, decision)
    elif decision.allowed is Allowed.CODES:
        record = {"events": [_codes(each) for each in _latest(told)]}
    act = audit.REFUSED if decision.allowed is Allowed.NOTHING else audit.SHOWN
    audit.write(connection, _entry(partnership, reference, act, asker, decision), at_us)
    return Shown(decision, record)


def override(
    connection: Connection, partnership: int, reference: str, asker: Asker, authorised_by: str, at_us: int
) -> None:
    """Let an agency see a case whatever its consents, for serious harm; it is logged with who authorised it and why.

    Raises CaseError where there is no such case, no reason, or where somebody authorises what they ask for themselves.
    """
    _find(connection, partnership, reference)
    if authorised_by == asker.actor:
        raise CaseError("whoever asks cannot authorise it; name somebody else with --authorised-by")
    if not (asker.purpose or "").strip():
        raise CaseError("say with --reason which serious harm it is for; name no person")
    decision = may_receive(asker.agency, (), override=True)
    entry = _entry(partnership, reference, audit.OVERRIDDEN, asker, decision)
    audit.write(connection, entry._replace(authorised_by=authorised_by), at_us)


def _find(connection: Connection, partnership: int, reference: str) -> Row[Any]:
    wanted = select(_CASE).where(_CASE.c.case_reference == reference, _CASE.c.partnership == partnership)
    case = connection.execute(wanted).one_or_none()
    if case is None:
        raise CaseError("there is no such case in this partnership; a case is 32 hex digits, as in an event's `case`")
    return case


def _told(connection: Connection, case: Row[Any]) -> list[Told]:
    """Return all events of a case: those sealed in it, and all versions and consents of its incident."""
    sealed_here = select(_SEALED.c.event).where(_SEALED.c.case_reference == case.case_reference)
    told = {each.number: each for each in read_told(connection, sealed_here)}
    if case.incident_source is not None:
        told |= {each.number: each for each in told_of(connection, (case.incident_source, case.incident_id))}
    return [told[number] for number in sorted(told)]


def _decide(connection: Connection, case: Row[Any], told: Sequence[Told], agency: str) -> Decision:
    if SealedCase(case.case_reference, case.wrapped_key).is_forgotten:
        return FORGOTTEN
    if audit.is_overridden(connection, case.case_reference, agency):
        return may_receive(agency, (), override=True)
    version = latest(told, VERSIONS)
    if version is not None and version.stored.type == INCIDENT_WITHDRAWN:
        return WITHDRAWN
    return may_receive(agency, consents(told), override=False)


def _record(
    connection: Connection, master: MasterKey, told: Sequence[Told], agency: str, decision: Decision
) -> dict[str, Any]:
    standing = _latest(told)
    parts = open_parts(connection, master, [each.number for each in standing])
    events = []
    for each in standing:
        whole = put_back(_codes(each), parts.get(each.number, {}))
        people = whole["data"].get("people")
        if people and decision.reason != "serious-harm-override":
            whole["data"]["people"] = [person for person in people if _may_be_named(person, agency)]
        events.append(whole)
    return {"events": events}


def _may_be_named(person: dict[str, Any], agency: str) -> bool:
    """Whether a person of a case that may be shown may be shown themselves.

    The consents of the case speak for its victims and not for who told of it or saw it. A suspect is never asked.
    """
    if person["role"] in (PersonRole.VICTIM, PersonRole.SUSPECT):
        return True
    own = (Answered(each["to"], each["given"], each["on"], each.get("agency")) for each in person.get("consents", ()))
    return may_receive(agency, own, override=False).allowed is Allowed.RECORD


def _latest(told: Sequence[Told]) -> list[Told]:
    """Return what stands of a case: the last whole version of its incident, and all that is no version of it."""
    whole = latest(told, WHOLE)
    others = [each for each in told if each.stored.type not in (*VERSIONS, INCIDENT_CONSENT_CHANGED)]
    return others if whole is None else [whole, *others]


def _codes(told: Told) -> dict[str, Any]:
    return generic(told.body)


def _entry(partnership: int, reference: str, act: str, asker: Asker, decision: Decision) -> audit.Entry:
    return audit.Entry(
        partnership=partnership,
        case_reference=reference,
        act=act,
        actor=asker.actor,
        decision=decision.allowed,
        reason=decision.reason,
        agency=asker.agency,
        purpose=asker.purpose,
    )
