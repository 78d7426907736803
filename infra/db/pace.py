"""How many events a unit takes: at most a thousand, and on SQLite as many as let it hold the only writer for 50 ms."""

LONGEST_HOLD_S = 0.05
MOST = 1_000
LEAST = 50


class Pace:
    """Follows how long units have held the writer, where there is only one."""

    def __init__(self, *, one_writer: bool) -> None:
        self._one_writer = one_writer
        self._size = MOST // 2 if one_writer else MOST

    def size(self) -> int:
        """Return how many events the next unit should take."""
        return self._size

    def held(self, events: int, held_s: float) -> None:
        """Learn from a unit: shrink at once when it was too long, grow by a tenth when it was short."""
        if not self._one_writer:
            return
        if held_s > LONGEST_HOLD_S:
            fitting = int(events * LONGEST_HOLD_S / held_s)
            self._size = max(LEAST, min(self._size, fitting))
        elif events >= self._size:
            self._size = min(MOST, self._size + max(1, self._size // 10))
