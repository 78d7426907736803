"""Tension by area: the level that people set, whether to look at it anew, and what the picture rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.answers import Completeness, SetBy, freshness_of, instant_or_none
from api.asked import Layer as LayerAsked
from api.asked import Paged, page_of, unknown_layer
from api.callers import Scope
from api.contract import problems
from api.figures import Evidence, Figures, FiguresOf, completeness_shown
from api.moment import ReaderOf
from api.security import CountsReader, DepsOf
from api.tension_answers import UNKNOWN, AreaTension, CommunityLevel, EvidenceShown, Newest, TensionAnswer
from infra.db.centres import Centres, read_centres
from infra.db.places import Places
from infra.db.standing import Standing
from infra.db.tension import AreaAndForm, Level, OpenAlert, read_levels, read_open_alerts
from schemas.vocabulary import SignalForm
from streams.core.areas import Area, Layer
from streams.core.days import day_from_number
from streams.core.tension import confidence_now, review_reasons, unknown_because

router = APIRouter(tags=["figures"])
EVERYBODY = ""
"""The community of a level that is set for all who live in an area."""


class TensionAsked(Paged):
    """Of which layer."""

    layer: LayerAsked


@router.get("/v1/tension", summary="Tension", responses=problems(422))
def tension(
    asked: Annotated[TensionAsked, Query()], deps: DepsOf, caller: CountsReader, reader: ReaderOf, figures: FiguresOf
) -> TensionAnswer:
    """Show tension in each area of a layer that is in force today. A level that ran out, or is late, is unknown."""
    page = page_of(asked, "tension", deps.limits.page_rows, str)
    with reader.moment() as now:
        connection, standing, places = now.connection, now.standing, now.places
        layer = places.layer(asked.layer)
        if layer is None:
            raise unknown_layer(list(places.geography.layer_by_name))
        centres = read_centres(connection, standing, places)
        levels = read_levels(connection, caller.partnership, standing.today)
        alerts = read_open_alerts(connection, caller.partnership)
    evidence = figures.evidence(standing, places, layer)
    names_alerts = caller.may(Scope.ALERTS_READ)
    picture = Picture(standing, places, centres, levels, alerts, evidence, figures, names_alerts)
    shown, following = page.cut(picture.in_force(layer), lambda area: (area.code,))
    return TensionAnswer(
        layer=layer.name,
        exact=figures.exact,
        rows=[picture.of(area) for area in shown],
        cut_off=instant_or_none(evidence.cut_off_us),
        completeness=picture.complete(None),
        provisional=True,
        freshness=freshness_of(standing),
        next=following,
    )


@dataclass(frozen=True)
class Picture:
    """All that is known of a partnership's tension at one moment, as far as a caller may know."""

    standing: Standing
    places: Places
    centres: Centres
    levels: Mapping[tuple[int, str], Level]
    alerts: Sequence[OpenAlert]
    evidence: Evidence
    figures: Figures
    names_alerts: bool

    def in_force(self, layer: Layer) -> list[Area]:
        """Return the areas of a layer that exist today, by code."""
        return [area for area in self.places.in_layer(layer) if area.in_force(self.standing.today)]

    def of(self, area: Area) -> AreaTension:
        """Return one area's row."""
        below = self.places.within((area.number,))
        related = below | self.places.upwards[area.number]
        levels = {community: level for (of, community), level in self.levels.items() if of == area.number}
        alerts = [alert.id for alert in self.alerts if alert.area in below]
        complete = self.centres.complete(self.standing.today, related)
        overdue = len(complete.overdue)
        expires = [level.expires_day for level in levels.values()]
        reasons = review_reasons(expires, self.standing.today, alerts=len(alerts), overdue=overdue)
        return AreaTension(
            area=area.code,
            area_name=area.name,
            **self._level(levels.get(EVERYBODY), overdue),
            communities=[
                CommunityLevel(community=community, **self._level(level, overdue))
                for community, level in sorted(levels.items())
                if community != EVERYBODY
            ],
            review_suggested=bool(reasons),
            reasons=reasons,
            alerts=alerts if self.names_alerts else None,
            completeness=Completeness(**completeness_shown(self.figures, complete)),
            evidence=self._evidence(area.number),
        )

    def complete(self, areas: frozenset[int] | None) -> Completeness:
        """Return how complete the picture is in some areas, or everywhere."""
        return Completeness(**completeness_shown(self.figures, self.centres.complete(self.standing.today, areas)))

    def _level(self, level: Level | None, overdue: int) -> dict[str, Any]:
        because = unknown_because(
            None if level is None else level.expires_day,
            self.standing.today,
            is_late=self.standing.freshness.is_unknown,
        )
        said = None if level is None else level.said
        holds = said is not None and because is None
        return {
            "level": said.level if said and holds else UNKNOWN,
            "unknown_because": because,
            "scale": said.scale if said and holds else None,
            "direction": said.direction if said and holds else None,
            "confidence": confidence_now(said.confidence, overdue) if said and holds else None,
            "confidence_set": said.confidence if said and holds else None,
            "basis": list(said.basis) if said and holds else [],
            "agencies": list(said.agencies) if said else [],
            "dissent": said.dissent if said and holds else None,
            "set_by": SetBy(actor=said.by.user, agency=said.by.agency) if said else None,
            "set_at": level.set_at if level else None,
            "until": said.expires if said else None,
        }

    def _evidence(self, area: int) -> EvidenceShown:
        def signal(form: SignalForm) -> Newest:
            return self._newest(self.evidence.signals.get(AreaAndForm(area, form)))

        return EvidenceShown(
            experienced=signal(SignalForm.OBSERVED),
            evidenced=signal(SignalForm.EVIDENCED),
            potential=signal(SignalForm.FORECAST),
            incidents=self._newest(self.evidence.incidents.get(area)),
        )

    def _newest(self, day: int | None) -> Newest:
        if day is None:
            return Newest(day=None, age_days=None)
        return Newest(day=day_from_number(day).isoformat(), age_days=self.evidence.until_day - day)
