"""The ledger's tables: events and their log, places, counts.

Hot tables have no foreign keys: what they refer to is written in the same transaction and never deleted.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from infra.db.tables.base import (
    ROOM_TO_GROW,
    RowNumber,
    metadata,
    number_column,
    partnership_column,
    since_version_column,
)

ledger = Table(
    "ledger",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("partitions", Integer, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
)

partnership = Table(
    "partnership",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("time_zone", Text, nullable=False),
    Column("places", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("geography_version", Integer, nullable=False, server_default="1"),
    Column("applied_geography", Integer, nullable=False, server_default="1", comment="by which its counts are made"),
    Column("generation", Integer, nullable=False, server_default="1"),
    Column("register_version", Integer, nullable=False, server_default="1"),
    Column("marking", Text, nullable=False, server_default="actual"),
    Column(
        "without_statistics_consent",
        Text,
        nullable=False,
        server_default="count",
        comment="what an incident does in counts whose victim says no to statistics: count, or leave-out",
    ),
    Column("replaying", Text, comment="what is being replayed into it, by the file's digest; none where it is live"),
    Column("recorded_at_us", BigInteger, nullable=False, server_default="0"),
    Column("started_at_us", BigInteger, nullable=False, server_default="0", comment="of its first report; 0 before"),
    Column("created_at_us", BigInteger, nullable=False),
)

layer = Table(
    "layer",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    UniqueConstraint("partnership", "name"),
)

area = Table(
    "area",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("layer", Integer, ForeignKey("layer.number"), nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("first_day", Integer),
    Column("last_day", Integer),
    Column("residents", Integer),
    Column("residents_source", Text),
    Column("shape", LargeBinary),
    since_version_column(),
    UniqueConstraint("layer", "code"),
    Index(None, "partnership"),
)

area_lookup = Table(
    "area_lookup",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("from_area", Integer, ForeignKey("area.number"), nullable=False),
    Column("to_area", Integer, ForeignKey("area.number"), nullable=False),
    Column("first_day", Integer),
    Column("last_day", Integer),
    since_version_column(),
    Column("until_version", Integer, comment="the version that replaced it; none while it holds"),
    Index(None, "partnership"),
)

area_alias = Table(
    "area_alias",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("text", Text, nullable=False),
    Column("area", Integer, ForeignKey("area.number"), nullable=False),
    Column("is_code", Boolean, nullable=False),
    Column("provenance", Text, nullable=False),
    since_version_column(),
    Index(None, "partnership"),
)

place = Table(
    "place",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("precision", Text, nullable=False),
    Column("areas", Text, nullable=False, comment="area numbers known directly, ascending, with spaces between"),
    Column("written", Text, nullable=False, comment="the reference of a text that nobody knew; else empty"),
    UniqueConstraint("partnership", "precision", "areas", "written"),
)

source = Table(
    "source",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("uri", Text, nullable=False),
    UniqueConstraint("partnership", "uri"),
)

import_batch = Table(
    "import_batch",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("command", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("first_known_day", Integer, comment="of events whose claimed received time was believed"),
    Column("last_known_day", Integer),
    Column("last_recorded_at_us", BigInteger),
)

event = Table(
    "event",
    metadata,
    number_column(),
    Column("source", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("place", Integer),
    Column("digest", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("source", "id"),
)
SETS_RULES = "type = 'bellwether.rule.changed.v1'"
Index("ix_event_rules", event.c.source, sqlite_where=text(SETS_RULES), postgresql_where=text(SETS_RULES))
TELLS_OF_A_SIGNAL = (
    "type IN ('bellwether.signal.observed.v1', 'bellwether.signal.evidenced.v1',"
    " 'bellwether.signal.forecast.v1', 'bellwether.signal.amended.v1')"
)
Index(
    "ix_event_place_of_signal",
    event.c.place,
    sqlite_where=text(TELLS_OF_A_SIGNAL),
    postgresql_where=text(TELLS_OF_A_SIGNAL),
)

arrival = Table(
    "arrival",
    metadata,
    number_column(),
    Column("partnership", Integer, nullable=False),
    Column("source", Integer, nullable=False),
    Column("arrived_at_us", BigInteger, nullable=False),
    Column("outcome", SmallInteger, nullable=False),
    Column("event", RowNumber),
    Column("dead_letter", Integer),
    Column("import_batch", Integer),
)
Index("ix_arrival_repeated", arrival.c.event, sqlite_where=text("outcome <> 0"), postgresql_where=text("outcome <> 0"))

log = Table(
    "log",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("partnership", Integer, nullable=False),
    Column("event", RowNumber),
    Column("recorded_at_us", BigInteger, nullable=False),
    Column("known_at_us", BigInteger, nullable=False),
    Column("first", Boolean, nullable=False, comment="a first version that nothing yet refers to"),
    Column("body", LargeBinary),
    sqlite_with_rowid=False,
)
Index("ix_log_event", log.c.event, sqlite_where=text("event IS NOT NULL"), postgresql_where=text("event IS NOT NULL"))

log_head = Table(
    "log_head",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
)

stage_position = Table(
    "stage_position",
    metadata,
    Column("stage", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    Column("stopped_because", Text),
)

incident_version = Table(
    "incident_version",
    metadata,
    Column("event", RowNumber, primary_key=True, autoincrement=False),
    Column("incident_source", Integer, nullable=False),
    Column("incident_id", Text, nullable=False),
    Index(None, "incident_source", "incident_id"),
    comment="amendments and withdrawals; a report is the version 1 of the incident that has its own identity",
)

incident_link = Table(
    "incident_link",
    metadata,
    Column("event", RowNumber, primary_key=True),
    Column("incident_source", Integer, primary_key=True),
    Column("incident_id", Text, primary_key=True),
    Column("other_source", Integer, nullable=False),
    Column("other_id", Text, nullable=False),
    Index(None, "incident_source", "incident_id"),
    comment="links and unlinks, once from each side",
)

contribution = Table(
    "contribution",
    metadata,
    number_column(),
    Column("partnership", Integer, nullable=False),
    Column("event", RowNumber, nullable=False),
    Column("kind", Text, nullable=False),
    Column("recording", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("dated", Boolean, nullable=False),
    Column("known_day", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("strands", Text, nullable=False, comment="codes with spaces between"),
    Column("categories", Text, nullable=False, comment="codes with a vertical bar between"),
    Column("centre", Text, nullable=False),
    Column("n", Integer, nullable=False, comment="occurred basis: booked, or taken back where negative"),
    Column("received", Integer, nullable=False, comment="received basis: reports first received on known_day"),
    Index(None, "partnership", "kind", "day"),
)

series = Table(
    "series",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("generation", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("recording", Text, nullable=False),
    Column("dated", Boolean, nullable=False),
    Column("layer", Integer, nullable=False),
    Column("strand", Text, nullable=False),
    UniqueConstraint("partnership", "generation", "kind", "basis", "recording", "dated", "layer", "strand"),
)

count_day = Table(
    "count_day",
    metadata,
    Column("series", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("area", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
    sqlite_with_rowid=False,
    postgresql_with=ROOM_TO_GROW,
)

triangle = Table(
    "triangle",
    metadata,
    Column("series", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("area", Integer, primary_key=True),
    Column("known_day", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
    sqlite_with_rowid=False,
    postgresql_with=ROOM_TO_GROW,
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("stage", Text, nullable=False),
    Column("topic", Text, comment="with partition and position: where a stage met the record; none at intake"),
    Column("partition", Integer),
    Column("position", BigInteger),
    Column("source", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("event", RowNumber),
    Column("code", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("body", LargeBinary),
    Column("known_at_us", BigInteger),
    Column("created_at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("settled_at_us", BigInteger),
    Column("settled_because", Text),
    Index(None, "stage", "state"),
    Index(None, "event"),
    Index(None, "source", "id"),
)

stage_clock = Table(
    "stage_clock",
    metadata,
    Column("stage", Text, primary_key=True),
    Column("partnership", Integer, primary_key=True),
    Column("ticked_at_us", BigInteger, nullable=False, comment="the last tick that the stage has handled"),
)

register_entry = Table(
    "register_entry",
    metadata,
    number_column(),
    Column("partnership", Integer, nullable=False),
    Column("event", RowNumber, nullable=False),
    Column("register", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "partnership", "register", "code"),
    comment="entries of registers as they came; the last of a code holds",
)
