"""An import is killed at random moments, twenty times, and resumed: as if nothing had happened."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from infra.cli.counting import WORTH_A_PROCESS_BYTES
from tests.bench.data import reports
from tests.support.cli import Cli, ended
from tests.support.events import amendment, link, withdrawal
from tests.system.ledgers import (
    Undisturbed,
    assert_as_undisturbed,
    counters_of,
    end_session,
    events_held,
    exact_loss,
    import_undisturbed,
    kill,
    session_of,
    wait_until,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

KILLS = 20
SEED = 20260701


def amended(n: int) -> Iterator[bytes]:
    """Yield reports with amendments, withdrawals, links and unlinks of them in between, in no helpful order."""
    chance = random.Random(SEED)
    waiting: list[bytes] = []
    names: list[tuple[str, str]] = []
    for raw in reports(n, 200, seed=5):
        yield raw
        event = orjson.loads(raw)
        names.append((event["source"], event["id"]))
        number, of, other = len(names), names[-1], chance.choice(names)
        when = {"time": event["time"]}
        match number % 10:
            case 1:
                waiting.append(_changed(event, amendment(f"a{number}", of, 2, **when)))
            case 4:
                waiting.append(orjson.dumps(withdrawal(f"w{number}", of, 2, **when)))
            case 6 if other != of:
                waiting.append(orjson.dumps(link(f"l{number}", of, other, **when)))
                if number % 3 == 0:
                    waiting.append(orjson.dumps(link(f"u{number}", of, other, linked=False, revision=2, **when)))
        if len(waiting) > 40:
            chance.shuffle(waiting)
            yield waiting.pop()
    yield from waiting


def _changed(event: dict[str, dict[str, object]], into: dict[str, dict[str, object]]) -> bytes:
    """Make an amendment say what the report said, but of another strand."""
    into["data"] = event["data"] | {"strands": ["other"]} | {k: into["data"][k] for k in ("incident", "revision")}
    return orjson.dumps(into | {"receivedtime": event["receivedtime"]})


@pytest.fixture(scope="module", params=["inline", "beside"])
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Import a file in peace: a small one, counted in between, or a large one, counted by a second process."""
    events = amended(5_000) if request.param == "inline" else reports(14_000, 400, seed=7)
    return import_undisturbed(tmp_path_factory.mktemp(request.param), events)


def test_an_import_killed_twenty_times_counts_as_if_it_had_not_been(tmp_path: Path, undisturbed: Undisturbed) -> None:
    chance = random.Random(SEED)
    cli = Cli(tmp_path).with_ledger()
    beside = undisturbed.file.stat().st_size >= WORTH_A_PROCESS_BYTES
    orphans_seen = killed_midway = 0
    for attempt in range(KILLS):
        target = chance.randrange(undisturbed.events * attempt // KILLS, undisturbed.events * (attempt + 1) // KILLS)
        process = cli.started("import", "events", undisturbed.file)
        try:
            wait_until(lambda: process.poll() is not None or events_held(cli) > target, 60)  # noqa: B023
            time.sleep(chance.random() * 0.06)
            killed_midway += process.poll() is None
            kill(process)
            orphans = counters_of(process)
            orphans_seen += bool(orphans)
            exact_loss(cli.database_url)
            if chance.random() < 0.5:
                wait_until(lambda: not session_of(process), 60)  # noqa: B023 - asked before the next process starts
                exact_loss(cli.database_url)
        finally:
            if process.poll() is None:
                end_session(process)
    assert killed_midway >= KILLS - 2
    assert (orphans_seen >= KILLS // 2) == beside
    done = cli.alone("import", "events", undisturbed.file, timeout_s=120)
    assert done.code == 0, done.err
    assert_as_undisturbed(cli, undisturbed)


@pytest.mark.parametrize("undisturbed", ["beside"], indirect=True)
def test_a_counting_process_that_is_killed_is_said_and_the_same_command_goes_on(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    cli = Cli(tmp_path).with_ledger()
    for wanted in (1, undisturbed.events // 2):
        process = cli.started("import", "events", undisturbed.file)
        try:
            wait_until(lambda: events_held(cli) > wanted and bool(counters_of(process)), 60)  # noqa: B023
            os.kill(counters_of(process)[0], signal.SIGKILL)
            said = ended(process, 60)
        finally:
            end_session(process)
        assert said.code == 1
        assert "run the same command again" in said.err
        assert "Traceback" not in said.err
        exact_loss(cli.database_url)
    done = cli.alone("import", "events", undisturbed.file, timeout_s=120)
    assert done.code == 0, done.err
    assert_as_undisturbed(cli, undisturbed)


def test_a_person_who_interrupts_an_import_loses_nothing(tmp_path: Path, undisturbed: Undisturbed) -> None:
    cli = Cli(tmp_path).with_ledger()
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores it, and so would
    process = cli.started("import", "events", undisturbed.file)  # whatever it starts
    signal.signal(signal.SIGINT, heard)
    try:
        wait_until(lambda: events_held(cli) > undisturbed.events // 3, 60)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group, which is ours
        said = ended(process, 60)
        wait_until(lambda: not session_of(process), 60)
    finally:
        end_session(process)
    assert said.code not in (0, 2)
    assert "Traceback" not in said.err
    loss = exact_loss(cli.database_url)
    assert 0 < loss.counted + loss.pending < undisturbed.events
    done = cli.alone("import", "events", undisturbed.file, timeout_s=120)
    assert done.code == 0, done.err
    assert_as_undisturbed(cli, undisturbed)
