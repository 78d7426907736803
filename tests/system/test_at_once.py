"""Several at once: two imports of one file, batches in opposite order, and verification while an import runs."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest

from streams.hosts.embedded import EmbeddedHost
from streams.runner import Runner
from streams.topology import TOPOLOGY
from tests.bench.data import reports
from tests.support.city import Bench, QuietObserver
from tests.support.cli import Cli, ended
from tests.support.databases import postgresql_url
from tests.system.ledgers import (
    Undisturbed,
    assert_as_undisturbed,
    end_session,
    exact_loss,
    import_undisturbed,
    write_events,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def cli(request: pytest.FixtureRequest, tmp_path: Path, server_folder: Path) -> Cli:
    """Return a new ledger of Milton Keynes."""
    if request.param == "sqlite":
        return Cli(tmp_path).with_ledger()
    made = Cli(tmp_path, postgresql_url(server_folder))
    assert made.alone("db", "upgrade").code == 0
    return made


@pytest.fixture(scope="module", params=[3_000, 11_500], ids=["inline", "beside"])
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Import a file in peace: a small one, counted in between, or a large one, counted by a second process."""
    return import_undisturbed(tmp_path_factory.mktemp("undisturbed"), reports(request.param, 300, seed=11))


def test_two_imports_of_one_file_at_once_count_each_event_once(cli: Cli, undisturbed: Undisturbed) -> None:
    events = undisturbed.events
    running = [cli.started("import", "events", undisturbed.file) for _ in range(2)]
    try:
        both = [ended(process, 120) for process in running]
    finally:
        for process in running:
            end_session(process)
    assert [each.code for each in both] == [0, 0], [each.err for each in both]
    assert all("Traceback" not in each.err for each in both)
    loss = exact_loss(cli.database_url)
    assert (loss.received, loss.counted, loss.duplicate) == (2 * events, events, events)
    assert_as_undisturbed(cli, undisturbed)


@pytest.mark.parametrize("undisturbed", [8_000], indirect=True, ids=[""])
def test_batches_with_the_same_ids_in_opposite_order_neither_lock_each_other_out_nor_count_twice(
    cli: Cli, undisturbed: Undisturbed
) -> None:
    events = undisturbed.events
    command = [sys.executable, "-m", "tests.system.hand_in", cli.database_url, str(undisturbed.file)]
    with ExitStack() as open_processes:
        running = [
            open_processes.enter_context(
                subprocess.Popen(
                    [*command, order],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for order in ("forwards", "backwards", "forwards", "backwards")
        ]
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0] * 4, [err for _, err in said]
    outcomes = [orjson.loads(out) for out, _ in said]
    assert sum(each.get("ACCEPTED", 0) for each in outcomes) == events
    assert sum(each.get("DUPLICATE", 0) for each in outcomes) == 3 * events
    drain(cli)
    assert_as_undisturbed(cli, undisturbed)


def drain(cli: Cli) -> None:
    """Have counted what was handed in."""
    bench = Bench(cli.database_url)
    runners = [Runner(step, bench.ledger, bench.ledger, QuietObserver()) for step in TOPOLOGY]
    EmbeddedHost(bench.ledger, runners, lambda: 1_000).drain()
    bench.engine.dispose()


def test_verification_while_an_import_runs_is_clean(cli: Cli) -> None:
    file = write_events(cli.folder / "events.ndjson", reports(20_000, 300, seed=17))
    process = cli.started("import", "events", file)
    verified = 0
    try:
        while process.poll() is None:
            result = cli.alone("verify", timeout_s=120)
            assert result.code == 0, result.err
            exact_loss(cli.database_url)
            verified += process.poll() is None
        said = ended(process)
    finally:
        end_session(process)
    assert said.code == 0, said.err
    assert verified >= 1
    assert cli.alone("verify").code == 0
