"""Places as somebody wrote them: a keyed reference outside, the text inside."""

from collections.abc import Sequence

from sqlalchemy import Engine

from infra.db.engine import transaction
from infra.vault.data_keys import WRITTEN_PLACES, data_key
from infra.vault.keys import REFERENCE_BYTES, MasterKey, keyed
from infra.vault.opening import open_parts
from infra.vault.state import key_to_open, key_to_seal

AS_WRITTEN = ".as_written"


class WrittenPlaces:
    """Implements PartnershipVault."""

    def __init__(self, engine: Engine, master: MasterKey, partnership: int) -> None:
        self._engine = engine
        self._master = master
        self._partnership = partnership
        self._made: bytes | None = None

    def written_reference(self, text: str) -> str:
        """See PartnershipVault. Raises SecretKeyError."""
        return keyed(self._key(), " ".join(text.casefold().split()).encode())[:REFERENCE_BYTES].hex()

    def open_written(self, events: Sequence[int]) -> dict[str, str]:
        """See PartnershipVault. Raises SecretKeyError."""
        with transaction(self._engine, write=False) as connection:
            master = key_to_open(connection, self._master)
            found = open_parts(connection, master, events)
        return {
            self.written_reference(value): value
            for parts in found.values()
            for path, value in parts.items()
            if path.endswith(AS_WRITTEN)
        }

    def _key(self) -> bytes:
        """Return the partnership's key, read once: it never changes."""
        if self._made is None:
            with transaction(self._engine, write=True) as connection:
                master = key_to_seal(connection, self._master, 0)
                self._made = data_key(connection, master, self._partnership, WRITTEN_PLACES)
        return self._made
