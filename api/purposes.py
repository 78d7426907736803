"""Why somebody reads: a short code that goes into the audit with what was read."""

import re
from typing import Annotated

from fastapi import Header

from api.asked import wrong

PURPOSE = "Bellwether-Purpose"
LONGEST = 60
PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
"""It begins with a letter, so that neither a birthday nor a telephone number is one."""
_CODE = re.compile(PATTERN)


Purpose = Annotated[
    str | None,
    Header(
        alias=PURPOSE,
        description="Why, as a short code such as weekly-meeting; it is kept with what was read. Name no person.",
        json_schema_extra={"pattern": PATTERN, "maxLength": LONGEST},
    ),
]
"""How a route takes the header; `read_purpose` then judges it, so that the path of a fault names it."""


def read_purpose(given: str | None) -> str | None:
    """Return a purpose as it may be kept. Raises ProblemError 422 for what is no short code."""
    if given is not None and not (len(given) <= LONGEST and _CODE.fullmatch(given)):
        raise wrong(
            f"header.{PURPOSE}",
            "wrong-form",
            "write a code such as weekly-meeting: a letter, then lower-case letters, digits and hyphens,"
            f" at most {LONGEST}",
        )
    return given
