"""Keys: from the secret key one for each purpose, and random ones that are kept only wrapped.

A case's key is random, and wrapped by AES-GCM under the secret key with the case's reference as associated data; what
is sealed under it has the case, the event and the kind as associated data, so that nothing can be put elsewhere.
"""

import hmac
import os
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from streams.ports import StoreUnavailableError

KEY_BYTES = 32
NONCE_BYTES = 12
FINGERPRINT_BYTES = 8
REFERENCE_BYTES = 16
SHORTEST_SECRET, FEWEST_LETTERS = 16, 8
SETTING = "BELLWETHER_SECRET_KEY"
_SALT = b"bellwether vault v1"


class SecretKeyError(StoreUnavailableError):
    """The secret key is missing or another than the one that the ledger is sealed with. Nothing was changed."""


class SealBrokenError(Exception):
    """Sealed bytes do not open under the key they belong to: they were damaged, or moved. Restore them."""


@dataclass(frozen=True)
class MasterKey:
    """What is derived from the secret key; the secret itself is not kept."""

    fingerprint: str
    _wrapping: AESGCM = field(repr=False)

    @staticmethod
    def of(secret: str) -> "MasterKey":
        """Return what a secret key comes to. Raises ValueError where it is weak; the message never repeats it."""
        if why := weakness(secret):
            raise ValueError(why)
        made = secret.encode()
        return MasterKey(_derived(made, b"fingerprint")[:FINGERPRINT_BYTES].hex(), AESGCM(_derived(made, b"wrapping")))

    def wrap(self, key: bytes, name: bytes) -> bytes:
        """Return a key as it may be stored; `name` is what it belongs to."""
        return _encrypt(self._wrapping, key, name)

    def unwrap(self, wrapped: bytes, name: bytes) -> bytes:
        """Return a stored key. Raises SealBrokenError."""
        return _decrypt(self._wrapping, wrapped, name)


@dataclass(frozen=True)
class CaseKey:
    """The key of one case or draft, opened: it seals and opens what belongs there, and proves what was sealed."""

    case: str
    _sealing: AESGCM = field(repr=False)
    _proving: bytes = field(repr=False)

    @staticmethod
    def of(case: str, key: bytes) -> "CaseKey":
        """Return what a case's key comes to."""
        return CaseKey(case, AESGCM(_derived(key, b"sealing")), _derived(key, b"integrity"))

    def seal(self, parts: bytes, what: str, kind: str) -> bytes:
        """Seal bytes; `what` names the event (or nothing), `kind` what sort of thing it is."""
        return _encrypt(self._sealing, parts, self._belongs(what, kind))

    def open(self, sealed: bytes, what: str, kind: str) -> bytes:
        """Open sealed bytes. Raises SealBrokenError."""
        return _decrypt(self._sealing, sealed, self._belongs(what, kind))

    def prove(self, parts: bytes) -> bytes:
        """Return an HMAC by which the same parts are known again without being opened."""
        return keyed(self._proving, parts)

    def _belongs(self, what: str, kind: str) -> bytes:
        return f"{self.case}\0{what}\0{kind}".encode()


def weakness(secret: str) -> str | None:
    """Return what is wrong with a secret key, as a sentence without it; None if it will do."""
    if len(secret.strip()) < SHORTEST_SECRET:
        return f"it has fewer than {SHORTEST_SECRET} letters; make one with `openssl rand -base64 32`"
    if len(set(secret)) < FEWEST_LETTERS:
        return f"it has fewer than {FEWEST_LETTERS} different letters; make one with `openssl rand -base64 32`"
    return None


def keyed(key: bytes, text: bytes) -> bytes:
    """Return the HMAC-SHA256 of a text."""
    return hmac.new(key, text, sha256).digest()


def agree(one: bytes, other: bytes) -> bool:
    """Whether two HMACs are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)


def new_key() -> bytes:
    """Return a random key."""
    return os.urandom(KEY_BYTES)


def new_reference() -> str:
    """Return a random name for a case: derived from nothing, so it tells nothing."""
    return os.urandom(REFERENCE_BYTES).hex()


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=_SALT, info=purpose).derive(key)


def _encrypt(cipher: AESGCM, plain: bytes, belongs: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, belongs)


def _decrypt(cipher: AESGCM, sealed: bytes, belongs: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], belongs)
    except (InvalidTag, ValueError):
        raise SealBrokenError(
            "what is sealed does not open: it was damaged or moved; restore it from a backup"
        ) from None
