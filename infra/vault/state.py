"""Which secret key a ledger is sealed with; whoever comes with another is told so, and nothing is changed."""

from typing import Any

from sqlalchemy import Connection, Row, select, text

from infra.db import tables
from infra.vault.keys import SETTING, MasterKey, SecretKeyError

VAULT = 1
_MAKE = text(
    "INSERT INTO vault (number, fingerprint, created_at_us) VALUES (:number, :fingerprint, :at_us)"
    " ON CONFLICT (number) DO NOTHING"
)


def read_state(connection: Connection, *, hold: bool = False) -> Row[Any] | None:
    """Return the vault's row, if the ledger was ever sealed; `hold` keeps a rotation out until the unit ends."""
    wanted = select(tables.sealed.vault).where(tables.sealed.vault.c.number == VAULT)
    return connection.execute(wanted.with_for_update(read=True) if hold else wanted).one_or_none()


def key_to_seal(connection: Connection, master: MasterKey | None, at_us: int) -> MasterKey:
    """Return the key to seal with, the ledger's first one included. Raises SecretKeyError."""
    state = read_state(connection, hold=True)
    if state is None and master is not None:
        connection.execute(_MAKE, {"number": VAULT, "fingerprint": master.fingerprint, "at_us": at_us})
        state = read_state(connection, hold=True)
    return _checked(state, master)


def key_to_open(connection: Connection, master: MasterKey | None, *, hold: bool = False) -> MasterKey:
    """Return the key to open with; `hold` as in read_state. Raises SecretKeyError."""
    return _checked(read_state(connection, hold=hold), master)


def _checked(state: Row[Any] | None, master: MasterKey | None) -> MasterKey:
    needed = state.fingerprint if state is not None else None
    if master is None:
        sealed = "nothing is sealed yet" if needed is None else f"this ledger is sealed with the key {needed}"
        raise SecretKeyError("secret-key-missing", f"{SETTING} is not set, and {sealed}; set it, then try again")
    if state is not None and state.rotating_to is not None:
        raise SecretKeyError(
            "vault-rotating",
            f"the vault is being wrapped anew, from the key {needed} to {state.rotating_to};"
            " run `bellwether vault rotate` to its end first",
        )
    if needed not in (None, master.fingerprint):
        raise SecretKeyError(
            "secret-key-wrong",
            f"{SETTING} is the key {master.fingerprint}, and this ledger is sealed with {needed}; nothing was changed",
        )
    return master
