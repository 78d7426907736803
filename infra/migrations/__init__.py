"""Schema versions, by Alembic, and the check that a ledger has the newest."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from infra.db.engine import transaction
from infra.db.row_security import set_up_reader
from streams.ports import StoreUnavailableError

UPGRADE_LOCK = 7_227_130_619
"""Any number that nobody else takes; on SQLite the writer is alone anyway."""


def newest_revision() -> str:
    """Return the revision that this code needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current_revision(engine: Engine) -> str | None:
    """Return the revision that a ledger is at; None if it is new."""
    with transaction(engine, write=False) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_newest(engine: Engine) -> None:
    """Raise StoreUnavailableError if a ledger's schema is not the one that this code needs."""
    found, needed = current_revision(engine), newest_revision()
    _refuse_unknown(found)
    if found != needed:
        raise StoreUnavailableError(
            "store-schema",
            f"the ledger's schema is {found or 'missing'}, this version needs {needed}; run `bellwether db upgrade`",
        )


def upgrade(connection: Connection) -> None:
    """Bring a ledger's schema to the newest revision, within an open transaction.

    Raises StoreUnavailableError if a newer version has been at it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
    config = _config()
    _refuse_unknown(MigrationContext.configure(connection).get_current_revision())
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    set_up_reader(connection)


def _refuse_unknown(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreUnavailableError(
            "store-schema",
            f"the ledger's schema is {revision}, which this version does not know; use the version that made it",
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "infra:migrations")
    return config
