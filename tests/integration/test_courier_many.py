"""Couriers beside one another, couriers that die, channels that hang: at least once, and once if nothing fails."""

import threading
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Engine

from alerts.channels import Channel, Delivered, Result, Retry
from alerts.channels.apprise_channel import AppriseChannel
from alerts.courier import LEASE_AFTER_DEADLINE_S, settled
from alerts.policy.routing import Recipient
from alerts.policy.wording import Message
from infra.db.deliveries import list_deliveries
from infra.db.outbox import Due, Outbox, Settlement
from streams.ports import StoreUnavailableError
from tests.support.city import Bench
from tests.support.couriers import (
    DEADLINE_S,
    HeldChannel,
    attempt_rows,
    attempts_of,
    courier,
    member,
    raised,
    route_to,
    run_out,
    states,
)
from tests.support.fakes import Crash
from tests.support.receivers import MailServer, Webhook, mail_server, webhook
from tests.system.ledgers import wait_until

MEMBERS = 40
PATIENCE_S = 20.0
TIMED_OUT = Retry("timed-out")
DELIVERED = Delivered()


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


class HangingChannel:
    """Says nothing until it is let go."""

    def __init__(self, answer: Result = DELIVERED) -> None:
        self.answer = answer
        self.entered = threading.Event()
        self.let_go = threading.Event()

    def send(self, message: Message, recipient: Recipient) -> Result:
        self.entered.set()
        self.let_go.wait(PATIENCE_S)
        return self.answer


class BrokenChannel:
    """Fails as other people's code does."""

    def send(self, message: Message, recipient: Recipient) -> Result:
        raise KeyError(recipient.user)


class DyingOutbox(Outbox):
    """A courier's process dies between sending and recording."""

    def settle(self, settled: Sequence[tuple[Due, Settlement]], now_us: int) -> None:
        raise Crash


class AbsentOutbox(Outbox):
    """The ledger is away when it is asked first."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.asked = 0

    def claim(self, now_us: int, lease_us: int, most: int) -> list[Due]:
        self.asked += 1
        if self.asked == 1:
            raise StoreUnavailableError("store-unreachable", "the database does not answer")
        return super().claim(now_us, lease_us, most)


def one_alert(bench: Bench, *channels: str) -> int:
    city = bench.partnership()
    route_to(bench, city, *(member(f"user-{number}", channel) for number, channel in enumerate(channels)))
    raised(bench, city, "t1")
    return city


def test_two_couriers_at_once_send_nothing_twice(bench: Bench) -> None:
    city = one_alert(bench, *["mail"] * MEMBERS)
    mail = HeldChannel()
    ready = threading.Barrier(2)

    def run() -> None:
        carrier = courier(bench, {"mail": mail})
        ready.wait(PATIENCE_S)
        run_out(carrier)

    both = [threading.Thread(target=run) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(PATIENCE_S)
    run_out(courier(bench, {"mail": mail}))
    assert states(bench, city) == ["delivered"] * MEMBERS
    assert len(mail.sent) == len(set(mail.keys())) == MEMBERS


def test_what_one_courier_has_another_leaves_alone_until_its_lease_is_over(bench: Bench) -> None:
    city = one_alert(bench, "mail")
    outbox, mail = Outbox(bench.engine), HeldChannel()
    (mine,) = outbox.claim(bench.clock.now_us(), 60_000_000, 10)
    assert run_out(courier(bench, {"mail": mail})) == 0
    bench.clock.advance(seconds=59)
    assert run_out(courier(bench, {"mail": mail})) == 0
    bench.clock.advance(seconds=1)
    assert run_out(courier(bench, {"mail": mail})) == 1
    assert mail.keys() == [mine.id]
    assert states(bench, city) == ["delivered"]


def test_a_courier_that_dies_before_it_records_leads_to_the_same_message_again(bench: Bench, hook: Webhook) -> None:
    city = one_alert(bench, "hook")
    channels: dict[str, Channel] = {"hook": AppriseChannel("hook", hook.url, 5)}
    dying = courier(bench, channels, outbox=DyingOutbox(bench.engine))
    with pytest.raises(Crash):
        dying.deliver_due()
    assert states(bench, city) == ["waiting"]
    assert attempts_of(bench) == [(1, None, None)]
    bench.clock.advance(seconds=DEADLINE_S + LEASE_AFTER_DEADLINE_S)
    assert run_out(courier(bench, channels)) == 1
    assert states(bench, city) == ["delivered"]
    assert len(hook.calls) == 2
    assert len(set(hook.keys())) == 1
    assert attempts_of(bench) == [(1, None, None), (2, "delivered", "")]
    assert attempt_rows(bench)[0].ended_at_us is None


def test_late_news_of_an_attempt_whose_lease_is_over_counts_only_if_it_got_through(bench: Bench) -> None:
    city = one_alert(bench, "mail")
    held, other = HangingChannel(), HeldChannel(Retry("http-503"))
    slow = threading.Thread(target=courier(bench, {"mail": held}, deadline_s=PATIENCE_S).deliver_due)
    slow.start()
    assert held.entered.wait(PATIENCE_S)
    bench.clock.advance(seconds=PATIENCE_S + LEASE_AFTER_DEADLINE_S)
    assert courier(bench, {"mail": other}).deliver_due() == 1
    assert states(bench, city) == ["waiting"]
    held.let_go.set()
    slow.join(PATIENCE_S)
    assert states(bench, city) == ["delivered"]
    assert attempts_of(bench) == [(1, "delivered", ""), (2, "retry", "http-503")]


def test_late_news_of_a_failure_takes_nothing_back(bench: Bench) -> None:
    city = one_alert(bench, "mail")
    outbox = Outbox(bench.engine)
    (late,) = outbox.claim(bench.clock.now_us(), 1, 10)
    bench.clock.advance(seconds=1)
    (newer,) = outbox.claim(bench.clock.now_us(), 60_000_000, 10)
    now_us = bench.clock.now_us()
    for due, result, last in (
        (late, TIMED_OUT, None),
        (newer, Delivered(), "delivered"),
        (late, TIMED_OUT, "delivered"),
    ):
        outbox.settle([(due, settled(due, result, now_us, 0.5))], now_us)
        assert [row.last_result for row in list_deliveries(bench.engine, city)] == [last]
    assert states(bench, city) == ["delivered"]
    assert attempts_of(bench) == [(1, "retry", "timed-out"), (2, "delivered", "")]


@pytest.mark.parametrize("answer", ["slow", "drip"])
def test_a_channel_that_hangs_holds_up_nobody_and_is_tried_again(bench: Bench, hook: Webhook, answer: str) -> None:
    city = one_alert(bench, "hook", "mail")
    hook.answer = answer
    channels: dict[str, Channel] = {"hook": AppriseChannel("hook", hook.url, 5), "mail": HeldChannel()}
    run_out(courier(bench, channels, deadline_s=0.5))
    assert states(bench, city) == ["waiting", "delivered"]
    assert (1, "retry", "timed-out") in attempts_of(bench)
    hook.answer = 200
    bench.clock.advance(seconds=60)
    run_out(courier(bench, channels))
    assert states(bench, city) == ["delivered", "delivered"]
    assert len(set(hook.keys())) == 1


def test_a_mail_that_was_accepted_and_then_dropped_comes_again_under_the_same_key(
    bench: Bench, mails: MailServer
) -> None:
    city = one_alert(bench, "mail")
    mails.answer = "drop"
    channels: dict[str, Channel] = {"mail": AppriseChannel("mail", mails.url(), 5)}
    run_out(courier(bench, channels, deadline_s=PATIENCE_S))
    assert states(bench, city) == ["waiting"]
    mails.answer = "250 OK"
    bench.clock.advance(seconds=60)
    run_out(courier(bench, channels, deadline_s=PATIENCE_S))
    assert states(bench, city) == ["delivered"]
    assert len(mails.mails) == 2
    assert len(set(mails.keys())) == 1


def test_a_channel_whose_code_fails_is_tried_again_and_stops_nobody_else(bench: Bench) -> None:
    city = one_alert(bench, "broken", "mail")
    run_out(courier(bench, {"broken": BrokenChannel(), "mail": HeldChannel()}))
    assert states(bench, city) == ["waiting", "delivered"]
    assert (1, "retry", "channel-failed-KeyError") in attempts_of(bench)


def test_a_courier_runs_until_it_is_told_to_stop_and_waits_for_a_ledger_that_is_away(bench: Bench) -> None:
    city = one_alert(bench, "mail")
    mail, stopped = HangingChannel(), threading.Event()
    away = AbsentOutbox(bench.engine)
    running = threading.Thread(target=courier(bench, {"mail": mail}, outbox=away).run, args=(stopped,))
    running.start()
    assert mail.entered.wait(PATIENCE_S)
    mail.let_go.set()
    stopped.set()
    running.join(PATIENCE_S)
    assert not running.is_alive()
    assert away.asked >= 2
    assert states(bench, city) == ["delivered"]


def test_while_one_message_hangs_others_that_come_later_are_sent(bench: Bench) -> None:
    city = one_alert(bench, "hanging")
    hanging, mail, stopped = HangingChannel(), HeldChannel(), threading.Event()
    carrier = courier(bench, {"hanging": hanging, "mail": mail}, deadline_s=PATIENCE_S)
    running = threading.Thread(target=carrier.run, args=(stopped,))
    running.start()
    assert hanging.entered.wait(PATIENCE_S)
    another = one_alert(bench, "mail")
    wait_until(lambda: states(bench, another) == ["delivered"], PATIENCE_S / 2)
    assert states(bench, city) == ["waiting"]
    stopped.set()
    hanging.let_go.set()
    running.join(PATIENCE_S)
    assert not running.is_alive()
    assert states(bench, city) == ["delivered"]


def test_a_message_that_gets_through_after_its_deadline_is_not_sent_again(bench: Bench) -> None:
    city = one_alert(bench, "mail")
    slow = HangingChannel()
    carrier = courier(bench, {"mail": slow}, deadline_s=0.1)
    assert carrier.deliver_due() == 1
    assert attempts_of(bench) == [(1, "retry", "timed-out")]
    slow.let_go.set()
    wait_until(lambda: carrier.deliver_due() == 0 and states(bench, city) == ["delivered"], PATIENCE_S)
    bench.clock.advance(seconds=60)
    assert carrier.deliver_due() == 0
    assert attempts_of(bench) == [(1, "delivered", "")]


def test_late_news_of_one_attempt_does_not_pass_for_that_of_the_next(bench: Bench) -> None:
    city = one_alert(bench, "mail")
    slow = HangingChannel(Retry("http-503"))
    carrier = courier(bench, {"mail": slow}, deadline_s=0.2)
    assert carrier.deliver_due() == 1
    bench.clock.advance(seconds=60)
    assert carrier.deliver_due() == 1
    assert attempts_of(bench) == [(1, "retry", "timed-out"), (2, "retry", "timed-out")]
    slow.let_go.set()
    wait_until(lambda: carrier.deliver_due() == 0 and attempts_of(bench)[0][2] == "http-503", PATIENCE_S)
    assert states(bench, city) == ["waiting"]
