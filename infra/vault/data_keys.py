"""Keys of a partnership that outlive a rotation: without them a victim or a place as written would not be known again.

They are random, and wrapped under the secret key like those of cases.
"""

from sqlalchemy import Connection, select, text

from infra.db import tables
from infra.vault.keys import MasterKey, new_key

PSEUDONYMS, WRITTEN_PLACES = "pseudonyms", "written-places"
_MAKE = text(
    "INSERT INTO data_key (partnership, purpose, wrapped_by, wrapped_key)"
    " VALUES (:partnership, :purpose, :wrapped_by, :wrapped_key) ON CONFLICT (partnership, purpose) DO NOTHING"
)


def data_key(connection: Connection, master: MasterKey, partnership: int, purpose: str) -> bytes:
    """Return a partnership's key for a purpose, made where there is none yet. Raises SealBrokenError."""
    found = find_data_key(connection, master, partnership, purpose)
    if found is None:
        name = key_name(partnership, purpose)
        connection.execute(
            _MAKE,
            {
                "partnership": partnership,
                "purpose": purpose,
                "wrapped_by": master.fingerprint,
                "wrapped_key": master.wrap(new_key(), name),
            },
        )
        found = find_data_key(connection, master, partnership, purpose)
    if found is None:
        raise LookupError("a key that was just made is not there")
    return found


def find_data_key(connection: Connection, master: MasterKey, partnership: int, purpose: str) -> bytes | None:
    """Return a partnership's key for a purpose, if it has one. Raises SealBrokenError."""
    table = tables.sealed.data_key
    wrapped = connection.execute(
        select(table.c.wrapped_key).where(table.c.partnership == partnership, table.c.purpose == purpose)
    ).scalar_one_or_none()
    return None if wrapped is None else master.unwrap(bytes(wrapped), key_name(partnership, purpose))


def key_name(partnership: int, purpose: str) -> bytes:
    """Return what a wrapped key belongs to."""
    return f"{purpose} of {partnership}".encode()
