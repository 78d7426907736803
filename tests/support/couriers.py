"""Routes, alerts in somebody's hands, and a courier with channels that tests hold."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from sqlalchemy import Row, select

from alerts.channels import Channel, Delivered, Result
from alerts.channels.log_channel import LogChannel
from alerts.courier import Courier
from alerts.policy.routing import Recipient
from alerts.policy.wording import Message
from infra.db.deliveries import list_deliveries
from infra.db.engine import transaction
from infra.db.outbox import Outbox
from infra.db.routes import apply_plan, plan_of
from infra.db.tables.delivering import delivery_attempt
from schemas.routes import RouteFile
from schemas.triggers import Trigger
from tests.support.alerting import put, work_off
from tests.support.city import Bench
from tests.support.triggers import MONDAY_NOON_US, trigger

PUBLIC_URL = "https://bellwether.example"
DEADLINE_S = 1.0


class HeldChannel:
    """Remembers what it was given, and answers as it is told, the last answer again and again."""

    def __init__(self, *answers: Result) -> None:
        self.sent: list[tuple[Message, Recipient]] = []
        self._answers = list(answers) or [Delivered()]

    def send(self, message: Message, recipient: Recipient) -> Result:
        self.sent.append((message, recipient))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def keys(self) -> list[str]:
        return [message.key for message, _ in self.sent]


def member(user: str, channel: str | Sequence[str], agency: str = "council") -> dict[str, Any]:
    return {"user": user, "agency": agency, "channels": channel}


def route_to(
    bench: Bench, partnership: int, *members: dict[str, Any], chairs: Sequence[dict[str, Any]] = (), **route: Any
) -> None:
    """Have a partnership's alerts go to some members of one task force, and overdue ones also to its chairs."""
    forces = [{"code": "wardens", "name": "Wardens", "members": members}]
    if chairs:
        forces.append({"code": "chairs", "name": "Chairs", "members": chairs})
    routes = [{"to": "wardens", **({"escalate_to": "chairs"} if chairs else {}), **route}]
    file = RouteFile.model_validate({"task_forces": forces, "routes": routes})
    with transaction(bench.engine, write=True) as connection:
        apply_plan(connection, partnership, plan_of(file))


def raised(bench: Bench, partnership: int, *ids: str, **fields: Any) -> None:
    """Have a trigger of each id heard, one minute after another: the first opens an alert, the others update it."""
    for minute, id_ in enumerate(ids):
        put(bench, partnership, actual(id_, partnership, MONDAY_NOON_US + minute * 60_000_000, **fields))
    work_off(bench)


def actual(id_: str, partnership: int, at_us: int, **fields: Any) -> Trigger:
    """Return a trigger of what is no rehearsal."""
    return trigger(id_, at_us, **{"partnership": partnership, "marking": "actual", **fields})


def courier(
    bench: Bench, channels: Mapping[str, Channel], *, deadline_s: float = DEADLINE_S, outbox: Outbox | None = None
) -> Courier:
    """Return a courier with channels, the log among them, at the bench's time."""
    return Courier(
        outbox or Outbox(bench.engine),
        {"log": LogChannel(), **channels},
        bench.clock,
        Random(7),
        public_url=PUBLIC_URL,
        deadline_s=deadline_s,
    )


def run_out(carrier: Courier) -> int:
    """Deliver until nothing is due; return how many attempts that took."""
    attempts = 0
    while now := carrier.deliver_due():
        attempts += now
    return attempts


def deliveries(bench: Bench, partnership: int) -> list[tuple[int, str, str, str, str]]:
    """Return (update, kind, recipient, channel, state) of all deliveries."""
    return [
        (row.update_number, row.kind, row.recipient, row.channel, row.state)
        for row in list_deliveries(bench.engine, partnership)
    ]


def states(bench: Bench, partnership: int) -> list[str]:
    return [row[-1] for row in deliveries(bench, partnership)]


def attempts_of(bench: Bench) -> list[tuple[int, str | None, str | None]]:
    """Return (attempt, result, reason) of all attempts."""
    return [(row.attempt, row.result, row.reason) for row in attempt_rows(bench)]


def attempt_rows(bench: Bench) -> Sequence[Row[Any]]:
    wanted = select(delivery_attempt).order_by(delivery_attempt.c.delivery, delivery_attempt.c.attempt)
    with transaction(bench.engine, write=False) as connection:
        return connection.execute(wanted).all()
