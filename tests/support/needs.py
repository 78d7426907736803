"""What a test needs and cannot have: skipped by name, or failed where everything is required."""

import os
from typing import NoReturn

import pytest


def cannot_have(what: str) -> NoReturn:
    """Skip, saying what is missing; fail instead where BELLWETHER_REQUIRE_ALL is 1."""
    if os.environ.get("BELLWETHER_REQUIRE_ALL") == "1":
        pytest.fail(f"cannot have {what}, and BELLWETHER_REQUIRE_ALL is 1")
    pytest.skip(f"cannot have {what}")
