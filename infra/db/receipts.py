"""Receipts: what became of an event that was handed in, by its identity. As the loss ledger tells it."""

from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from infra.db.columns import DISCARDED, OPEN, REPLAYED
from schemas.topics import EVENTS
from streams.stages.aggregate import STAGE as AGGREGATE
from streams.stages.intake import Outcome


class ReceiptState(StrEnum):
    """What became of an event."""

    COUNTED = "counted"
    QUARANTINED = "quarantined"
    PENDING = "pending"


class Receipt(NamedTuple):
    """What became of one event.

    `since_us` is when it was recorded or set aside, None for what was set up before any report and holds from the
    beginning. `sent_again` is how often the same came again; `set_aside` how many sendings under the same id, with
    other content, wait for a person.
    """

    state: ReceiptState
    since_us: int | None
    sent_again: int
    set_aside: int


def find_receipt(connection: Connection, partnership: int, source: str, id_: str) -> Receipt | None:
    """Return the receipt of an event; None if none was ever received under this identity."""
    values = {"partnership": partnership, "uri": source, "id": id_}
    held = connection.execute(_HELD, values | _AGGREGATED).one_or_none()
    letters = connection.execute(_SET_ASIDE, values | {"open": OPEN, "discarded": DISCARDED}).one()
    if held is None:
        return None if letters.n == 0 else Receipt(ReceiptState.QUARANTINED, letters.since_us, letters.n - 1, 0)
    again = connection.execute(_SENT_AGAIN, {"event": held.event, "duplicate": int(Outcome.DUPLICATE)}).scalar_one()
    return Receipt(*_state(held), sent_again=int(again), set_aside=letters.waiting)


def _state(held: Row[Any]) -> tuple[ReceiptState, int | None]:
    if held.set_aside_at_us is not None:
        return ReceiptState.QUARANTINED, int(held.set_aside_at_us)
    state = ReceiptState.COUNTED if held.handled else ReceiptState.PENDING
    return state, int(held.recorded_at_us) or None


_AGGREGATED = {"topic": EVENTS.name, "stage": AGGREGATE, "replayed": REPLAYED}
_HELD = text("""
    SELECT log.event, log.recorded_at_us, log.position <= stage_position.position AS handled,
           letter.created_at_us AS set_aside_at_us
    FROM source
    JOIN event ON event.source = source.number AND event.id = :id
    JOIN log ON log.event = event.number AND log.topic = :topic
    JOIN stage_position ON stage_position.stage = :stage AND stage_position.partition = log.partition
    LEFT JOIN dead_letter AS letter ON letter.event = event.number AND letter.stage = :stage
                                    AND letter.state <> :replayed
    WHERE source.partnership = :partnership AND source.uri = :uri
    ORDER BY log.position DESC LIMIT 1
""")
"""An event that was replayed to a stage has two log rows: the last says how far it is."""
_SET_ASIDE = text("""
    SELECT count(*) AS n, count(*) FILTER (WHERE state = :open) AS waiting, min(created_at_us) AS since_us
    FROM dead_letter
    WHERE partnership = :partnership AND source = :uri AND id = :id AND topic IS NULL
          AND state IN (:open, :discarded)
""")
_SENT_AGAIN = text("SELECT count(*) FROM arrival WHERE event = :event AND outcome = :duplicate AND outcome <> 0")
"""Written so that the index of what came again is used."""
