"""What the commands about keys and users share: codes, days, and what is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

Actor = Annotated[str, typer.Option(help="Who does it: a user's code; it is kept.")]


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what cannot be given or changed into wrong use."""
    from infra.cli.faults import WrongUseError
    from infra.db.access import AccessError
    from streams.core.rights import RightsError

    try:
        yield
    except (AccessError, RightsError) as error:
        raise WrongUseError(str(error)) from None


def code(text: str, option: str) -> str:
    """Return a code as it is. Raises WrongUseError, which names the option."""
    from pydantic import TypeAdapter, ValidationError

    from infra.cli.faults import WrongUseError
    from schemas.fields import Slug

    try:
        TypeAdapter(Slug).validate_python(text)
    except ValidationError:
        raise WrongUseError(f"{option} is a code of lower-case letters, digits and hyphens, at most 60") from None
    return text


def end_of_day_us(engine: "Engine", partnership: int, day: datetime, now_us: int) -> int:
    """Return the first instant after a day in the partnership's time zone. Raises WrongUseError where it is no use."""
    from sqlalchemy import select

    from infra.cli.faults import WrongUseError
    from infra.db import tables
    from infra.db.engine import transaction
    from schemas.fields import LATEST_YEAR
    from streams.core.days import Calendar, day_number

    if day.year >= LATEST_YEAR:
        raise WrongUseError(f"--expires is a day before {LATEST_YEAR}; leave it out for a key without an end")
    zone = select(tables.partnership.c.time_zone).where(tables.partnership.c.number == partnership)
    with transaction(engine, write=False) as connection:
        calendar = Calendar(connection.execute(zone).scalar_one())
    end_us = calendar.first_us_of_day(day_number(day.date()) + 1)
    if end_us <= now_us:
        raise WrongUseError("--expires is the last day on which the key is in force, and lies in the past")
    return end_us


def instant(at_us: int | None) -> str | None:
    """Return an instant as tables show it; None where there is none."""
    from streams.core.days import instant_of

    return None if at_us is None else instant_of(at_us)
