"""What e-mail and webhooks make of a message, against real servers that accept, refuse, stall, drop and lie."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.channels import ChannelError, Delivered, Refused, Result, Retry
from alerts.channels.apprise_channel import AppriseChannel
from alerts.policy.routing import Recipient
from alerts.policy.wording import Subject, message
from infra.cli.couriers import make_courier
from infra.cli.faults import WrongUseError
from infra.settings import Settings
from tests.support.city import Bench
from tests.support.receivers import MailServer, Webhook, mail_server, nobody_listens, webhook

TIMEOUT_S = 0.5
ANNA = Recipient("anna", "council", "any")
SUBJECT = Subject("a1b2", "opened", "red", "actual", "Wolverton & Stantonbury")


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def send(url: str, key: str = "0f" * 16) -> Result:
    return AppriseChannel("any", url, TIMEOUT_S).send(message(key, SUBJECT, "https://bellwether.example"), ANNA)


def test_a_webhook_is_sent_the_message_and_its_key_in_a_header(hook: Webhook) -> None:
    assert send(hook.url) == Delivered()
    (call,) = hook.calls
    assert hook.keys() == ["0f" * 16]
    assert call.body["title"] == "A new alert needs you: Wolverton & Stantonbury, red"
    assert "https://bellwether.example/alerts/a1b2" in call.body["message"]
    assert "0f" * 16 in call.body["message"]


def test_a_url_with_settings_of_its_own_keeps_them(hook: Webhook) -> None:
    assert send(f"{hook.url}?+X-Own=yes&method=put") == Retry("http-501")  # the receiver knows no PUT
    assert send(f"{hook.url}?+X-Own=yes&rto=30") == Delivered()
    assert hook.calls[0].headers["X-Own"] == "yes"


def test_a_mail_is_sent_as_plain_text_with_its_key_in_a_header(mails: MailServer) -> None:
    assert send(mails.url()) == Delivered()
    (mail,) = mails.mails
    assert mails.keys() == ["0f" * 16]
    assert mail["To"] == "anna@council.example"
    assert mail["Subject"] == "A new alert needs you: Wolverton & Stantonbury, red"
    assert mail.get_content_type() == "text/plain"
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert "Area: Wolverton & Stantonbury" in payload.decode().splitlines()


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (201, Delivered()),
        (500, Retry("http-500")),
        (503, Retry("http-503")),
        (429, Retry("http-429")),
        (401, Retry("http-401")),
        (404, Retry("http-404")),
        (400, Refused("http-400")),
        (410, Refused("http-410")),
        ("slow", Retry("timed-out")),
        ("drop", Retry("not-sent")),
    ],
)
def test_what_a_webhook_answers_decides(hook: Webhook, answer: int | str, result: Result) -> None:
    hook.answer = answer
    assert send(hook.url) == result
    assert len(hook.calls) == 1


def test_a_webhook_that_lies_is_believed(hook: Webhook) -> None:
    """It accepted: what it does with the message, nobody but a person's acknowledgement can tell."""
    hook.says = b'{"error": "no such team"}'
    assert send(hook.url) == Delivered()


@pytest.mark.parametrize(
    ("answer", "at_recipient", "result"),
    [
        ("250 OK", False, Delivered()),
        ("550 no such user", True, Refused("smtp-550")),
        ("554 refused by policy", False, Refused("smtp-554")),
        ("451 try later", True, Retry("smtp-451")),
        ("452 too much mail", False, Retry("smtp-452")),
        ("552 mailbox full", False, Retry("smtp-552")),
        ("slow", False, Retry("timed-out")),
        ("drop", False, Retry("not-sent")),
    ],
)
def test_what_a_mail_server_answers_decides(mails: MailServer, answer: str, at_recipient: bool, result: Result) -> None:
    mails.answer, mails.refuses_recipients = answer, at_recipient
    assert send(mails.url()) == result


@pytest.mark.parametrize("url", ["json://127.0.0.1:{}", "mailto://127.0.0.1:{}?from=a@b.example&to=c@d.example"])
def test_a_channel_that_is_down_is_tried_again(url: str) -> None:
    with nobody_listens() as port:
        assert send(url.format(port)) == Retry("not-sent")


def test_what_the_library_says_of_hosts_and_addresses_is_not_logged(
    mails: MailServer, capfd: pytest.CaptureFixture[str]
) -> None:
    everything = logging.StreamHandler(written := io.StringIO())
    logging.getLogger().addHandler(everything)
    mails.answer, mails.refuses_recipients = "550 no such user", True
    try:
        assert send(mails.url("planted@council.example")) == Refused("smtp-550")
        with nobody_listens() as port:
            send(f"jsons://planted:planted@127.0.0.1:{port}")
        logging.getLogger("another").warning("heard")
    finally:
        logging.getLogger().removeHandler(everything)
    said = written.getvalue() + "".join(capfd.readouterr())
    assert "heard" in said
    assert "planted" not in said
    assert "127.0.0.1" not in said


@pytest.mark.parametrize("url", ["", "nonsense", "pigeon://planted", "mailto://"])
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ChannelError, match="channel mail-anna: ") as refused:
        AppriseChannel("mail-anna", url, TIMEOUT_S)
    assert "planted" not in str(refused.value)


def test_a_courier_does_not_start_with_a_channel_that_cannot_be_used(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "channels.yaml"
    file.write_text("mail-anna: pigeon://planted\n", encoding="utf-8")
    with pytest.raises(WrongUseError, match="channel mail-anna: this is no Apprise URL") as refused:
        make_courier(bench.ledger, Settings(channels_file=file))
    assert "planted" not in str(refused.value)
