"""Context: counts that others publish, such as street-level police data. Never a hate count."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.fields import CivilDay, Contract, Label
from schemas.incident import Whereabouts


class Period(Contract):
    """Civil days, both included."""

    from_: CivilDay = Field(alias="from")
    to: CivilDay

    @model_validator(mode="after")
    def _forwards(self) -> "Period":
        if self.to < self.from_:
            raise PydanticCustomError("range-backwards", "the last day lies before the first")
        return self


class Context(Contract):
    """So many of one category, in one place, in one period; booked on the period's first day."""

    category: Label
    period: Period
    count: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    place: Whereabouts
