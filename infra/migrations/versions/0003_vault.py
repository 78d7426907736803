"""The vault: wrapped keys, sealed bytes, pseudonyms and disclosures; and what statistics = no does in a partnership."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "partnership",
        sa.Column(
            "without_statistics_consent",
            sa.Text(),
            server_default="count",
            nullable=False,
            comment="what an incident does in counts whose victim says no to statistics: count, or leave-out",
        ),
    )
    op.create_table(
        "data_key",
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("wrapped_by", sa.Text(), nullable=False, comment="fingerprint of the secret key"),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("partnership", "purpose", name=op.f("pk_data_key")),
        comment="keys that outlive a rotation: of pseudonyms and of places as written",
    )
    op.create_table(
        "disclosure",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("case_reference", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False, comment="shown, refused, overridden, forgotten"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True, comment="why it was asked for, or done; names no person"),
        sa.Column("authorised_by", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False, comment="how much was shown"),
        sa.Column("reason", sa.Text(), nullable=False, comment="a code: why so much"),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_disclosure")),
        comment="every showing, refusal, override and forgetting",
    )
    op.create_index(op.f("ix_disclosure_case_reference"), "disclosure", ["case_reference"], unique=False)
    op.create_table(
        "sealed_case",
        sa.Column("case_reference", sa.Text(), nullable=False, comment="random; derived from nothing"),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column(
            "incident_source",
            sa.Integer(),
            nullable=True,
            comment="with incident_id: whose case it is; none for a signal or dead letter",
        ),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.Column(
            "wrapped_by", sa.Text(), nullable=True, comment="fingerprint of the secret key; none once it is forgotten"
        ),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("made_at_us", sa.BigInteger(), nullable=False),
        sa.Column("forgotten_at_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("case_reference", name=op.f("pk_sealed_case")),
    )
    op.create_index(
        op.f("ix_sealed_case_incident_source_incident_id"),
        "sealed_case",
        ["incident_source", "incident_id"],
        unique=True,
    )
    op.create_index(
        op.f("ix_sealed_case_wrapped_by_case_reference"), "sealed_case", ["wrapped_by", "case_reference"], unique=False
    )
    op.create_table(
        "sealed_event",
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("case_reference", sa.Text(), nullable=False),
        sa.Column("parts", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False, comment="an HMAC by which the same parts are known again"),
        sa.Column(
            "repeat",
            sa.Text(),
            nullable=False,
            comment="earlier cases of a victim in the twelve months before, as a code",
        ),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_sealed_event")),
    )
    op.create_index(op.f("ix_sealed_event_case_reference"), "sealed_event", ["case_reference"], unique=False)
    op.create_table(
        "sealed_letter",
        sa.Column("dead_letter", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_reference", sa.Text(), nullable=False),
        sa.Column(
            "incident_source",
            sa.Text(),
            nullable=True,
            comment="with incident_id: which incident it is about, so that both are forgotten",
        ),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("dead_letter", name=op.f("pk_sealed_letter")),
        comment="the case under which a dead letter's body is sealed",
    )
    op.create_index(
        op.f("ix_sealed_letter_incident_source_incident_id"),
        "sealed_letter",
        ["incident_source", "incident_id"],
        unique=False,
    )
    op.create_table(
        "vault",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "fingerprint", sa.Text(), nullable=False, comment="of the secret key that this ledger is sealed with"
        ),
        sa.Column(
            "rotating_to",
            sa.Text(),
            nullable=True,
            comment="of the key that it is being wrapped anew under; none if at rest",
        ),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_vault")),
    )
    op.create_table(
        "victim_pseudonym",
        sa.Column("pseudonym", sa.LargeBinary(), nullable=False),
        sa.Column("case_reference", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", "case_reference", name=op.f("pk_victim_pseudonym")),
    )
    op.create_index(op.f("ix_victim_pseudonym_case_reference"), "victim_pseudonym", ["case_reference"], unique=False)
