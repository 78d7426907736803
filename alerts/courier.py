"""The courier: takes what waits to be sent, sends it, and records what became of it. At least once, never silently.

Nothing is sent within a transaction: a delivery is claimed for a while, sent, and settled. A courier killed in between
leaves a lease that runs out, and the same message goes out again under the same key.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import Empty, Queue
from random import Random
from threading import Event, Thread

import structlog

from alerts.channels import Channel, Delivered, Refused, Result, Retry
from alerts.policy.retrying import SECOND_US, next_try_us
from alerts.policy.routing import Recipient
from alerts.policy.wording import Subject, message
from infra.clock import Clock
from infra.db.deliveries import DELIVERED, GIVEN_UP, REFUSED, WAITING
from infra.db.outbox import Due, Outbox, Settlement
from streams.ports import StoreUnavailableError

AT_ONCE = 16
"""Messages on their way at the same time, so that one slow channel does not hold up all others."""
LOOK_EVERY_S = 1.0
LEASE_AFTER_DEADLINE_S = 30.0
"""How much longer than the longest attempt a lease lasts: time to record the result."""

TIMED_OUT = Retry("timed-out")


class Courier:
    """Sends what is due by its channel. Any number may run beside one another, each in one thread."""

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        clock: Clock,
        chance: Random,
        *,
        public_url: str,
        deadline_s: float,
    ) -> None:
        """`deadline_s` is how long one message may take as a whole, whatever its channel is waiting for."""
        self._outbox = outbox
        self._channels = channels
        self._clock = clock
        self._chance = chance
        self._public_url = public_url
        self._deadline_s = deadline_s
        self._lease_us = int((deadline_s + LEASE_AFTER_DEADLINE_S) * SECOND_US)
        self._on_the_way: dict[tuple[int, int], tuple[Due, float]] = {}
        self._ended: Queue[tuple[Due, Result]] = Queue()
        self._log = structlog.get_logger()

    def run(self, stopped: Event) -> None:
        """Deliver until told to stop; what is on its way then is still settled.

        While the ledger is away, nothing is lost: it is asked again and again.
        """
        while self._on_the_way or not stopped.is_set():
            try:
                began = 0 if stopped.is_set() else self._begin()
                self._settle_ended(LOOK_EVERY_S)
            except StoreUnavailableError as error:
                self._log.error("courier waits for the ledger", code=error.problem.code, detail=error.problem.detail)
                began = 0
            if not began and not self._on_the_way:
                stopped.wait(LOOK_EVERY_S)

    def deliver_due(self) -> int:
        """Send what is due now, so many at a time, and see it through; return how many attempts that were.

        Raises StoreUnavailableError.
        """
        self._settle_ended(0.0)
        began = self._begin()
        while self._on_the_way:
            self._settle_ended(self._deadline_s)
        return began

    def _begin(self) -> int:
        """Send what is due as far as there is room, each message by a thread of its own."""
        room = AT_ONCE - len(self._on_the_way)
        due = self._outbox.claim(self._clock.now_us(), self._lease_us, room) if room else []
        deadline = time.monotonic() + self._deadline_s
        for each in due:
            self._on_the_way[each.number, each.attempt] = each, deadline
            Thread(target=self._report, args=(each,), daemon=True).start()
        return len(due)

    def _settle_ended(self, wait_s: float) -> None:
        """Wait for a result, and settle what has ended and what has passed its deadline.

        That may yet get through, and is settled again when it does.
        """
        nearest = min((deadline for _, deadline in self._on_the_way.values()), default=0.0)
        results = _gathered(self._ended, min(wait_s, nearest - time.monotonic()))
        for due, _ in results:
            self._on_the_way.pop((due.number, due.attempt), None)
        now = time.monotonic()
        passed = [due for due, deadline in self._on_the_way.values() if deadline <= now]
        for due in passed:
            del self._on_the_way[due.number, due.attempt]
        self._settle([*results, *((due, TIMED_OUT) for due in passed)])

    def _report(self, due: Due) -> None:
        self._ended.put((due, self._send(due)))

    def _send(self, due: Due) -> Result:
        channel = self._channels.get(due.channel)
        if channel is None:
            return Retry("no-such-channel")
        subject = Subject(due.alert, due.kind, due.severity, due.marking, due.area_name)
        recipient = Recipient(due.recipient, due.agency, due.channel)
        try:
            return channel.send(message(due.id, subject, self._public_url), recipient)
        except Exception as error:  # noqa: BLE001 - a channel is other people's code; its fault is this message's only
            return Retry(f"channel-failed-{type(error).__name__}")

    def _settle(self, results: Sequence[tuple[Due, Result]]) -> None:
        if not results:
            return
        now_us = self._clock.now_us()
        settlements = [(due, settled(due, result, now_us, self._chance.random())) for due, result in results]
        self._outbox.settle(settlements, now_us)
        for due, settlement in settlements:
            self._say(due, settlement)

    def _say(self, due: Due, settlement: Settlement) -> None:
        names = {"delivery": due.id, "alert": due.alert, "recipient": due.recipient, "channel": due.channel}
        said = {**names, "attempt": due.attempt, "reason": settlement.reason}
        if settlement.state in (REFUSED, GIVEN_UP):
            self._log.error(f"delivery {settlement.state}", **said)
        elif settlement.state == WAITING:
            self._log.warning("delivery waits", **said)
        else:
            self._log.info("delivered", **said)


def _gathered(ended: "Queue[tuple[Due, Result]]", timeout_s: float) -> list[tuple[Due, Result]]:
    """Wait for the first result, and take what else is there by then; nothing if the time is over."""
    results: list[tuple[Due, Result]] = []
    with suppress(Empty):
        results.append(ended.get(timeout=max(0.0, timeout_s)))
        while True:
            results.append(ended.get_nowait())
    return results


def settled(due: Due, result: Result, now_us: int, chance: float) -> Settlement:
    """Return what the result of an attempt makes of a delivery."""
    if isinstance(result, Delivered):
        return Settlement("delivered", "", DELIVERED, None)
    if isinstance(result, Refused):
        return Settlement("refused", result.reason, REFUSED, None)
    again_us = next_try_us(due.attempt, due.first_tried_at_us, now_us, chance)
    return Settlement("retry", result.reason, GIVEN_UP if again_us is None else WAITING, again_us)
