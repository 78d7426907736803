"""What `serve` is made of: a host that hears a stop between two batches, and works whose faults end the process."""

import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infra.cli.works import Work, stop_on_signals
from schemas.topics import EVENTS
from streams.hosts.embedded import EmbeddedHost
from streams.stages.aggregate import STAGE as AGGREGATE
from tests.support.city import Bench, QuietObserver
from tests.support.cli import Cli
from tests.support.events import report
from tests.system.ledgers import wait_until

REPORTS = 20
HANDLED = 3


class StopsAfter(QuietObserver):
    """Asks for a stop once some batches are done."""

    def __init__(self, batches: int, stop: threading.Event) -> None:
        super().__init__()
        self._left = batches
        self._stop = stop

    def handled(self, stage: str, partition: int, records: int, position: int) -> None:
        self._left -= 1
        if self._left == 0:
            self._stop.set()


def test_a_host_that_is_told_to_stop_finishes_its_batch_and_leaves_the_rest(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, *(report(f"r{number}") for number in range(REPORTS)))
    partition = bench.ledger.partnership(city).partition
    stop = threading.Event()
    EmbeddedHost(bench.ledger, bench.runners(StopsAfter(HANDLED, stop)), lambda: 1).run(stop, 0.001)
    assert bench.ledger.positions()[AGGREGATE, partition] == HANDLED
    assert bench.ledger.heads(EVENTS.name)[partition] == REPORTS
    bench.drain()
    assert bench.ledger.positions()[AGGREGATE, partition] == REPORTS


def test_a_host_that_waits_notices_what_comes_in(bench: Bench) -> None:
    city = bench.partnership()
    stop = threading.Event()
    host = EmbeddedHost(bench.ledger, bench.runners(StopsAfter(1, stop)), lambda: 10)
    waiting = threading.Thread(target=host.run, args=(stop, 0.001))
    waiting.start()
    bench.hand_in(city, report("r"))
    waiting.join(timeout=30)
    stop.set()
    assert bench.ledger.positions()[AGGREGATE, bench.ledger.partnership(city).partition] == 1


@pytest.fixture
def signals_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    told = signal.set_wakeup_fd(-1)
    os.close(told)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals_as_before")
def test_a_stop_is_heard_by_whichever_thread_the_signal_comes_to() -> None:
    stop = threading.Event()
    stop_on_signals(stop)

    def is_waited_for() -> bool:
        caller = sys._current_frames()[main].f_back
        return caller is not None and caller.f_locals.get("self") is stop

    def ask() -> None:
        wait_until(is_waited_for, 20)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    main = threading.get_ident()
    asking = threading.Thread(target=ask)
    asking.start()
    assert stop.wait(20)
    asking.join()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_work_that_fails_ends_all_works() -> None:
    stop = threading.Event()

    def fail() -> None:
        raise ZeroDivisionError

    def go_on() -> None:
        stop.wait(30)

    failing, going_on = Work("failing", fail, stop), Work("going on", go_on, stop)
    going_on.start()
    failing.start()
    for work in (failing, going_on):
        work.join(timeout=30)
    assert stop.is_set()
    assert (failing.failed, going_on.failed) == (True, False)


def test_a_fault_of_ours_ends_serve_with_1_and_says_which_work_it_was(tmp_path: Path) -> None:
    cli = Cli(tmp_path).with_ledger()
    with closing(sqlite3.connect(cli.store)) as connection:
        connection.execute("DELETE FROM stage_position WHERE stage = 'watch'")
        connection.commit()
    ended = cli.alone("serve")
    assert ended.code == 1
    assert "a fault of Bellwether ended the stages; report it, and start again" in ended.err
    assert "stopped" not in ended.err


def test_serve_asks_for_a_current_ledger(tmp_path: Path) -> None:
    ended = Cli(tmp_path).alone("serve")
    assert ended.code == 2
    assert "bellwether db upgrade" in ended.err
