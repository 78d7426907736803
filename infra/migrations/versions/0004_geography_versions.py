"""Geography versions: what holds from which version on, places as written, and how far a rebuild is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. What is there holds from the first version on, and has been counted by the newest."""
    op.add_column(
        "partnership",
        sa.Column(
            "applied_geography",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="by which its counts are made",
        ),
    )
    op.execute("UPDATE partnership SET applied_geography = geography_version")
    for table in ("area", "area_lookup", "area_alias"):
        op.add_column(table, sa.Column("since_version", sa.Integer(), server_default="1", nullable=False))
    op.add_column(
        "area_lookup",
        sa.Column(
            "until_version",
            sa.Integer(),
            nullable=True,
            comment="the version that replaced it; none while it holds",
        ),
    )
    comment = "the reference of a text that nobody knew; else empty"
    op.add_column("place", sa.Column("written", sa.Text(), server_default="", nullable=False, comment=comment))
    with op.batch_alter_table("place") as place:
        place.alter_column(
            "written", server_default=None, existing_type=sa.Text(), existing_nullable=False, existing_comment=comment
        )
        place.drop_constraint("uq_place_partnership_precision_areas", type_="unique")
        place.create_unique_constraint(
            op.f("uq_place_partnership_precision_areas_written"), ["partnership", "precision", "areas", "written"]
        )
    op.create_table(
        "place_confirmation",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("written", sa.Text(), nullable=False, comment="the reference of the text"),
        sa.Column("areas", sa.Text(), nullable=False, comment="area numbers, ascending, with spaces between"),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["partnership"], ["partnership.number"], name=op.f("fk_place_confirmation_partnership")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_place_confirmation")),
        comment="in which areas a place as written lies, as said by people; of one reference the newest holds",
    )
    op.create_index(op.f("ix_place_confirmation_partnership"), "place_confirmation", ["partnership"], unique=False)
    op.create_index(op.f("ix_place_confirmation_event"), "place_confirmation", ["event"], unique=False)
    op.create_table(
        "rebuild",
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="of the record that asks for it"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column(
            "last_contribution",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="the last that the new generation counts",
        ),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_rebuild_partnership")),
        sa.PrimaryKeyConstraint("partnership", name=op.f("pk_rebuild")),
    )
