"""Old versions of events are lifted to the newest on reading, one step at a time; nothing stored is rewritten."""

from collections.abc import Callable, Mapping
from typing import Any

RawEvent = dict[str, Any]
Upcaster = Callable[[RawEvent], RawEvent]

UPCASTERS: Mapping[str, Upcaster] = {}
"""From an old type to a function that returns the event as the next version of it. Empty while v1 is the newest."""


def upcast(raw: RawEvent, upcasters: Mapping[str, Upcaster] = UPCASTERS) -> RawEvent:
    """Lift an event until no upcaster knows its type.

    Raises ValueError if a step does not change the type, which would never end.
    """
    while (step := upcasters.get(raw.get("type", ""))) is not None:
        lifted = step(raw)
        if lifted["type"] == raw["type"]:
            raise ValueError(f"the upcaster of {raw['type']} does not change the type")
        raw = lifted
    return raw
