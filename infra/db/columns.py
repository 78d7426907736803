"""How some values are written in columns."""

STRAND_SEPARATOR = " "
CATEGORY_SEPARATOR = "|"
OPEN, REPLAYED, DUPLICATE, DISCARDED = "open", "replayed", "duplicate", "discarded"
"""States of a dead letter. `duplicate`: it was replayed, and its content had come by another way meanwhile."""
