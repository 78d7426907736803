"""What watch remembers: its own state, which no other stage reads. Codes and names of events, and no personal data."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from infra.db.tables.base import metadata

watch_clock = Table(
    "watch_clock",
    metadata,
    Column("partnership", Integer, primary_key=True, autoincrement=False),
    Column("started_at_us", BigInteger, comment="when the partnership's clock started, as watch saw it"),
    Column("next_due_us", BigInteger, comment="when time alone will next change a verdict"),
    Column("kept_from_day", Integer, nullable=False, comment="what is about earlier days has been dropped"),
)

watch_rules = Table(
    "watch_rules",
    metadata,
    Column("partnership", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

watch_item = Table(
    "watch_item",
    metadata,
    Column("partnership", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("recording", Text, nullable=False),
    Column("areas", Text, nullable=False, comment="area numbers with spaces between"),
    Column("strands", Text, nullable=False, comment="codes with spaces between"),
    Column("n", Integer, nullable=False, comment="booked, or taken back where negative"),
    Column("cause_source", Text, nullable=False),
    Column("cause_id", Text, nullable=False),
    Column("marking", Text, nullable=False),
    sqlite_with_rowid=False,
)

watch_incident = Table(
    "watch_incident",
    metadata,
    Column("partnership", Integer, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("harm", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("areas", Text, nullable=False),
    Column("strands", Text, nullable=False),
    Column("cause_source", Text, nullable=False),
    Column("cause_id", Text, nullable=False),
    Column("marking", Text, nullable=False),
    Column(
        "place",
        Integer,
        nullable=False,
        server_default="0",
        comment="number of the place that it counts in, 0 where not told",
    ),
    Index(None, "partnership", "day"),
    sqlite_with_rowid=False,
)

watch_signal = Table(
    "watch_signal",
    metadata,
    Column("partnership", Integer, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("kept_day", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "partnership", "kept_day"),
    sqlite_with_rowid=False,
)

watch_centre = Table(
    "watch_centre",
    metadata,
    Column("partnership", Integer, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

watch_verdict = Table(
    "watch_verdict",
    metadata,
    Column("partnership", Integer, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("area", Integer, primary_key=True),
    Column("strand_group", Text, primary_key=True),
    Column("cause_source", Text, primary_key=True),
    Column("cause_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("above", Boolean, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("marking", Text, nullable=False),
    Column("due_us", BigInteger),
    Column("kept_day", Integer),
    sqlite_with_rowid=False,
)
