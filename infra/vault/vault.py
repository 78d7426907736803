"""The vault of one ledger, as the composition puts it together: with a secret key, or without."""

from sqlalchemy import Connection, Engine

from infra.db.bulk import Bulk
from infra.vault.drafts import SealedDrafts
from infra.vault.keys import MasterKey
from infra.vault.opening import open_letter
from infra.vault.places import WrittenPlaces
from infra.vault.units import UnitVault


class Vault:
    """Seals and opens under one secret key; without one it can do neither, and says which is needed."""

    def __init__(self, secret: str | None = None) -> None:
        """Raises ValueError where the secret is weak."""
        self.master = None if secret is None else MasterKey.of(secret)
        self._places: dict[int, WrittenPlaces] = {}

    def within(self, connection: Connection, bulk: Bulk) -> UnitVault:
        """Return the vault within a unit."""
        return UnitVault(connection, bulk, self.master)

    def of(self, engine: Engine, partnership: int) -> WrittenPlaces | None:
        """Return the vault as one partnership's desk sees it; None where nothing can be sealed."""
        if self.master is None:
            return None
        places = self._places.get(partnership)
        if places is None:
            places = self._places[partnership] = WrittenPlaces(engine, self.master, partnership)
        return places

    def drafts(self, engine: Engine, partnership: int) -> SealedDrafts:
        """Return one partnership's drafts; without a secret key they refuse to be saved or opened, and say which."""
        return SealedDrafts(engine, self.master, partnership)

    def open_letter(self, connection: Connection, dead_letter: int, body: bytes | None) -> bytes | None:
        """Return what a dead letter holds. Raises SecretKeyError, ForgottenError, SealBrokenError."""
        return open_letter(connection, self.master, dead_letter, body)
