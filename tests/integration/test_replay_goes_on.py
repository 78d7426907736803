"""A replay that was interrupted: the same command goes on, waits for nothing twice, and no other may."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.cli import Cli, Ended
from tests.support.events import Raw, report

DAYS = 100
FASTER = 1_000_000
PAUSES_BEFORE_INTERRUPTED = 2


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path).with_ledger()


def history() -> list[Raw]:
    """Return two reports with a hundred quiet days between them."""
    first = datetime(2026, 1, 1, 12, tzinfo=UTC)
    city = [{"areas": [{"layer": "city", "code": "E06000042"}]}]
    return [
        report(
            f"r{days}",
            time=(first + timedelta(days=days)).isoformat(),
            occurred={"from": (first + timedelta(days=days - 1)).isoformat()},
            reported=(first + timedelta(days=days)).isoformat(),
            places=city,
        )
        for days in (0, DAYS)
    ]


def pauses_of(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, interrupted_after: int | None = None
) -> tuple[Ended, list[float]]:
    """Replay faster than it was; return for how long it waited, each time, having waited for nothing really."""
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) - 1 == interrupted_after:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(time, "sleep", sleep)
        ended = cli("replay", "history.ndjson", "--speed", FASTER)
    return ended, pauses


def ledger_in(folder: Path) -> Cli:
    folder.mkdir()
    cli = Cli(folder).with_ledger()
    cli.write("history.ndjson", history())
    return cli


def test_a_replay_that_goes_on_does_not_wait_again_for_what_was_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, expected = pauses_of(ledger_in(tmp_path / "whole"), monkeypatch)
    assert whole.code == 0, whole.err
    assert sum(expected) * FASTER == pytest.approx(DAYS * 86_400, rel=0.25)
    cli = ledger_in(tmp_path / "interrupted")
    stopped, waited = pauses_of(cli, monkeypatch, PAUSES_BEFORE_INTERRUPTED)
    assert stopped.code not in (0, 2)
    assert waited == expected[: PAUSES_BEFORE_INTERRUPTED + 1]
    rest, pauses = pauses_of(cli, monkeypatch)
    assert rest.code == 0, rest.err
    assert "going on with a replay that was interrupted" in rest.err
    assert "2 read: 1 played, 1 there already" in rest.err
    assert sum(pauses) <= sum(expected[PAUSES_BEFORE_INTERRUPTED:])
    assert pauses[-1] == expected[-1]


def test_another_file_or_another_tick_is_refused_until_an_interrupted_replay_has_ended(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.write("history.ndjson", history())
    cli.write("other.ndjson", history()[:1])
    pauses_of(cli, monkeypatch, 0)
    for words in (("other.ndjson",), ("history.ndjson", "--tick", "1d")):
        refused = cli("replay", *words)
        assert refused.code == 2
        assert "another file, or this one with another --tick, is being replayed" in refused.err
    assert cli("replay", "history.ndjson").code == 0
    again = cli("replay", "history.ndjson")
    assert again.code == 2
    assert "holds reports, signals or returns already" in again.err
