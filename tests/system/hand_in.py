"""Hands a file of events in, batch by batch, forwards or backwards: one of several processes that do so at once.

`python -m tests.system.hand_in URL FILE forwards|backwards` says `ready`, waits for a line, hands in, and says how many
events had which outcome.
"""

import sys
from collections import Counter
from pathlib import Path

import orjson

from infra.db.engine import make_engine
from infra.db.ledger import SqlLedger
from streams.hosts.desk import IntakeDesk
from tests.system.ledgers import PARTNERSHIP, STORE_TIMEOUT_S

BATCH = 400


def main(url: str, file: str, order: str) -> None:
    lines = Path(file).read_bytes().splitlines()
    ledger = SqlLedger(make_engine(url, STORE_TIMEOUT_S))
    ledger.refresh()
    desk = IntakeDesk(ledger, PARTNERSHIP)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    outcomes: Counter[str] = Counter()
    batches = [lines[first : first + BATCH] for first in range(0, len(lines), BATCH)]
    for batch in batches:
        answers = desk.take(batch if order == "forwards" else batch[::-1], trusted=True)
        outcomes.update("refused" if each.outcome is None else each.outcome.name for each in answers)
    sys.stdout.write(orjson.dumps(outcomes).decode() + "\n")
    ledger.engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
