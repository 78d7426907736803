"""What people may do to an alert, and what comes of it."""

from dataclasses import dataclass, replace

from alerts.policy.lifecycle import Act, Alert, Happening, Person, Transition, clock_ran_out
from schemas.alerts import AlertEvent, AlertState
from schemas.vocabulary import AlertOutcome

POSSIBLE: dict[AlertState, tuple[Act, ...]] = {
    AlertState.OPEN: (Act.ACKNOWLEDGE, Act.CLOSE),
    AlertState.ACKNOWLEDGED: (Act.STAND_DOWN, Act.CLOSE),
    AlertState.STOOD_DOWN: (Act.CLOSE,),
    AlertState.CLOSED: (),
}
"""What people may do in each state."""
LEADS_TO = {
    Act.ACKNOWLEDGE: AlertState.ACKNOWLEDGED,
    Act.STAND_DOWN: AlertState.STOOD_DOWN,
    Act.CLOSE: AlertState.CLOSED,
}
"""The state to which each act of a person leads."""
_TOLD_AS = {
    Act.ACKNOWLEDGE: AlertEvent.ACKNOWLEDGED,
    Act.STAND_DOWN: AlertEvent.STOOD_DOWN,
    Act.CLOSE: AlertEvent.CLOSED,
}


@dataclass(frozen=True, slots=True)
class PersonsAct:
    """What a person asks for. The reason is theirs to word, and names nobody."""

    act: Act
    by: Person
    reason: str = ""
    outcome: AlertOutcome | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """An act that asks for what is so already."""

    detail: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that is not possible, why, and which are."""

    code: str
    detail: str
    possible: tuple[Act, ...]


def decide(alert: Alert, act: PersonsAct, now_us: int) -> Transition | Unchanged | Refusal:
    """Decide what a person asks for."""
    possible = POSSIBLE[alert.state]
    if act.act is Act.ACKNOWLEDGE and alert.state is AlertState.ACKNOWLEDGED and alert.holder is not None:
        if alert.holder == act.by:
            return Unchanged(f"{act.by.user} of {act.by.agency} has acknowledged it already")
        holder = f"{alert.holder.user} of {alert.holder.agency}"
        return Refusal("held-by-another", f"it was acknowledged by {holder}", possible)
    if act.act not in possible:
        return Refusal("not-possible", f"the alert is {alert.state}", possible)
    if act.act is not Act.ACKNOWLEDGE and not act.reason.strip():
        return Refusal("reason-missing", f"say why, to {act.act} an alert", possible)
    if act.act is Act.CLOSE and act.outcome is None:
        known = ", ".join(AlertOutcome)
        return Refusal("outcome-missing", f"say what it turned out to be, to close an alert: {known}", possible)
    return Transition(alert.state, LEADS_TO[act.act], act.act, now_us, act.by, act.reason.strip(), act.outcome)


def perform(
    alert: Alert, act: PersonsAct, now_us: int, after_trigger: int
) -> tuple[Happening, ...] | Unchanged | Refusal:
    """Return what a person's act makes of an alert: nobody needs to be waited for any more.

    A clock that has run out by then is settled first, as a tick would have done: whether an alert was overdue when
    somebody answered does not depend on when ticks come.
    """
    decided = decide(alert, act, now_us)
    if not isinstance(decided, Transition):
        return decided
    before = () if (ran_out := clock_ran_out(alert, now_us)) is None else (ran_out,)
    holder = act.by if act.act is Act.ACKNOWLEDGE else alert.holder
    after = replace(alert, state=decided.after, acknowledge_by_us=None, holder=holder)
    placed = replace(decided, after_trigger=after_trigger)
    return (*before, Happening(_TOLD_AS[act.act], now_us, after, transition=placed))
