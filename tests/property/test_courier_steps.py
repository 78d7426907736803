"""Whatever fails and dies in whatever order: nobody is left untold of an open alert, nor told twice for no reason."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channels import Delivered, Result, Retry
from alerts.policy.routing import Recipient
from alerts.policy.wording import Message
from infra.db.deliveries import list_deliveries
from infra.db.outbox import Due, Outbox, Settlement
from tests.support.alerting import act, alerts, close
from tests.support.city import Bench
from tests.support.couriers import DEADLINE_S, courier, member, raised, route_to, run_out
from tests.support.fakes import Crash
from tests.support.histories import PROPERTY

IN_TIME = datetime(2026, 6, 29, 12, 30, tzinfo=UTC)
A_LEASE_S = DEADLINE_S + 60
STEPS = ["deliver", "fail", "lose the answer", "die before sending", "die after sending", "news", "wait"]


class Receiver:
    """Accepts, fails, or accepts without anybody's hearing of it."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.how = "deliver"

    def send(self, message: Message, recipient: Recipient) -> Result:
        if self.how == "fail":
            return Retry("http-503")
        self.accepted[message.key] += 1
        return Retry("not-sent") if self.how == "lose the answer" else Delivered()


class DyingOutbox(Outbox):
    def settle(self, settled: Sequence[tuple[Due, Settlement]], now_us: int) -> None:
        raise Crash


def take(step: str, bench: Bench, city: int, receiver: Receiver, news: list[str]) -> int:
    """Do one step; return how many accepted messages nobody noted."""
    receiver.how = step
    accepted = receiver.accepted.total()
    if step == "news":
        news.append(f"t{len(news)}")
        raised(bench, city, *news)
    elif step == "wait":
        bench.clock.advance(seconds=A_LEASE_S)
    elif step == "die before sending":
        Outbox(bench.engine).claim(bench.clock.now_us(), int(A_LEASE_S * 1e6), 16)
    elif step == "die after sending":
        try:
            courier(bench, {"mail": receiver}, outbox=DyingOutbox(bench.engine)).deliver_due()
        except Crash:
            return receiver.accepted.total() - accepted
    else:
        courier(bench, {"mail": receiver}).deliver_due()
    return receiver.accepted.total() - accepted if step == "lose the answer" else 0


def test_nobody_is_left_untold_and_nobody_told_twice_for_no_reason(bench: Bench) -> None:
    @settings(PROPERTY, max_examples=12)
    @given(steps=st.lists(st.sampled_from(STEPS), min_size=3, max_size=10), closes=st.booleans())
    def property_holds(steps: list[str], closes: bool) -> None:
        bench.clock.set(IN_TIME)
        city, receiver, news = bench.partnership(), Receiver(), ["t0"]
        route_to(bench, city, member("anna", "mail"), member("boris", "mail"))
        raised(bench, city, "t0", severity="watch")
        unheard = sum(take(step, bench, city, receiver, news) for step in steps)
        if closes:
            act(bench, city, alerts(bench, city)[0], close())
        before = receiver.accepted.copy()
        receiver.how = "deliver"
        for _ in range(2):
            bench.clock.advance(seconds=A_LEASE_S)
            run_out(courier(bench, {"mail": receiver}))
        rows = list_deliveries(bench.engine, city)
        delivered = {row.id for row in rows if row.state == "delivered"}
        assert {row.state for row in rows} <= {"delivered", "superseded"}
        assert delivered <= receiver.accepted.keys() <= {row.id for row in rows}
        assert receiver.accepted.total() - len(receiver.accepted) <= unheard
        if closes:
            assert receiver.accepted == before
        else:
            assert {row.id for row in rows if row.update_number == len(news)} <= delivered

    property_holds()


@pytest.mark.parametrize("step", STEPS)
def test_each_step_does_what_it_says(bench: Bench, step: str) -> None:
    """Or the property would hold of nothing."""
    bench.clock.set(IN_TIME)
    city, receiver, news = bench.partnership(), Receiver(), ["t0"]
    route_to(bench, city, member("anna", "mail"))
    raised(bench, city, "t0", severity="watch")
    unheard = take(step, bench, city, receiver, news)
    states = [row.state for row in list_deliveries(bench.engine, city)]
    assert unheard == (step in {"lose the answer", "die after sending"})
    assert receiver.accepted.total() == (step in {"deliver", "lose the answer", "die after sending"})
    assert states == (["delivered"] if step == "deliver" else ["waiting"] * (2 if step == "news" else 1))
