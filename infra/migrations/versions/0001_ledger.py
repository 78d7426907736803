"""The ledger's first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "arrival",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("arrived_at_us", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("dead_letter", sa.Integer(), nullable=True),
        sa.Column("import_batch", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_arrival")),
    )
    op.create_index(
        "ix_arrival_repeated",
        "arrival",
        ["event"],
        unique=False,
        sqlite_where=sa.text("outcome <> 0"),
        postgresql_where=sa.text("outcome <> 0"),
    )
    op.create_table(
        "contribution",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recording", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("dated", sa.Boolean(), nullable=False),
        sa.Column("known_day", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("strands", sa.Text(), nullable=False, comment="codes with spaces between"),
        sa.Column("categories", sa.Text(), nullable=False, comment="codes with a vertical bar between"),
        sa.Column("centre", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False, comment="occurred basis: booked, or taken back where negative"),
        sa.Column(
            "received", sa.Integer(), nullable=False, comment="received basis: reports first received on known_day"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_contribution")),
    )
    op.create_index(
        op.f("ix_contribution_partnership_kind_day"), "contribution", ["partnership", "kind", "day"], unique=False
    )
    op.create_table(
        "count_day",
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "day", "area", name=op.f("pk_count_day")),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "event",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_event")),
        sa.UniqueConstraint("source", "id", name=op.f("uq_event_source_id")),
    )
    op.create_table(
        "incident_link",
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("incident_source", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("other_source", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event", "incident_source", "incident_id", name=op.f("pk_incident_link")),
        comment="links and unlinks, once from each side",
    )
    op.create_index(
        op.f("ix_incident_link_incident_source_incident_id"),
        "incident_link",
        ["incident_source", "incident_id"],
        unique=False,
    )
    op.create_table(
        "incident_version",
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("incident_source", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_incident_version")),
        comment="amendments and withdrawals; a report is the version 1 of the incident that has its own identity",
    )
    op.create_index(
        op.f("ix_incident_version_incident_source_incident_id"),
        "incident_version",
        ["incident_source", "incident_id"],
        unique=False,
    )
    op.create_table(
        "ledger",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partitions", sa.Integer(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ledger")),
    )
    op.create_table(
        "log",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorded_at_us", sa.BigInteger(), nullable=False),
        sa.Column("known_at_us", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False, comment="a first version that nothing yet refers to"),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("topic", "partition", "position", name=op.f("pk_log")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_log_event",
        "log",
        ["event"],
        unique=False,
        sqlite_where=sa.text("event IS NOT NULL"),
        postgresql_where=sa.text("event IS NOT NULL"),
    )
    op.create_table(
        "log_head",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition", name=op.f("pk_log_head")),
    )
    op.create_table(
        "partnership",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("geography_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_partnership")),
        sa.UniqueConstraint("slug", name=op.f("uq_partnership_slug")),
    )
    op.create_table(
        "stage_position",
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger(), nullable=False),
        sa.Column("stopped_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("stage", "partition", name=op.f("pk_stage_position")),
    )
    op.create_table(
        "triangle",
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column("known_day", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "day", "area", "known_day", name=op.f("pk_triangle")),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "dead_letter",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column(
            "topic",
            sa.Text(),
            nullable=True,
            comment="with partition and position: where a stage met the record; none at intake",
        ),
        sa.Column("partition", sa.Integer(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("known_at_us", sa.BigInteger(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled_at_us", sa.BigInteger(), nullable=True),
        sa.Column("settled_because", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_dead_letter_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_dead_letter")),
    )
    op.create_index(op.f("ix_dead_letter_event"), "dead_letter", ["event"], unique=False)
    op.create_index(op.f("ix_dead_letter_stage_state"), "dead_letter", ["stage", "state"], unique=False)
    op.create_table(
        "import_batch",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=False),
        sa.Column(
            "first_known_day", sa.Integer(), nullable=True, comment="of events whose claimed received time was believed"
        ),
        sa.Column("last_known_day", sa.Integer(), nullable=True),
        sa.Column("last_recorded_at_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_import_batch_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_import_batch")),
    )
    op.create_table(
        "layer",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_layer_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_layer")),
        sa.UniqueConstraint("partnership", "name", name=op.f("uq_layer_partnership_name")),
    )
    op.create_table(
        "place",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column(
            "areas", sa.Text(), nullable=False, comment="area numbers known directly, ascending, with spaces between"
        ),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_place_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_place")),
        sa.UniqueConstraint("partnership", "precision", "areas", name=op.f("uq_place_partnership_precision_areas")),
    )
    op.create_table(
        "series",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("recording", sa.Text(), nullable=False),
        sa.Column("dated", sa.Boolean(), nullable=False),
        sa.Column("layer", sa.Integer(), nullable=False),
        sa.Column("strand", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_series_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_series")),
        sa.UniqueConstraint(
            "partnership",
            "generation",
            "kind",
            "basis",
            "recording",
            "dated",
            "layer",
            "strand",
            name=op.f("uq_series_partnership_generation_kind_basis_recording_dated_layer_strand"),
        ),
    )
    op.create_table(
        "source",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_source_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_source")),
        sa.UniqueConstraint("partnership", "uri", name=op.f("uq_source_partnership_uri")),
    )
    op.create_table(
        "area",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("layer", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Integer(), nullable=True),
        sa.Column("last_day", sa.Integer(), nullable=True),
        sa.Column("residents", sa.Integer(), nullable=True),
        sa.Column("residents_source", sa.Text(), nullable=True),
        sa.Column("shape", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["layer"], ["layer.number"], name=op.f("fk_area_layer")),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_area_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_area")),
        sa.UniqueConstraint("layer", "code", name=op.f("uq_area_layer_code")),
    )
    op.create_index(op.f("ix_area_partnership"), "area", ["partnership"], unique=False)
    op.create_table(
        "area_alias",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column("is_code", sa.Boolean(), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["area"], ["area.number"], name=op.f("fk_area_alias_area")),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_area_alias_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_area_alias")),
    )
    op.create_index(op.f("ix_area_alias_partnership"), "area_alias", ["partnership"], unique=False)
    op.create_table(
        "area_lookup",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("from_area", sa.Integer(), nullable=False),
        sa.Column("to_area", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Integer(), nullable=True),
        sa.Column("last_day", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["from_area"], ["area.number"], name=op.f("fk_area_lookup_from_area")),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_area_lookup_partnership")),
        sa.ForeignKeyConstraint(["to_area"], ["area.number"], name=op.f("fk_area_lookup_to_area")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_area_lookup")),
    )
    op.create_index(op.f("ix_area_lookup_partnership"), "area_lookup", ["partnership"], unique=False)
