"""What is told besides incidents, as readers need it: levels that people set, signals, and what centres have said."""

from sqlalchemy import Column, Index, Integer, Table, Text

from infra.db.tables.base import RowNumber, metadata, number_column, partnership_column

assessment = Table(
    "assessment",
    metadata,
    number_column(),
    partnership_column(),
    Column("event", RowNumber, nullable=False),
    Column("area", Integer, nullable=False),
    Column("community", Text, nullable=False, comment="a code; empty for all who live there"),
    Column("first_day", Integer, nullable=False),
    Column("expires_day", Integer, nullable=False, comment="the last day on which it holds"),
    Index(None, "partnership", "area", "community"),
    Index(None, "event"),
    comment="levels of tension as people set them; of one area and community the newest that has begun holds",
)

signal_version = Table(
    "signal_version",
    metadata,
    Column("event", RowNumber, primary_key=True, autoincrement=False),
    partnership_column(),
    Column("signal_source", Text, nullable=False),
    Column("signal_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("told_at", Text, nullable=False, comment="the event's time: of one revision the latest holds"),
    Column("form", Text, nullable=False, comment="observed, evidenced or forecast; empty where it is withdrawn"),
    Column("day", Integer, nullable=False, comment="the newest day that it is evidence of"),
    Column("known_day", Integer, nullable=False),
    Index(None, "partnership", "day"),
    Index(None, "partnership", "signal_source", "signal_id"),
    comment="tellings, amendments and withdrawals of signals; the highest revision holds",
)

centre_heard = Table(
    "centre_heard",
    metadata,
    Column("partnership", Integer, primary_key=True, autoincrement=False),
    Column("centre", Text, primary_key=True),
    Column("last_return_day", Integer, comment="the last day that a return covers"),
    Column("last_heartbeat_day", Integer),
    comment="how far a centre's returns reach, and when it was last alive",
)
