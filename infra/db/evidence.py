"""Alerts as one agency may see them: evidence whose persons do not consent is left out, and how much is said."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine

from infra.db.consents import may_be_named
from infra.db.engine import transaction
from schemas.triggers import Trigger


class Narrowed(NamedTuple):
    """Triggers with the evidence that may be named, and for each how many references were left out."""

    triggers: list[Trigger]
    left_out: list[int]


def narrowed(engine: Engine, partnership: int, agency: str, triggers: Sequence[Trigger]) -> Narrowed:
    """Return triggers as an agency may see them, by the consents as they stand now."""
    with transaction(engine, write=False) as connection:
        return narrow(connection, partnership, agency, triggers)


def narrow(connection: Connection, partnership: int, agency: str, triggers: Sequence[Trigger]) -> Narrowed:
    """Do the same within a transaction."""
    names = {each.name for trigger in triggers for each in trigger.evidence}
    named = may_be_named(connection, partnership, agency, names)
    kept = [tuple(each for each in trigger.evidence if each.name in named) for trigger in triggers]
    return Narrowed(
        [msgspec.structs.replace(trigger, evidence=evidence) for trigger, evidence in zip(triggers, kept, strict=True)],
        [len(trigger.evidence) - len(evidence) for trigger, evidence in zip(triggers, kept, strict=True)],
    )
