"""Hate incidents: a report, its whole corrections, and what is later learnt of it.

Perception is recorded as given and never judged. What a form may leave open has `unknown`, and `prefer-not-to-say`
where a person is asked.
"""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.fields import (
    SEALED,
    AreaCode,
    AreaName,
    Contract,
    EventId,
    FreeText,
    Label,
    LayerName,
    Moment,
    ShortText,
    Slug,
    SourceUri,
)
from schemas.people import Consent, Person
from schemas.vocabulary import (
    Answer,
    Channel,
    CrimeStatus,
    DetailsChecked,
    EarlierIncidents,
    HarmGrade,
    IncidentType,
    LinkBasis,
    PlaceKind,
    PlaceRole,
    Recording,
    Setting,
    Target,
    WithdrawalReason,
)


class Occurred(Contract):
    """When it happened, as exactly as is known.

    An instant or a day in `from` alone; a range with `to`; `ongoing` if it has not stopped; nothing if unknown.
    """

    from_: Moment | None = Field(default=None, alias="from")
    to: Moment | None = None
    ongoing: bool = False


class NamedArea(Contract):
    """An area of a layer, by its code or else by its name, such as ward-2026 E05016594."""

    layer: LayerName
    code: AreaCode | None = None
    name: AreaName | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "NamedArea":
        if (self.code is None) == (self.name is None):
            raise PydanticCustomError("area-named-how", "give either the area's code or its name")
        return self


class Point(Contract):
    """Degrees, WGS 84. Used to find the areas, then dropped: the ledger keeps areas only."""

    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class Whereabouts(Contract):
    """A place: codes, a point, or a name that the gazetteer knows; several where they are known."""

    kind: PlaceKind = PlaceKind.LOCATED
    areas: Annotated[tuple[NamedArea, ...], Field(max_length=6)] = ()
    point: Point | None = None
    name: Label | None = None

    @model_validator(mode="after")
    def _located_somewhere(self) -> "Whereabouts":
        named = bool(self.areas or self.point or self.name)
        located = self.kind is PlaceKind.LOCATED
        if named != located and not (located and self._is_written()):
            raise PydanticCustomError(
                "place-kind", "a located place has an area, a point or a name; any other kind has none of them"
            )
        return self

    def _is_written(self) -> bool:
        return False


class PlaceAsTold(Whereabouts):
    """A place as somebody told it; `as_written` is all that some forms have of it."""

    as_written: ShortText | None = None

    def _is_written(self) -> bool:
        return self.as_written is not None


class Place(PlaceAsTold):
    """A place of an incident, with its role and sort."""

    role: PlaceRole = PlaceRole.HAPPENED
    setting: Setting = Setting.UNKNOWN


class Harm(Contract):
    """How bad it was, in four sorts, each on the same ordinal scale.

    minor: a bruise, a weapon mentioned, a vague threat, damage that wipes off. serious: treatment needed, a weapon
    shown, a plain threat of violence, costly damage. critical: life in danger, a weapon used, a threat to life, arson.
    """

    injury: HarmGrade = HarmGrade.UNKNOWN
    weapon: HarmGrade = HarmGrade.UNKNOWN
    threat: HarmGrade = HarmGrade.UNKNOWN
    damage: HarmGrade = HarmGrade.UNKNOWN


class Incident(Contract):
    """One report of one hate incident. Its people and all free text go to the vault, and never into the log."""

    occurred: Occurred
    reported: Moment
    places: Annotated[tuple[Place, ...], Field(max_length=6)] = ()
    strands: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=12)]
    sub_strands: Annotated[tuple[Slug, ...], Field(max_length=12)] = ()
    types: Annotated[tuple[IncidentType, ...], Field(min_length=1, max_length=16)]
    harm: Harm = Harm()
    target: Target = Target.UNKNOWN
    course_of_conduct: Answer = Answer.UNKNOWN
    earlier_incidents: EarlierIncidents = EarlierIncidents.UNKNOWN
    recording: Recording = Recording.REPORTED
    details_checked: DetailsChecked = DetailsChecked.UNKNOWN
    crime: CrimeStatus = CrimeStatus.UNDECIDED
    channel: Channel = Channel.UNKNOWN
    centre: Slug | None = None
    people: Annotated[tuple[Person, ...], Field(max_length=20), SEALED] = ()
    narrative: FreeText | None = None
    staff_notes: FreeText | None = None


class IncidentKey(Contract):
    """An incident's name: the source and id of the event that first reported it."""

    source: SourceUri
    id: EventId


class Amendment(Incident):
    """The incident as it is now believed to have been: whole, not a patch. The highest revision holds."""

    incident: IncidentKey
    revision: Annotated[int, Field(ge=2, le=10_000)]


class Withdrawal(Contract):
    """The report no longer counts, unless a higher revision brings it back."""

    incident: IncidentKey
    revision: Annotated[int, Field(ge=2, le=10_000)]
    reason: WithdrawalReason


class Link(Contract):
    """Two reports are of one occurrence (or, unlinked, are not). The highest revision for a pair holds."""

    incident: IncidentKey
    same_as: IncidentKey
    revision: Annotated[int, Field(ge=1, le=10_000)] = 1
    basis: LinkBasis = LinkBasis.STAFF

    @model_validator(mode="after")
    def _two_reports(self) -> "Link":
        if self.incident == self.same_as:
            raise PydanticCustomError("linked-to-itself", "name two different reports")
        return self


class ConsentChange(Contract):
    """Answers that hold from now on; a question that is not among them keeps the answer that it had."""

    incident: IncidentKey
    consents: Annotated[tuple[Consent, ...], Field(min_length=1, max_length=20)]


class Reference(Contract):
    """Another agency's reference for the case, learnt later. It leads to a person, so only the vault may hold it."""

    incident: IncidentKey
    agency: Slug
    reference: ShortText
