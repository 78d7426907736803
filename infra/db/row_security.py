"""A second barrier between partnerships: on PostgreSQL, what reads for one of them can see no row of another.

Reads are done as a role that may read and nothing else, with the partnership set for the transaction; policies, made by
the migrations, let it see that partnership's rows. A query that forgets its condition then finds too little, never too
much. On SQLite there is no such barrier: whoever can read the file can read all of it.
"""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from infra.db.engine import transaction

READER = "bellwether_reader"
READABLE = (
    *("ledger", "partnership", "layer", "area", "area_lookup", "area_alias", "place", "place_confirmation", "source"),
    *("import_batch", "event", "arrival", "log", "log_head", "incident_version", "incident_link", "dead_letter"),
    *("contribution", "series", "count_day", "triangle", "register_entry", "rebuild", "stage_position", "stage_clock"),
    *("watch_clock", "watch_rules", "watch_item", "watch_incident", "watch_signal", "watch_centre", "watch_verdict"),
    *("alert", "alert_update", "alert_transition", "task_force", "task_force_member", "route"),
    *("delivery", "delivery_attempt", "access_audit", "assessment", "signal_version", "centre_heard"),
)
"""What the reader may read: neither what is sealed and its keys, nor hashes of keys, passwords and sessions."""
UNPROTECTED = ("ledger", "log_head", "stage_position", "vault", "alembic_version")
"""Tables of the ledger as a whole: none of their rows belongs to a partnership."""
BECOMING_IS_APART_SINCE = (16,)
"""Version of PostgreSQL from which on to be a member of a role, and to be able to become it, are two privileges."""


@contextmanager
def reading(engine: Engine, partnership: int) -> Iterator[Connection]:
    """Run a block in a read transaction that, on PostgreSQL, can see one partnership's rows only.

    Where the barrier could not be set up, it goes on without; `shortfall` says so. Raises StoreUnavailableError.
    """
    with transaction(engine, write=False) as connection:
        if connection.dialect.name == "postgresql":
            become = text(_BECOME_READER.format(able=_able(connection)))
            connection.execute(become, {"partnership": str(partnership), "reader": READER})
        yield connection


def shortfall(engine: Engine) -> str | None:
    """Return why reads are not kept apart by the database, and what to do; None where they are, and on SQLite."""
    with transaction(engine, write=False) as connection:
        if connection.dialect.name != "postgresql" or not _missing_grants(connection):
            return None
        owner = connection.execute(text("SELECT quote_ident(current_user)")).scalar_one()
    return (
        f"row security is not in force: have an administrator of PostgreSQL run `CREATE ROLE {READER} NOLOGIN`, unless"
        f" there is such a role, and `GRANT {READER} TO {owner}`, then run `bellwether db upgrade`"
    )


def set_up_reader(connection: Connection) -> None:
    """Make the role that reads, and let it read, as far as our own rights go; on SQLite there is nothing to do.

    A role belongs to all databases of a server, and is in no backup of one, so this is seen to at every upgrade.
    """
    if connection.dialect.name != "postgresql":
        return
    if not _is_there(connection):
        _try(connection, f"CREATE ROLE {READER} NOLOGIN")  # another database of this server may be making it as well
    if not _can_become(connection):
        _try(connection, f"GRANT {READER} TO CURRENT_USER")
    if _can_become(connection) and (missing := _missing_grants(connection)):
        connection.execute(text(f"GRANT SELECT ON {', '.join(missing)} TO {READER}"))
    if _missing_grants(connection):
        structlog.get_logger().warning(
            "row security is not in force", missing=f"the role {READER}, or membership in it"
        )


def _is_there(connection: Connection) -> bool:
    return connection.execute(text(_IS_THERE), {"reader": READER}).first() is not None


def _can_become(connection: Connection) -> bool:
    able = text(f"{_IS_THERE} AND {_able(connection)}")
    return connection.execute(able, {"reader": READER}).first() is not None


def _missing_grants(connection: Connection) -> list[str]:
    """Return the tables that the reader should be able to read and cannot, all where we cannot become the reader."""
    if not _can_become(connection):
        return list(READABLE)
    wanted = {"reader": READER, "tables": list(READABLE)}
    return list(connection.execute(text(_MISSING_GRANTS), wanted).scalars())


def _able(connection: Connection) -> str:
    version = connection.dialect.server_version_info or ()
    return f"pg_has_role(oid, '{'SET' if version >= BECOMING_IS_APART_SINCE else 'MEMBER'}')"


def _try(connection: Connection, statement: str) -> None:
    """Do what we may have no right to do, or somebody else may have done; the transaction goes on either way."""
    with contextlib.suppress(DBAPIError), connection.begin_nested():
        connection.execute(text(statement))


_IS_THERE = "SELECT 1 FROM pg_roles WHERE rolname = :reader"
_MISSING_GRANTS = (
    "SELECT name FROM unnest(CAST(:tables AS text[])) AS name, pg_roles"
    " WHERE rolname = :reader AND NOT has_table_privilege(oid, name, 'SELECT') ORDER BY name"
)
_BECOME_READER = (
    "SELECT set_config('bellwether.partnership', :partnership, true), set_config('role', :reader, true)"
    " FROM pg_roles WHERE rolname = :reader AND {able} AND has_table_privilege(oid, 'partnership', 'SELECT')"
)
