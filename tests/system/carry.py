"""A courier in a process of its own, put together as `serve` does it.

`python -m tests.system.carry URL CHANNELS_FILE NOW run|hold` delivers at a time given in ISO form until nothing is due,
and says how many attempts that took. With `hold` it says `sent` before it records its first result, and waits there.
"""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from infra.cli.couriers import make_courier
from infra.db.engine import make_engine
from infra.db.ledger import SqlLedger
from infra.db.outbox import Due, Outbox, Settlement
from infra.observability.logging import configure_logging
from infra.settings import Settings
from tests.support.clock import FakeClock
from tests.support.couriers import run_out
from tests.system.ledgers import STORE_TIMEOUT_S


def hold(_outbox: Outbox, _settled: Sequence[tuple[Due, Settlement]], _now_us: int) -> None:
    sys.stdout.write("sent\n")
    sys.stdout.flush()
    sys.stdin.readline()


def main(url: str, channels_file: str, now: str, how: str) -> None:
    configure_logging("error")
    ledger = SqlLedger(make_engine(url, STORE_TIMEOUT_S), FakeClock(datetime.fromisoformat(now)))
    courier = make_courier(ledger, Settings(database_url=url, channels_file=Path(channels_file)))
    if how == "hold":
        with patch.object(Outbox, "settle", hold):
            courier.deliver_due()
    sys.stdout.write(f"{run_out(courier)}\n")
    ledger.engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
