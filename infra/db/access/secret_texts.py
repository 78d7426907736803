"""Random secrets as they are shown once, and the digests by which they are known again.

The random part has 256 bits, so nobody can try them all: SHA-256 is enough, and costs a request nothing. A password is
another matter, see `passwords`.
"""

import base64
import re
import secrets
from hashlib import sha256
from typing import NamedTuple

PREFIX = "bw_"
"""By which scanners of code and mail find keys that lie about: bw_, ten letters or digits, _, 64 hexadecimal digits."""
ID_PREFIX = "key-"
"""Before a key's id wherever actors are named, so that no key can be taken for a user."""
SECRET_BYTES = 32
_ID_BYTES = 7
_ID_LENGTH = 10
_KEY = re.compile(r"bw_([a-z2-7]{10})_([0-9a-f]{64})")
_ID = re.compile(r"key-[a-z2-7]{10}")
_TOKEN = re.compile(r"[0-9a-f]{64}")


class NewKey(NamedTuple):
    """A key that was just made: its text is shown once, and only id and digest are kept."""

    id: str
    text: str
    digest: bytes


class ShownKey(NamedTuple):
    """What somebody shows who wants to come in."""

    id: str
    digest: bytes


def new_key() -> NewKey:
    """Return a new random key."""
    id_ = base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode().lower()[:_ID_LENGTH]
    secret = secrets.token_bytes(SECRET_BYTES)
    return NewKey(ID_PREFIX + id_, f"{PREFIX}{id_}_{secret.hex()}", digest_of(secret))


def is_key_id(text: str) -> bool:
    """Whether a text may be a key's id at all."""
    return _ID.fullmatch(text) is not None


def read_key(text: str) -> ShownKey | None:
    """Return whose key a text says it is; None for a text that is no key."""
    found = _KEY.fullmatch(text)
    return None if found is None else ShownKey(ID_PREFIX + found[1], digest_of(bytes.fromhex(found[2])))


def digest_of(secret: bytes) -> bytes:
    """Return what is kept of a random secret."""
    return sha256(secret).digest()


class NewToken(NamedTuple):
    """A session's token that was just made; only its digest is kept."""

    text: str
    digest: bytes


def new_token() -> NewToken:
    """Return a new random token."""
    secret = secrets.token_bytes(SECRET_BYTES)
    return NewToken(secret.hex(), digest_of(secret))


def read_token(text: str) -> bytes | None:
    """Return the digest of a token; None for a text that is none."""
    return digest_of(bytes.fromhex(text)) if _TOKEN.fullmatch(text) else None
