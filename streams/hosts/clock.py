"""The live clock: moves every live partnership's time on, and stops where the ledger's clock cannot be believed.

A jump is judged against a monotonic clock while this runs; downtime is no jump.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from schemas.problems import Problem
from streams.ports import DeadLetter, IntakeUnit, Partnership
from streams.stages.intake import tick

STAGE = "clock"
TICK_EVERY_S = 60.0
JUMP_US = 5 * 60 * 1_000_000
"""How far the ledger's clock may be from where a steady clock would have it. Daylight saving moves neither."""


class TickLedger(Protocol):
    """The store, as the clock sees it."""

    def now_us(self) -> int:
        """Return the ledger's own time."""
        ...

    def live_partnerships(self) -> Sequence[int]:
        """Return the partnerships whose clock runs and that no replay owns."""
        ...

    def partnership(self, number: int) -> Partnership:
        """Return a partnership as last read."""
        ...

    def refresh(self) -> None:
        """Read partnerships anew, where they have changed."""
        ...

    def intake_unit(self, work: Callable[[IntakeUnit], bool], events: int) -> bool:
        """Run work in one transaction."""
        ...


class Steady(NamedTuple):
    """The ledger's clock and a monotonic one, read together."""

    ledger_us: int
    monotonic_us: int


class LiveClock:
    """Ticks for all live partnerships of one ledger, for as long as its clock keeps step with a monotonic one."""

    def __init__(self, ledger: TickLedger, monotonic_us: Callable[[], int]) -> None:
        self._ledger = ledger
        self._monotonic_us = monotonic_us
        self._believed = self._read()
        self._jumped = False

    def tick(self) -> int:
        """Move every live partnership's clock on; return how many. Raises StoreUnavailableError.

        While the ledger's clock is out of step nobody's moves: one dead letter a partnership says so, and the areas
        turn unknown by themselves. A clock that is set right again is believed at once.
        """
        self._ledger.refresh()
        live = self._ledger.live_partnerships()
        read = self._read()
        away_us = (read.ledger_us - self._believed.ledger_us) - (read.monotonic_us - self._believed.monotonic_us)
        if abs(away_us) > JUMP_US:
            if not self._jumped:
                self._say_so(live, away_us, read.ledger_us)
            self._jumped = True
            return 0
        self._believed, self._jumped = read, False
        return sum(self._tick(number) for number in live)

    def _tick(self, number: int) -> bool:
        partnership = self._ledger.partnership(number)
        return self._ledger.intake_unit(lambda unit: tick(unit, partnership), 1)

    def _say_so(self, live: Sequence[int], away_us: int, now_us: int) -> None:
        problem = clock_jumped(away_us)
        letters = [DeadLetter(number, STAGE, "/clock", "", None, problem, None, None) for number in live]

        def quarantine(unit: IntakeUnit) -> bool:
            return bool(unit.quarantine(letters, now_us))

        self._ledger.intake_unit(quarantine, len(letters))

    def _read(self) -> Steady:
        return Steady(self._ledger.now_us(), self._monotonic_us())


def clock_jumped(away_us: int) -> Problem:
    """Say that the ledger's clock is not where a steady one would have it."""
    minutes = abs(away_us) // 60_000_000
    which = "ahead of" if away_us > 0 else "behind"
    return Problem(
        "clock-jumped",
        "time",
        f"the ledger's clock jumped: it is {minutes} minutes {which} where it should be; its ticks are not believed;"
        " set that machine's clock right, or, if it is right now, start this process anew; then discard this",
    )
