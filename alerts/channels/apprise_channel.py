"""E-mail and webhooks by Apprise, which says only whether it got through; why not stands in its log lines."""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat

from alerts.channels import ChannelError, Delivered, Refused, Result, Retry
from alerts.policy.routing import Recipient
from alerts.policy.wording import Message

HTTP_KEY, MAIL_KEY = "Idempotency-Key", "X-Bellwether-Delivery"
"""Headers that tell a message from all others, where the kind of channel has headers."""
FOR_GOOD = {
    *("http-400", "http-405", "http-410", "http-413", "http-415", "http-422"),
    *("smtp-501", "smtp-521", "smtp-550", "smtp-551", "smtp-553", "smtp-554", "smtp-556"),
}
"""Answers that do not get better by waiting. A wrong password or address may be mended within the day: not these."""

_SIGNS = (
    (re.compile(r"\berror=(\d{3})\b"), "http-{}"),
    (re.compile(r"\((\d{3}), b['\"]"), "smtp-{}"),
    (re.compile(r"timed out", re.IGNORECASE), "timed-out"),
)
_ASSET = AppriseAsset(app_id="Bellwether", secure_logging=True)
_LOG = logging.getLogger("apprise")
_LOG.propagate = False  # its lines name hosts and addresses; ours never do
_LOG.setLevel(logging.DEBUG)  # what a mail server answered stands in lines of that level


class AppriseChannel:
    """Implements Channel for one Apprise URL, which may hold a password and is never shown."""

    def __init__(self, name: str, url: str, timeout_s: float) -> None:
        """Raises ChannelError."""
        self._name = name
        self._url = url
        self._timeout_s = timeout_s
        _opened(name, url)

    def send(self, message: Message, recipient: Recipient) -> Result:
        """See Channel."""
        keys = "".join(f"&+{header}={quote(message.key)}" for header in (HTTP_KEY, MAIL_KEY))
        waits = f"cto={self._timeout_s:g}&rto={self._timeout_s:g}"
        service = _opened(self._name, f"{self._url}{'&' if '?' in self._url else '?'}{waits}{keys}")
        with _overheard() as lines:
            if service.notify(body=message.text, title=message.title, body_format=NotifyFormat.TEXT):
                return Delivered()
        reason = _reason(lines)
        return Refused(reason) if reason in FOR_GOOD else Retry(reason)


def _opened(name: str, url: str) -> NotifyBase:
    service = Apprise.instantiate(url, asset=_ASSET)
    if service is None:
        raise ChannelError(f"channel {name}: this is no Apprise URL such as mailtos://... or jsons://...")
    return service


def _reason(lines: list[str]) -> str:
    """Return why a message did not get through, as a code: the lines themselves name addresses."""
    for line in reversed(lines):
        for sign, code in _SIGNS:
            if found := sign.search(line):
                return code.format(*found.groups())
    return "not-sent"


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """Give the list to which Apprise's log lines of this thread are added."""
    ears = _Ears()
    _LOG.addHandler(ears)
    try:
        yield ears.lines
    finally:
        _LOG.removeHandler(ears)


class _Ears(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage())
