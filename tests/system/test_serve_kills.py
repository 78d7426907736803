"""`serve` is killed at random moments while history is played beside it: as if nothing had happened."""

import random
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from infra.cli.store import embedded_host
from infra.clock import PlayedClock
from infra.db.engine import transaction
from infra.db.replaying import begin_replay, end_replay
from infra.db.tables.delivering import delivery_attempt
from producers.replay import Line, in_order, received_us, slices
from streams.hosts.desk import IntakeDesk
from tests.support.cli import Cli, ended
from tests.support.databases import postgresql_url
from tests.support.playing import DAY_US
from tests.system.ledgers import kill, wait_until
from tests.system.replaying import (
    DAYS,
    OURS,
    TICK_US,
    Outcome,
    Serving,
    assert_same,
    exact_ledger,
    history,
    opened,
    outcome,
    prepared,
    replay,
    replay_the_rest,
    running,
    serve,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

SEED = 20260701
KILLS = {"sqlite": 20, "postgresql": 5}
SLOW, QUICK = "72000", "360000"
"""How many times as fast as it was: about a slice of history every 2 seconds, or every half."""
A_SLICE_TAKES_S = 0.4
STOPS = 3
STOPS_WITHIN_S = 10.0
MOVED = ("X01000053", "X01000054", "X01000055", "X01000056", "X01000057", "X01000058", "X01000069", "X01000070")
REZONE = ("areas", "lookup", "moved.csv", "--from-layer", "lsoa-2021", "--from-field", "lsoa")
REZONE_TO = ("--to-layer", "zone", "--to-field", "zone")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return history(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def undisturbed(played: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Play the history in peace."""
    cli = prepared(tmp_path_factory.mktemp("undisturbed"))
    replay_the_rest(cli, played)
    return outcome(cli)


def rezone(cli: Cli) -> None:
    """Count a part of Lindenfold to Wickenstow from now on."""
    cli.write("moved.csv", "lsoa,zone\n" + "".join(f"{code},zone-wickenstow\n" for code in MOVED))
    done = cli(*REZONE, *REZONE_TO, *OURS)
    assert done.code == 0, done.err
    assert f"{len(MOVED)} lookups added" in done.err


def rezoned_in_peace(cli: Cli, file: Path, at: int) -> Outcome:
    """Play a history, and rezone once the log has come to a position, with nothing else at work."""
    clock = PlayedClock()
    rezoned = False
    with opened(cli, clock) as store:
        ledger, number = store.ledger, store.partnership
        calendar = ledger.partnership(number).calendar
        raws = file.read_bytes().splitlines()
        lines = in_order(Line(n, received_us(raw, calendar), raw) for n, raw in enumerate(raws, start=1))
        with transaction(ledger.engine, write=True) as connection:
            begin_replay(connection, number, "in peace")
        desk, host = IntakeDesk(ledger, number), embedded_host(ledger)
        for part in slices(lines, TICK_US):
            clock.move_to(part.first_us)
            desk.play([line.raw for line in part.lines], part.ticks_us)
            host.drain()
            if store.head() == at:
                rezone(cli)
                host.drain()
                rezoned = True
        with transaction(ledger.engine, write=True) as connection:
            end_replay(connection, number)
    assert rezoned, "the replay was not killed between two slices; what it was compared with does not exist"
    return outcome(cli)


def test_the_history_has_alerts_of_every_kind_to_lose(undisturbed: Outcome) -> None:
    assert {trigger.rule_kind for trigger in undisturbed.triggers} == {"count", "severe-event", "signal", "silence"}
    assert {trigger.kind for trigger in undisturbed.triggers} == {"raised", "fell"}
    assert len(undisturbed.alerts) > 5
    assert undisturbed.told
    assert undisturbed.overtaken


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_serve_killed_while_history_is_played_changes_nothing(
    kind: str, tmp_path: Path, played: Path, undisturbed: Outcome, server_folder: Path
) -> None:
    chance = random.Random(SEED)
    cli = prepared(tmp_path, postgresql_url(server_folder) if kind == "postgresql" else None)
    with opened(cli) as store, running(replay(cli, played, SLOW)) as playing:
        for _ in range(KILLS[kind]):
            with running(serve(cli)) as serving:
                before = store.head()
                wait_until(lambda: store.head() > before or playing.poll() is not None, 60)  # noqa: B023
                time.sleep(chance.random() * A_SLICE_TAKES_S)
                assert (playing.poll(), serving.poll()) == (None, None)
                kill(serving)
            exact_ledger(cli)
        kill(playing)
    replay_the_rest(cli, played)
    assert_same(outcome(cli), undisturbed)


def test_a_replay_killed_with_serve_beside_it_and_rezoned_meanwhile_goes_on(tmp_path: Path, played: Path) -> None:
    chance = random.Random(SEED + 1)
    cli = prepared(tmp_path)
    total = len(played.read_bytes().splitlines()) + DAYS * DAY_US // TICK_US
    rezoned_at = 0
    with opened(cli) as store:
        for share in (0.1, 0.3, 0.5, 0.6, 0.8):
            with running(replay(cli, played, QUICK)) as playing, running(serve(cli)) as serving:
                wait_until(lambda: store.head() > share * total or playing.poll() is not None, 60)  # noqa: B023
                assert (playing.poll(), serving.poll()) == (None, None)
                kill(playing)
                if share == 0.5:
                    rezoned_at = store.head()
                    rezone(cli)
                elif share == 0.6:
                    wait_until(store.caught_up, 60)
                else:
                    time.sleep(chance.random() * A_SLICE_TAKES_S)
                kill(serving)
            exact_ledger(cli)
    assert "going on with a replay that was interrupted" in replay_the_rest(cli, played)
    peaceful = rezoned_in_peace(prepared(_folder(tmp_path, "peace")), played, rezoned_at)
    assert_same(outcome(cli), peaceful)


def test_a_stop_is_heard_within_seconds_and_leaves_nothing_half_done(
    tmp_path: Path, played: Path, undisturbed: Outcome
) -> None:
    cli = prepared(tmp_path)
    with opened(cli) as store, running(replay(cli, played, QUICK)) as playing:
        for _ in range(STOPS):
            with running(serve(cli)) as serving:
                before = _attempts(store)
                wait_until(lambda: _attempts(store) > before or playing.poll() is not None, 60)  # noqa: B023
                assert playing.poll() is None
                serving.terminate()
                said = ended(serving, STOPS_WITHIN_S)
            assert (said.code, said.out) == (0, "")
            assert said.err.endswith("stopped\n"), said.err
            assert _attempts(store, unsettled=True) == 0
        kill(playing)
    replay_the_rest(cli, played)
    assert_same(outcome(cli), undisturbed)


def _attempts(store: Serving, *, unsettled: bool = False) -> int:
    """Return how many times a message was tried; or only those of which nobody noted what became of it."""
    wanted = select(func.count()).select_from(delivery_attempt)
    with transaction(store.ledger.engine, write=False) as connection:
        return connection.execute(
            wanted.where(delivery_attempt.c.ended_at_us.is_(None)) if unsettled else wanted
        ).scalar_one()


def _folder(within: Path, name: str) -> Path:
    folder = within / name
    folder.mkdir()
    return folder
