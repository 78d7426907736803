"""Couriers killed between sending and recording, and at random moments: nobody is left untold, and keys tell."""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.city import Bench
from tests.support.couriers import member, raised, route_to, states
from tests.support.receivers import Webhook, webhook
from tests.system.ledgers import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
LEASES_LAST = timedelta(minutes=10)
MEMBERS = 96
KILLS = 6
SEED = 20260701


class Carriers:
    """Starts couriers, each a lease after the one before, so that none has to wait."""

    def __init__(self, url: str, channels: Path) -> None:
        self._url = url
        self._channels = channels
        self._now = NOON

    def start(self, how: str = "run") -> "subprocess.Popen[str]":
        command = [
            sys.executable,
            "-m",
            "tests.system.carry",
            self._url,
            str(self._channels),
            self._now.isoformat(),
            how,
        ]
        self._now += LEASES_LAST
        return subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self) -> int:
        """Deliver all that is due; return how many attempts that took."""
        out, err = self.start().communicate(timeout=120)
        assert out, err
        return int(out)


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@pytest.fixture
def carriers(bench: Bench, hook: Webhook, tmp_path: Path) -> Carriers:
    channels = tmp_path / "channels.yaml"
    channels.write_text(f"hook: {hook.url}\n", encoding="utf-8")
    return Carriers(bench.url, channels)


def killed(process: "subprocess.Popen[str]") -> str:
    """Kill a courier, if it still runs; return what it had to complain about."""
    process.kill()
    return process.communicate(timeout=10)[1]


def alert_for(bench: Bench, members: int) -> int:
    city = bench.partnership()
    route_to(bench, city, *(member(f"user-{number}", "hook") for number in range(members)))
    raised(bench, city, "t1")
    return city


def test_a_courier_killed_between_sending_and_recording_leads_to_the_same_message_again(
    bench: Bench, hook: Webhook, carriers: Carriers
) -> None:
    city = alert_for(bench, 1)
    process = carriers.start("hold")
    assert process.stdout is not None
    said, before = process.stdout.readline(), states(bench, city)
    complaint = killed(process)
    assert said == "sent\n", complaint
    assert before == states(bench, city) == ["waiting"]
    assert len(hook.calls) == 1
    assert carriers.run() == 1
    assert states(bench, city) == ["delivered"]
    assert len(hook.calls) == 2
    assert len(set(hook.keys())) == 1
    assert carriers.run() == 0
    assert len(hook.calls) == 2


def test_couriers_killed_at_random_moments_leave_nobody_untold(bench: Bench, hook: Webhook, carriers: Carriers) -> None:
    chance = random.Random(SEED)
    city = alert_for(bench, MEMBERS)
    killed_midway = 0
    for attempt in range(KILLS):
        target = chance.randrange(MEMBERS * attempt // KILLS, MEMBERS * (attempt + 1) // KILLS)
        process = carriers.start()
        wait_until(lambda: process.poll() is not None or len(hook.calls) > target, 60)  # noqa: B023
        killed_midway += process.poll() is None
        complaint = killed(process)
        assert "Traceback" not in complaint, complaint
    carriers.run()
    assert killed_midway >= KILLS - 2
    assert states(bench, city) == ["delivered"] * MEMBERS
    sent = Counter(hook.keys())
    assert len(sent) == MEMBERS
    assert sum(sent.values()) <= MEMBERS + KILLS * 16
