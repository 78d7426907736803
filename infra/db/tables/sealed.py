"""What only the vault reads and writes: wrapped keys, sealed bytes, drafts, pseudonyms, and who was shown what."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from infra.db.tables.base import RowNumber, metadata, number_column

vault = Table(
    "vault",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("fingerprint", Text, nullable=False, comment="of the secret key that this ledger is sealed with"),
    Column("rotating_to", Text, comment="of the key that it is being wrapped anew under; none if at rest"),
    Column("created_at_us", BigInteger, nullable=False),
)

data_key = Table(
    "data_key",
    metadata,
    Column("partnership", Integer, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("wrapped_by", Text, nullable=False, comment="fingerprint of the secret key"),
    Column("wrapped_key", LargeBinary, nullable=False),
    comment="keys that outlive a rotation: of pseudonyms and of places as written",
)

sealed_case = Table(
    "sealed_case",
    metadata,
    Column("case_reference", Text, primary_key=True, comment="random; derived from nothing"),
    Column("partnership", Integer, nullable=False),
    Column("incident_source", Integer, comment="with incident_id: whose case it is; none for a signal or dead letter"),
    Column("incident_id", Text),
    Column("wrapped_by", Text, comment="fingerprint of the secret key; none once it is forgotten"),
    Column("wrapped_key", LargeBinary),
    Column("made_at_us", BigInteger, nullable=False),
    Column("forgotten_at_us", BigInteger),
    Index(None, "incident_source", "incident_id", unique=True),
    Index(None, "wrapped_by", "case_reference"),
)

sealed_event = Table(
    "sealed_event",
    metadata,
    Column("event", RowNumber, primary_key=True, autoincrement=False),
    Column("case_reference", Text, nullable=False),
    Column("parts", LargeBinary, nullable=False),
    Column("proof", LargeBinary, nullable=False, comment="an HMAC by which the same parts are known again"),
    Column("repeat", Text, nullable=False, comment="earlier cases of a victim in the twelve months before, as a code"),
    Index(None, "case_reference"),
)

sealed_letter = Table(
    "sealed_letter",
    metadata,
    Column("dead_letter", Integer, primary_key=True, autoincrement=False),
    Column("case_reference", Text, nullable=False),
    Column("incident_source", Text, comment="with incident_id: which incident it is about, so that both are forgotten"),
    Column("incident_id", Text),
    Index(None, "incident_source", "incident_id"),
    comment="the case under which a dead letter's body is sealed",
)

sealed_draft = Table(
    "sealed_draft",
    metadata,
    Column("draft", Text, primary_key=True, comment="random; derived from nothing"),
    Column("partnership", Integer, nullable=False),
    Column("owner", Text, nullable=False, comment="a user's code: nobody else sees the draft"),
    Column("wrapped_by", Text, nullable=False, comment="fingerprint of the secret key"),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False, comment="sealed under the key beside it, another one at every save"),
    Column("saved_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    Index(None, "partnership", "owner"),
    Index(None, "wrapped_by", "draft"),
    Index(None, "expires_at_us"),
    comment="what somebody is still writing; it belongs to no case yet",
)

victim_pseudonym = Table(
    "victim_pseudonym",
    metadata,
    Column("pseudonym", LargeBinary, primary_key=True),
    Column("case_reference", Text, primary_key=True),
    Column("day", Integer, nullable=False),
    Index(None, "case_reference"),
)

disclosure = Table(
    "disclosure",
    metadata,
    number_column(),
    Column("partnership", Integer, nullable=False),
    Column("case_reference", Text, nullable=False),
    Column("act", Text, nullable=False, comment="shown, refused, overridden, forgotten"),
    Column("actor", Text, nullable=False),
    Column("agency", Text),
    Column("purpose", Text, comment="why it was asked for, or done; names no person"),
    Column("authorised_by", Text),
    Column("decision", Text, nullable=False, comment="how much was shown"),
    Column("reason", Text, nullable=False, comment="a code: why so much"),
    Column("at_us", BigInteger, nullable=False),
    Index(None, "case_reference"),
    comment="every showing, refusal, override and forgetting",
)
