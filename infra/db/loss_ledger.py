"""The loss ledger: by source and hour, what was received and what became of it. Derived, never counted up.

What was received comes from the arrivals; what was counted and what is pending from the log and the stage's position.
A row that does not add up means that something was lost or counted twice.
"""

from collections import Counter
from typing import NamedTuple

from sqlalchemy import Connection, Engine, text

from infra.db.columns import DUPLICATE, REPLAYED
from infra.db.engine import transaction
from schemas.topics import EVENTS
from streams.core.days import from_us
from streams.stages.aggregate import STAGE as AGGREGATE
from streams.stages.intake import Outcome

HOUR_US = 3_600_000_000
BEFORE_ANY_REPORT = "before any report"
"""The hour of what was set up before the clock ran."""


class LossRow(NamedTuple):
    """One source and hour (UTC)."""

    source: str
    hour: str
    received: int
    counted: int
    duplicate: int
    quarantined: int
    pending: int

    @property
    def adds_up(self) -> bool:
        """Whether everything received is accounted for."""
        return self.received == self.counted + self.duplicate + self.quarantined + self.pending


def loss_ledger(engine: Engine, partnership: int) -> list[LossRow]:
    """Return the rows of one partnership, by source and hour, from one snapshot."""
    with transaction(engine, write=False) as connection:
        return read_loss_ledger(connection, partnership)


def read_loss_ledger(connection: Connection, partnership: int) -> list[LossRow]:
    """Do the same within a transaction."""
    received: Counter[tuple[str, int]] = Counter()
    became: Counter[tuple[str, int, str]] = Counter()
    values = {"partnership": partnership, "topic": EVENTS.name, "stage": AGGREGATE, "replayed": REPLAYED}
    for uri, hour, outcome, letter_state, n in connection.execute(text(_ARRIVALS), values):
        received[uri, hour] += n
        if outcome == Outcome.DUPLICATE or letter_state == DUPLICATE:
            became[uri, hour, "duplicate"] += n
        elif outcome == Outcome.QUARANTINED and letter_state != REPLAYED:
            became[uri, hour, "quarantined"] += n
    for query in (_LOGGED, _LOGGED_AND_SET_ASIDE):
        for uri, hour, state, n in connection.execute(text(query), values):
            became[uri, hour, state] += n
    return [
        LossRow(
            uri,
            from_us(hour * HOUR_US).strftime("%Y-%m-%dT%H:%MZ") if hour else BEFORE_ANY_REPORT,
            received[uri, hour],
            *(became[uri, hour, state] for state in ("counted", "duplicate", "quarantined", "pending")),
        )
        for uri, hour in sorted(received.keys() | {(uri, hour) for uri, hour, _ in became})
    ]


_ARRIVALS = f"""
    SELECT source.uri, arrival.arrived_at_us / {HOUR_US}, arrival.outcome, letter.state, count(*)
    FROM arrival
    JOIN source ON source.number = arrival.source
    LEFT JOIN dead_letter AS letter ON letter.number = arrival.dead_letter
    WHERE arrival.partnership = :partnership
    GROUP BY 1, 2, 3, 4
"""
_SET_ASIDE = """
    SELECT event FROM dead_letter
    WHERE event IS NOT NULL AND partnership = :partnership AND (stage = :stage OR state = :replayed)
"""
"""Events that a stage once could not handle, or that came from a replayed dead letter of intake: few."""
_LOGGED = f"""
    SELECT source.uri, log.recorded_at_us / {HOUR_US},
           CASE WHEN log.position <= stage_position.position THEN 'counted' ELSE 'pending' END, count(*)
    FROM log
    JOIN event ON event.number = log.event
    JOIN source ON source.number = event.source
    JOIN stage_position ON stage_position.stage = :stage AND stage_position.partition = log.partition
    WHERE log.topic = :topic AND log.partnership = :partnership AND log.event NOT IN ({_SET_ASIDE})
    GROUP BY 1, 2, 3
"""
_LOGGED_AND_SET_ASIDE = f"""
    WITH last AS (
        SELECT log.event, log.partition, max(log.position) AS position, min(log.recorded_at_us) AS recorded_at_us
        FROM log WHERE log.topic = :topic AND log.partnership = :partnership AND log.event IN ({_SET_ASIDE})
        GROUP BY log.event, log.partition)
    SELECT source.uri, coalesce(arrival.arrived_at_us, last.recorded_at_us) / {HOUR_US},
           CASE WHEN at_stage.number IS NOT NULL THEN 'quarantined'
                WHEN last.position <= stage_position.position THEN 'counted' ELSE 'pending' END, count(*)
    FROM last
    JOIN event ON event.number = last.event
    JOIN source ON source.number = event.source
    JOIN stage_position ON stage_position.stage = :stage AND stage_position.partition = last.partition
    LEFT JOIN dead_letter AS at_stage ON at_stage.event = last.event AND at_stage.stage = :stage
                                      AND at_stage.state <> :replayed
    LEFT JOIN dead_letter AS at_intake ON at_intake.event = last.event AND at_intake.stage <> :stage
                                       AND at_intake.state = :replayed
    LEFT JOIN arrival ON arrival.dead_letter = at_intake.number
    GROUP BY 1, 2, 3
"""
"""An event that was replayed to a stage has two log rows: the first says when it came, the last how far it is."""
