"""What all tables share: one set of metadata, and columns that recur."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

RowNumber = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts its rows only in a column of type INTEGER."""


ROOM_TO_GROW = {"fillfactor": 70}
"""Counts are updated in place: with room on its page, PostgreSQL need not touch the index."""


def number_column() -> Column[int]:
    """Return the column by which a table's rows are numbered."""
    return Column("number", RowNumber, primary_key=True)


def partnership_column() -> Column[int]:
    """Return the column that says whose a row is."""
    return Column("partnership", Integer, ForeignKey("partnership.number"), nullable=False)


def since_version_column() -> Column[int]:
    """Return the column that says from which version of its partnership's geography on a row holds."""
    return Column("since_version", Integer, nullable=False, server_default="1")
