"""What reads of tension answer."""

from pydantic import Field

from api.answers import Completeness, Figures, SetBy, Shown
from schemas.vocabulary import Answer as YesOrNo
from schemas.vocabulary import Confidence, Direction, SignalForm
from streams.core.tension import ReviewReason, UnknownBecause

UNKNOWN = "unknown"


class LevelShown(Shown):
    """A level of tension as people set it, or `unknown` and why; then who set the last one is still said.

    `confidence` is low while returns are overdue, whatever was said when the level was set (`confidence_set`).
    """

    level: str
    unknown_because: UnknownBecause | None
    scale: str | None
    direction: Direction | None
    confidence: Confidence | None
    confidence_set: Confidence | None
    basis: list[SignalForm]
    agencies: list[str]
    dissent: YesOrNo | None
    set_by: SetBy | None
    set_at: str | None
    until: str | None = Field(description="The last day on which it holds.")


class CommunityLevel(LevelShown):
    """A level for one community of an area."""

    community: str


class Newest(Shown):
    """The newest day of which there is evidence, in the last 400 days, and its age in days.

    Of published figures it is the Monday of the newest week that is shown, and the age is counted from it to the
    cut-off.
    """

    day: str | None
    age_days: int | None


class EvidenceShown(Shown):
    """The newest evidence of each class: feelings, what happened and is no report, what may come, and incidents."""

    experienced: Newest
    evidenced: Newest
    potential: Newest
    incidents: Newest


class AreaTension(LevelShown):
    """One area: its level, whether to look at it anew and why, how complete the picture is, the newest evidence.

    `alerts` are the open ones there or below, to whoever may read alerts; null to others.
    """

    area: str
    area_name: str
    communities: list[CommunityLevel]
    review_suggested: bool
    reasons: list[ReviewReason]
    alerts: list[str] | None
    completeness: Completeness
    evidence: EvidenceShown


class TensionAnswer(Figures):
    """One row an area of a layer that is in force today, by code."""

    layer: str
    exact: bool
    rows: list[AreaTension]
