"""What is deleted shall be gone from the database's files as well, as far as a database can be told so."""

from sqlalchemy import Connection, Engine


def overwrite_what_goes(connection: Connection) -> None:
    """Have SQLite write zeros over what is deleted; otherwise a wrapped key would stay in the file's free pages."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON").close()


def leave_no_trace(engine: Engine) -> None:
    """Have the database drop what it keeps of overwritten rows, as far as it can be told to."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
        else:
            connection.exec_driver_sql("VACUUM sealed_case, victim_pseudonym, sealed_draft")
