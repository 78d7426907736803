"""What a reporting centre says of itself: a return for a period, nil included, and signs of life.

That a centre is open stands in the register; that it made a return and that it is alive are two other facts.
"""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.context import Period
from schemas.fields import Contract, Slug


class CentreReturn(Contract):
    """A centre's return for some days: how many reports it took, or expressly none."""

    centre: Slug
    period: Period
    nil: bool = False
    reports: Annotated[int, Field(ge=0, le=100_000)] | None = None

    @model_validator(mode="after")
    def _nil_is_none(self) -> "CentreReturn":
        if self.nil and self.reports:
            raise PydanticCustomError("nil-return", "a nil return has no reports")
        return self


class CentreHeartbeat(Contract):
    """A sign of life: somebody is there, whether or not there is anything to report."""

    centre: Slug
