"""Alerts: what needs an answer and why, and saying who gives it."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from alerts.policy.lifecycle import Act
from api.acting import ActingOf, judge_area, no_such_alert
from api.alert_answers import Acted, AlertAnswer, AlertsAnswer
from api.alert_cards import listed, shown
from api.answers import freshness_of
from api.asked import Layer, Paged, page_of
from api.contract import problems
from api.figures import FiguresOf
from api.moment import ReaderOf
from api.purposes import Purpose, read_purpose
from api.security import AlertsActor, AlertsReader, DepsOf
from infra.db.alert_views import AlertError, AlertsWanted, page_of_alerts, read_alert
from schemas.alerts import AlertState
from schemas.fields import AreaCode
from schemas.vocabulary import AlertClass, AlertOutcome, Severity

router = APIRouter(tags=["alerts"])
READ = "read-alert"
LONGEST_REASON = 500
LONGEST_ID = 64


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise PydanticCustomError("not-one-line", "write one line of 1 to 500 letters; name no person")
    return text


AlertId = Annotated[
    str,
    Path(alias="id", max_length=LONGEST_ID, pattern=r"^[^/\x00-\x1f]+$", description="The alert's id, from the list."),
]
Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_REASON,
        description="Why, in one line; it is kept with the alert. Name no person.",
        examples=["calls made, all calm"],
    ),
    AfterValidator(_one_line),
]


class AlertsAsked(Paged):
    """Which alerts are asked for; a filter that is given several times takes any of its values."""

    state: tuple[AlertState, ...] = Field(default=(), max_length=10, description="In any of these states.")
    alert_class: tuple[AlertClass, ...] = Field(
        default=(), max_length=10, alias="class", description="Of any of these classes."
    )
    level: tuple[Severity, ...] = Field(default=(), max_length=10, description="As severe as one of these.")
    layer: Layer | None = None
    area: Annotated[AreaCode | None, Field(description="About the area of this code.")] = None


class ActBody(BaseModel):
    """Base of what may be said with an act."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Acknowledgement(ActBody):
    """That somebody has an alert, and will answer it; the reason may be left out."""

    reason: Reason | None = None


class StandingDown(ActBody):
    """Why an acknowledged alert needs no more action."""

    reason: Reason


class Closing(ActBody):
    """Why an alert is closed, and what it turned out to be."""

    reason: Reason
    outcome: AlertOutcome


@router.get("/v1/alerts", summary="Alerts", responses=problems(422))
def alerts(
    asked: Annotated[AlertsAsked, Query()], deps: DepsOf, caller: AlertsReader, reader: ReaderOf, figures: FiguresOf
) -> AlertsAnswer:
    """List alerts, the newest first; those of the caller's areas and of what lies in them, where it has any."""
    page = page_of(asked, "alerts", deps.limits.page_rows, int, str)
    with reader.moment() as now:
        wanted = AlertsWanted(
            states=asked.state or None,
            classes=asked.alert_class or None,
            severities=asked.level or None,
            layers=None if asked.layer is None else [asked.layer],
            area_codes=None if asked.area is None else [asked.area],
            areas=None if caller.areas is None else now.places.within(caller.areas),
        )
        before = None if page.after is None else (int(page.after[0]), str(page.after[1]))
        found = page_of_alerts(now.connection, caller.partnership, wanted, before, page.rows + 1)
    rows, following = page.end(found, lambda each: (each.alert.opened_at_us, each.alert.id))
    return AlertsAnswer(
        rows=[listed(figures, now.places, each) for each in rows], freshness=freshness_of(now.standing), next=following
    )


@router.get("/v1/alerts/{id}", summary="One alert", responses=problems(404, 422))
def alert(
    id_: AlertId,
    deps: DepsOf,
    caller: AlertsReader,
    reader: ReaderOf,
    figures: FiguresOf,
    purpose: Purpose = None,
) -> AlertAnswer:
    """Show one alert: why it is there, what became of it, and who was told. That it was read is kept."""
    why = read_purpose(purpose)
    with reader.moment() as now:
        try:
            view = read_alert(now.connection, caller.partnership, id_)
        except AlertError:
            raise no_such_alert() from None
        judge_area(caller, now.places, view.alert.area)
        answer = shown(now, figures, caller, view)
    deps.access.note(caller, READ, view.alert.id, why)
    return answer


@router.post("/v1/alerts/{id}/acknowledge", summary="Acknowledge an alert", responses=problems(404, 409, 422))
def acknowledge(
    id_: AlertId, acting: ActingOf, caller: AlertsActor, body: Annotated[Acknowledgement | None, Body()] = None
) -> Acted:
    """Say that the caller has an alert, and will answer it. Its clock stops."""
    reason = None if body is None else body.reason
    return acting.act(caller, id_, Act.ACKNOWLEDGE, reason or "")


@router.post("/v1/alerts/{id}/stand-down", summary="Stand an alert down", responses=problems(404, 409, 422))
def stand_down(id_: AlertId, acting: ActingOf, caller: AlertsActor, body: StandingDown) -> Acted:
    """Say that an acknowledged alert needs no more action. New evidence opens it again."""
    return acting.act(caller, id_, Act.STAND_DOWN, body.reason)


@router.post("/v1/alerts/{id}/close", summary="Close an alert", responses=problems(404, 409, 422))
def close(id_: AlertId, acting: ActingOf, caller: AlertsActor, body: Closing) -> Acted:
    """Close an alert for good, with what it turned out to be. New evidence opens another."""
    return acting.act(caller, id_, Act.CLOSE, body.reason, body.outcome)
