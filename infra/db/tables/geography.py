"""What changes of geography bring with them: places that people confirmed, and how far a rebuild of counts is."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from infra.db.tables.base import RowNumber, metadata, number_column, partnership_column

place_confirmation = Table(
    "place_confirmation",
    metadata,
    number_column(),
    partnership_column(),
    Column("event", RowNumber, nullable=False),
    Column("written", Text, nullable=False, comment="the reference of the text"),
    Column("areas", Text, nullable=False, comment="area numbers, ascending, with spaces between"),
    Column("since_version", Integer, nullable=False),
    Index(None, "partnership"),
    Index(None, "event"),
    comment="in which areas a place as written lies, as said by people; of one reference the newest holds",
)

rebuild = Table(
    "rebuild",
    metadata,
    Column("partnership", Integer, ForeignKey("partnership.number"), primary_key=True),
    Column("position", BigInteger, nullable=False, comment="of the record that asks for it"),
    Column("version", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("last_contribution", RowNumber, nullable=False, comment="the last that the new generation counts"),
)
