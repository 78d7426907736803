"""Drafts: what somebody is still writing, sealed under a key of its own and gone with it.

Every save makes a new key: what was typed and taken back before can be opened no more, like what was discarded.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Engine, and_, delete, insert, select, update

from infra.db import tables
from infra.db.engine import transaction
from infra.vault.erasing import leave_no_trace, overwrite_what_goes
from infra.vault.keys import CaseKey, MasterKey, new_key, new_reference
from infra.vault.state import key_to_open, key_to_seal
from streams.ports.vault import DraftTooLargeError, NoDraftError, SavedDraft

DAYS_KEPT = 14
DAY_US = 86_400_000_000
MOST_BYTES = 1_048_576
_DRAFT = tables.sealed.sealed_draft
_KIND = "draft"


class SealedDrafts:
    """Implements Drafts for one partnership; `days_kept` counts from a draft's last save."""

    def __init__(
        self, engine: Engine, master: MasterKey | None, partnership: int, *, days_kept: int = DAYS_KEPT
    ) -> None:
        self._engine = engine
        self._master = master
        self._partnership = partnership
        self._kept_us = days_kept * DAY_US

    def save(self, owner: str, draft: str | None, content: bytes, now_us: int) -> str:
        """See Drafts. Raises DraftTooLargeError, NoDraftError, SecretKeyError; nothing was changed then."""
        if len(content) > MOST_BYTES:
            raise DraftTooLargeError(
                f"a draft of {len(content)} bytes was not saved: at most {MOST_BYTES} are kept; shorten it"
            )
        name = new_reference() if draft is None else draft
        with transaction(self._engine, write=True) as connection:
            master = key_to_seal(connection, self._master, now_us)
            overwrite_what_goes(connection)
            key = new_key()
            held = {
                "wrapped_by": master.fingerprint,
                "wrapped_key": master.wrap(key, draft_name(name)),
                "content": CaseKey.of(name, key).seal(content, self._whose(owner), _KIND),
                "saved_at_us": now_us,
                "expires_at_us": now_us + self._kept_us,
            }
            if draft is None:
                new = {"draft": name, "partnership": self._partnership, "owner": owner}
                connection.execute(insert(_DRAFT), new | held)
            elif not connection.execute(update(_DRAFT).where(self._is(owner, name, now_us)).values(held)).rowcount:
                raise _no_draft()
        return name

    def open(self, owner: str, draft: str, now_us: int) -> bytes:
        """See Drafts. Raises NoDraftError, SecretKeyError, SealBrokenError."""
        with transaction(self._engine, write=False) as connection:
            master = key_to_open(connection, self._master)
            row = connection.execute(select(_DRAFT).where(self._is(owner, draft, now_us))).one_or_none()
        if row is None:
            raise _no_draft()
        key = CaseKey.of(draft, master.unwrap(bytes(row.wrapped_key), draft_name(draft)))
        return key.open(bytes(row.content), self._whose(owner), _KIND)

    def list(self, owner: str, now_us: int) -> Sequence[SavedDraft]:
        """See Drafts."""
        wanted = (
            select(_DRAFT.c.draft, _DRAFT.c.saved_at_us)
            .where(self._stands(owner, now_us))
            .order_by(_DRAFT.c.saved_at_us.desc(), _DRAFT.c.draft)
        )
        with transaction(self._engine, write=False) as connection:
            return [SavedDraft(row.draft, row.saved_at_us) for row in connection.execute(wanted)]

    def discard(self, owner: str, draft: str) -> None:
        """See Drafts."""
        with transaction(self._engine, write=True) as connection:
            overwrite_what_goes(connection)
            connection.execute(delete(_DRAFT).where(self._own(owner), _DRAFT.c.draft == draft))

    def _own(self, owner: str) -> ColumnElement[bool]:
        return and_(_DRAFT.c.partnership == self._partnership, _DRAFT.c.owner == owner)

    def _stands(self, owner: str, now_us: int) -> ColumnElement[bool]:
        return and_(self._own(owner), _DRAFT.c.expires_at_us > now_us)

    def _is(self, owner: str, draft: str, now_us: int) -> ColumnElement[bool]:
        return and_(self._stands(owner, now_us), _DRAFT.c.draft == draft)

    def _whose(self, owner: str) -> str:
        """Return what a draft's content is bound to, so that a row moved to somebody else does not open."""
        return f"{self._partnership}/{owner}"


def sweep_drafts(engine: Engine, now_us: int) -> int:
    """Delete the expired drafts of all partnerships with their keys; return how many there were.

    It needs no secret key. A draft that somebody holds at this moment, as a rotation does, is left to the next sweep.
    """
    expired = select(_DRAFT.c.draft).where(_DRAFT.c.expires_at_us <= now_us).with_for_update(skip_locked=True)
    with transaction(engine, write=True) as connection:
        overwrite_what_goes(connection)
        swept = connection.execute(delete(_DRAFT).where(_DRAFT.c.draft.in_(expired))).rowcount
    leave_no_trace(engine)
    return swept


def draft_name(draft: str) -> bytes:
    """Return what a draft's wrapped key belongs to."""
    return f"draft {draft}".encode()


def _no_draft() -> NoDraftError:
    return NoDraftError(
        "there is no such draft of yours: it was discarded, handed in or kept too long; begin a new one"
    )
