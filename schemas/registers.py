"""The registers of a partnership: what is recorded, who reports, and what else moves the figures.

An entry holds from its position in the log on; a later one of the same code replaces it.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.fields import CivilDay, Contract, Label, Slug, SourceUri
from schemas.incident import NamedArea


class Entry(Contract):
    """What every entry says: its code, its title, and the days on which it holds (both included; open if left out)."""

    code: Slug
    title: Label
    first: CivilDay | None = None
    last: CivilDay | None = None

    @model_validator(mode="after")
    def _forwards(self) -> "Entry":
        if self.first and self.last and self.last < self.first:
            raise PydanticCustomError("range-backwards", "the last day lies before the first")
        return self


class StrandEntry(Entry):
    """A characteristic that hostility may be aimed at; a series must not be read across its first day."""

    register_: Literal["strand"] = Field(alias="register")
    sub_strands: Annotated[tuple[Slug, ...], Field(max_length=40)] = ()


class CentreEntry(Entry):
    """A reporting centre: when it is open, what it is expected to say how often, and the areas that it serves."""

    register_: Literal["centre"] = Field(alias="register")
    source: SourceUri | None = None
    return_days: Annotated[int, Field(ge=1, le=92)] | None = None
    heartbeat_days: Annotated[int, Field(ge=1, le=92)] | None = None
    serves: Annotated[tuple[NamedArea, ...], Field(max_length=60)] = ()


class RegimeEntry(Entry):
    """A way of recording, such as a national rule on non-crime incidents; its first day may look like a change."""

    register_: Literal["recording-regime"] = Field(alias="register")


class CampaignEntry(Entry):
    """Something that makes people report more: a leaflet, a training day, an awareness week."""

    register_: Literal["campaign"] = Field(alias="register")
    areas: Annotated[tuple[NamedArea, ...], Field(max_length=60)] = ()


class InterventionEntry(Entry):
    """Something done about tension in some areas, and the agency that owns it."""

    register_: Literal["intervention"] = Field(alias="register")
    areas: Annotated[tuple[NamedArea, ...], Field(max_length=60)] = ()
    owner: Slug | None = None


RegisterEntry = Annotated[
    StrandEntry | CentreEntry | RegimeEntry | CampaignEntry | InterventionEntry, Field(discriminator="register_")
]


class RegisterChange(Contract):
    """An entry as it stands from now on."""

    entry: RegisterEntry
