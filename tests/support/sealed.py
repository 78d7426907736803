"""A bench whose ledger has a vault, and obviously invented persons to seal in it."""

from typing import Any

from sqlalchemy import Row, select, text

from infra.db import tables
from infra.db.engine import transaction
from infra.db.ledger import SqlLedger
from infra.vault.vault import Vault
from tests.support.city import Bench
from tests.support.events import Raw, envelope, key

SECRET = "SYNTHETIC secret key, made up for tests"  # noqa: S105 - opens nothing
OTHER_SECRET = "another SYNTHETIC secret, 0123456789"  # noqa: S105 - opens nothing


class SealedBench(Bench):
    """One ledger with a vault under a secret key; `reopen` comes back with another one, or none."""

    def __init__(self, url: str, secret: str | None = SECRET) -> None:
        super().__init__(url)
        self.reopen(secret)

    def reopen(self, secret: str | None) -> None:
        """Open the ledger anew, as a process with this secret key would."""
        self.vault = Vault(secret)
        self.ledger = SqlLedger(self.engine, self.clock, self.vault)
        self.ledger.refresh()

    def all(self, table: str) -> list[Row[Any]]:
        """Return the rows of a table."""
        with transaction(self.engine, write=False) as connection:
            return list(connection.execute(select(tables.metadata.tables[table])))

    def case(self, id_: str) -> str:
        """Return the case that the event of an id is sealed in."""
        with transaction(self.engine, write=False) as connection:
            found = connection.execute(
                text(
                    "SELECT case_reference FROM sealed_event JOIN event ON event.number = sealed_event.event"
                    " WHERE event.id = :id"
                ),
                {"id": id_},
            )
            return str(found.scalar_one())

    def repeat(self, id_: str) -> str:
        """Return the repeat code beside the event of an id."""
        with transaction(self.engine, write=False) as connection:
            found = connection.execute(
                text(
                    "SELECT repeat FROM sealed_event JOIN event ON event.number = sealed_event.event"
                    " WHERE event.id = :id"
                ),
                {"id": id_},
            )
            return str(found.scalar_one())


def person(role: str = "victim", name: str | None = "SYNTHETIC Person One", **more: Any) -> Raw:
    """Return somebody invented; `consents` may be given as `police="no"`."""
    asked = {to: more.pop(to) for to in ("police", "statistics") if to in more}
    consents = [consent(to, given) for to, given in asked.items()] + more.pop("consents", [])
    return (
        {"role": role} | ({} if name is None else {"name": name}) | more | ({"consents": consents} if consents else {})
    )


def consent(to: str, given: str, on: str = "2026-06-30", **agency: str) -> Raw:
    """Return one answer to one question of consent."""
    return {"to": to, "given": given, "on": on} | agency


def consent_change(
    id_: str, of: tuple[str, str], *consents: Raw, source: str = "/centres/test", time: str = "2026-06-30T12:00:00Z"
) -> Raw:
    """Return consents of an incident that hold from then on."""
    data = {"incident": key(of), "consents": list(consents)}
    return envelope("bellwether.incident.consent_changed.v1", id_, source, time, data)


def reference(id_: str, of: tuple[str, str], text: str, *, source: str = "/centres/test") -> Raw:
    """Return another agency's reference for an incident."""
    data = {"incident": key(of), "agency": "police", "reference": text}
    return envelope("bellwether.incident.referenced.v1", id_, source, "2026-06-30T12:00:00Z", data)
