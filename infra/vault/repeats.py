"""Repeat victimisation, inside the vault: pseudonyms are made here, and nothing but a code leaves."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select

from infra.db import tables
from infra.db.bulk import Bulk
from infra.vault.cases import MOST_ASKED_AT_ONCE
from infra.vault.keys import keyed
from streams.core.repeats import repeat, twelve_months_before
from streams.ports.vault import Apart

_TABLE = tables.sealed.victim_pseudonym


class Repeats:
    """The victims of one unit's events, in their order, beside all that were known before."""

    def __init__(self, connection: Connection, bulk: Bulk, key: bytes, events: Iterable[Apart]) -> None:
        """`key` is the partnership's own. To be used under the lock of the log's head, or two could both be first."""
        self._connection = connection
        self._bulk = bulk
        self._key = key
        self._made: dict[str, bytes] = {}
        self._days: defaultdict[bytes, dict[str, int]] = defaultdict(dict)
        self._replaced: dict[str, dict[bytes, int]] = {}
        wanted = sorted({self._pseudonym(each) for apart in events for victim in apart.victims for each in victim})
        for start in range(0, len(wanted), MOST_ASKED_AT_ONCE):
            part = wanted[start : start + MOST_ASKED_AT_ONCE]
            for row in connection.execute(select(_TABLE).where(_TABLE.c.pseudonym.in_(part))):
                self._days[bytes(row.pseudonym)][row.case_reference] = row.day

    def note(self, case: str, apart: Apart) -> str:
        """Return how many earlier cases the victims of an event had, as a code, and note this one.

        A correction replaces what its case said of victims before; what names none says nothing.
        """
        victims = [[self._pseudonym(each) for each in victim] for victim in apart.victims]
        code = repeat([self._earlier(case, each, apart.day) if each else None for each in victims])
        if any(victims):
            for days in self._days.values():
                days.pop(case, None)
            self._replaced[case] = {each: apart.day for victim in victims for each in victim}
            for each in self._replaced[case]:
                self._days[each][case] = apart.day
        return code.value

    def write(self) -> None:
        """Store what was noted."""
        if not self._replaced:
            return
        cases = sorted(self._replaced)
        for start in range(0, len(cases), MOST_ASKED_AT_ONCE):
            part = cases[start : start + MOST_ASKED_AT_ONCE]
            self._connection.execute(delete(_TABLE).where(_TABLE.c.case_reference.in_(part)))
        rows = [(each, case, day) for case in cases for each, day in self._replaced[case].items()]
        self._bulk.insert(self._connection, _TABLE, ("pseudonym", "case_reference", "day"), rows)

    def _earlier(self, case: str, pseudonyms: Sequence[bytes], day: int) -> int:
        first = twelve_months_before(day)
        return len(
            {
                other
                for pseudonym in pseudonyms
                for other, on in self._days[pseudonym].items()
                if other != case and first <= on <= day
            }
        )

    def _pseudonym(self, identifier: str) -> bytes:
        made = self._made.get(identifier)
        if made is None:
            made = self._made[identifier] = keyed(self._key, identifier.encode())
        return made
