"""The public files that tests read beside the project; absent ones are skipped by name."""

from pathlib import Path

import pytest

PUBLIC = Path(__file__).resolve().parents[2].parent / "shared" / "data"
MAPPING = """
source: /centres/arvig
occurred: {column: date, format: "%Y-%m-%d"}
reported: {column: date, format: "%Y-%m-%d"}
received: {column: date, format: "%Y-%m-%d"}
area: {layer: state, column: state, by: name}
strands: [race]
types: {column: category_en, map: {arson: [arson], assault: [assault]}, default: [other]}
"""


def public(name: str) -> Path:
    """Return a public file."""
    path = PUBLIC / name
    if not path.is_file():
        pytest.skip(f"the public file {path} is absent")
    return path
