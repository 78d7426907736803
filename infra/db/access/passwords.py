"""Passwords: only an argon2id hash is kept, slow and large in memory, since what people choose can be guessed."""

import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

AT_ONCE = 4
"""Each takes 64 MiB while it goes on, so whoever tries many at once waits for the others."""
_hasher = PasswordHasher()
_room = threading.BoundedSemaphore(AT_ONCE)


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    with _room:
        return _hasher.hash(_normal(password))


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether a password is the one of a hash; with None, for a user who is not there, it takes as long to say no."""
    try:
        with _room:
            _hasher.verify(_nobodys() if password_hash is None else password_hash, _normal(password))
    except VerificationError:
        return False
    return password_hash is not None


def _normal(password: str) -> bytes:
    """Return the same bytes however a keyboard composed its accents; what is no text at all has bytes too."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this one")
