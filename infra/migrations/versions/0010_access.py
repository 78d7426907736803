"""Access: keys, users and their sessions, and an audit to which rows are only ever added."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ONLY_ADDED = {
    "sqlite": tuple(
        f"CREATE TRIGGER access_audit_no_{act} BEFORE {act} ON access_audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit of access is never changed'); END"
        for act in ("update", "delete")
    ),
    "postgresql": (
        "CREATE FUNCTION access_audit_only_added() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the audit of access is never changed'; END $$",
        "CREATE TRIGGER access_audit_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON access_audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION access_audit_only_added()",
    ),
}


def upgrade() -> None:
    """Apply."""
    _make_keys()
    _make_users()
    _make_sessions()
    _make_audit()


def _make_keys() -> None:
    op.create_table(
        "access_key",
        sa.Column("id", sa.Text(), nullable=False, comment="part of the key's text, and no secret"),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="what it is for, empty where nobody said"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key's random part"),
        sa.Column("scopes", sa.Text(), nullable=False, comment="with spaces between"),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column(
            "expires_at_us",
            sa.BigInteger(),
            nullable=True,
            comment="the first instant at which it is no longer in force",
        ),
        sa.Column("revoked_at_us", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at_us", sa.BigInteger(), nullable=True, comment="to the minute"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_access_key_partnership")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_key")),
    )
    op.create_index(op.f("ix_access_key_partnership"), "access_key", ["partnership"], unique=False)


def _make_users() -> None:
    op.create_table(
        "access_user",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("centre", sa.Text(), nullable=True, comment="of the role centre: its code in the register"),
        sa.Column(
            "sources",
            sa.Text(),
            nullable=False,
            comment="of the role centre: what it reports for, with spaces between",
        ),
        sa.Column(
            "areas",
            sa.Text(),
            nullable=True,
            comment="of the role task-force: area numbers with spaces between; none for all areas",
        ),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="argon2id, with its salt and parameters"),
        sa.Column("failed_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_access_user_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_access_user")),
        sa.UniqueConstraint("partnership", "code", name=op.f("uq_access_user_partnership_code")),
    )


def _make_sessions() -> None:
    op.create_table(
        "access_session",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token that the browser holds"),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("user_number", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False, comment="what a form of this session must send along"),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at_us", sa.BigInteger(), nullable=False, comment="to the minute"),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_access_session_partnership")),
        sa.ForeignKeyConstraint(["user_number"], ["access_user.number"], name=op.f("fk_access_session_user_number")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_access_session")),
    )
    op.create_index(op.f("ix_access_session_user_number"), "access_session", ["user_number"], unique=False)
    op.create_index(op.f("ix_access_session_expires_at_us"), "access_session", ["expires_at_us"], unique=False)


def _make_audit() -> None:
    op.create_table(
        "access_audit",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column(
            "actor",
            sa.Text(),
            nullable=False,
            comment="a key's id, a user's code, or console for whoever holds the store",
        ),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False, comment="the id or question concerned, as codes"),
        sa.Column("purpose", sa.Text(), nullable=True, comment="as the caller gave it; names no person"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_access_audit_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_access_audit")),
        comment="every read of a record, every export, and every change of who may do what; rows are only ever added",
    )
    op.create_index(op.f("ix_access_audit_partnership_number"), "access_audit", ["partnership", "number"], unique=False)
    for statement in _ONLY_ADDED[op.get_bind().dialect.name]:
        op.execute(statement)
