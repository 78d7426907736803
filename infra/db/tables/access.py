"""Who may do what: keys of programs, users and their sessions, and the audit of what they did. No secret is kept."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from infra.db.tables.base import metadata, number_column, partnership_column

access_key = Table(
    "access_key",
    metadata,
    Column("id", Text, primary_key=True, comment="part of the key's text, and no secret"),
    partnership_column(),
    Column("name", Text, nullable=False, comment="what it is for, empty where nobody said"),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the key's random part"),
    Column("scopes", Text, nullable=False, comment="with spaces between"),
    Column("agency", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, comment="the first instant at which it is no longer in force"),
    Column("revoked_at_us", BigInteger),
    Column("last_used_at_us", BigInteger, comment="to the minute"),
    Index(None, "partnership"),
)

access_user = Table(
    "access_user",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("code", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("centre", Text, comment="of the role centre: its code in the register"),
    Column("sources", Text, nullable=False, comment="of the role centre: what it reports for, with spaces between"),
    Column("areas", Text, comment="of the role task-force: area numbers with spaces between; none for all areas"),
    Column("password_hash", Text, nullable=False, comment="argon2id, with its salt and parameters"),
    Column("failed_attempts", Integer, nullable=False, server_default="0"),
    Column("locked_until_us", BigInteger, nullable=False, server_default="0"),
    Column("created_at_us", BigInteger, nullable=False),
    Column("disabled_at_us", BigInteger),
    UniqueConstraint("partnership", "code"),
)

access_session = Table(
    "access_session",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment="SHA-256 of the token that the browser holds"),
    partnership_column(),
    Column("user_number", Integer, ForeignKey("access_user.number"), nullable=False),
    Column("csrf", Text, nullable=False, comment="what a form of this session must send along"),
    Column("created_at_us", BigInteger, nullable=False),
    Column("last_seen_at_us", BigInteger, nullable=False, comment="to the minute"),
    Column("expires_at_us", BigInteger, nullable=False),
    Index(None, "user_number"),
    Index(None, "expires_at_us"),
)

access_audit = Table(
    "access_audit",
    metadata,
    number_column(),
    partnership_column(),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False, comment="a key's id, a user's code, or console for whoever holds the store"),
    Column("agency", Text),
    Column("act", Text, nullable=False),
    Column("what", Text, nullable=False, comment="the id or question concerned, as codes"),
    Column("purpose", Text, comment="as the caller gave it; names no person"),
    Index(None, "partnership", "number"),
    comment="every read of a record, every export, and every change of who may do what; rows are only ever added",
)
