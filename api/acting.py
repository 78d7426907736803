"""What people do to alerts: only to those of their own areas, for their own agency, and once however often they ask."""

from typing import Annotated

from fastapi import Depends

from alerts.policy.acts import LEADS_TO, PersonsAct, Refusal
from alerts.policy.lifecycle import Act, Happening, Person
from api.alert_answers import Acted
from api.callers import Caller
from api.deps import Deps
from api.moment import Reader, ReaderOf
from api.problems import ProblemError
from api.security import DepsOf
from infra.db.alert_views import AlertError, area_of_alert, last_act
from infra.db.places import Places
from schemas.vocabulary import AlertOutcome


class Acting:
    """Does what callers ask for."""

    def __init__(self, deps: Deps, reader: Reader) -> None:
        self._acts = deps.acts
        self._reader = reader

    def act(
        self, caller: Caller, alert_id: str, act: Act, reason: str = "", outcome: AlertOutcome | None = None
    ) -> Acted:
        """Do what a caller asks for. Raises ProblemError where they may not, or it is not possible: that says what is.

        The very thing that was done last, asked for again by whoever did it, changes nothing and is no fault.
        """
        if caller.agency is None:
            raise ProblemError(403, "no-agency", "who acts on an alert does so for an agency; use a key that has one")
        self._judge(caller, alert_id)
        wanted = PersonsAct(act, Person(caller.actor, caller.agency), reason.strip(), outcome)
        try:
            done = self._acts.act(caller.partnership, alert_id, wanted)
        except AlertError:
            raise no_such_alert() from None
        if isinstance(done, Happening):
            return Acted(id=alert_id, act=act, state=done.alert.state, unchanged=False)
        if isinstance(done, Refusal) and not self._is_done_already(caller, alert_id, wanted):
            raise ProblemError(
                409,
                done.code,
                f"{done.detail}; possible: {', '.join(done.possible) or 'nothing'}",
                members={"possible": list(done.possible)},
            )
        return Acted(id=alert_id, act=act, state=LEADS_TO[act], unchanged=True)

    def _judge(self, caller: Caller, alert_id: str) -> None:
        """Raise ProblemError where there is no such alert, or it is about none of the caller's areas."""
        with self._reader.moment() as now:
            area = area_of_alert(now.connection, caller.partnership, alert_id)
            if area is None:
                raise no_such_alert()
            judge_area(caller, now.places, area)

    def _is_done_already(self, caller: Caller, alert_id: str, wanted: PersonsAct) -> bool:
        """Whether the last thing that became of an alert is this very act: who did not hear of it asks again."""
        with self._reader.moment() as now:
            return last_act(now.connection, caller.partnership, alert_id) == wanted


async def acting(deps: DepsOf, reader: ReaderOf) -> Acting:
    """Return what does what callers ask for."""
    return Acting(deps, reader)


ActingOf = Annotated[Acting, Depends(acting)]


def judge_area(caller: Caller, places: Places, area: int) -> None:
    """Raise ProblemError where an alert is about an area that a caller does not answer for."""
    if caller.areas is not None and area not in places.within(caller.areas):
        raise ProblemError(
            403, "not-your-area", "this alert is about an area that you do not answer for; ask those who do"
        )


def no_such_alert() -> ProblemError:
    """Return the problem of an alert that is not there, or is another partnership's."""
    return ProblemError(404, "unknown-alert", "there is no alert with this id; /v1/alerts lists those there are")
