"""Whether routes lead to somebody: what no single entry of ROUTES.yaml can tell of itself."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from alerts.policy.routing import LOG_CHANNEL
from schemas.routes import ALL, RouteEntry, RouteFile

Path = tuple[str | int, ...]
MOST_NAMED = 20


class Known(NamedTuple):
    """What routes may name: the codes of areas by layer, and channels besides the log."""

    areas: Mapping[str, Collection[str]]
    channels: Collection[str]


class Fault(NamedTuple):
    """What is wrong, and the path to it in the file."""

    path: Path
    detail: str


def faults(file: RouteFile, known: Known) -> Iterator[Fault]:
    """Yield all that keeps the routes from being used, with what is known in its place."""
    task_forces = [entry.code for entry in file.task_forces]
    yield from _twice(("task_forces",), "code", task_forces, "two task forces are called")
    yield from _members(file, known)
    for number, route in enumerate(file.routes):
        yield from _area_faults(("routes", number), route, known)
        for key, wanted in (("to", route.to), ("escalate_to", route.escalate_to)):
            for code in wanted:
                if code not in task_forces:
                    yield Fault(("routes", number, key), _unknown("task force", code, task_forces))


def _members(file: RouteFile, known: Known) -> Iterator[Fault]:
    agencies: dict[str, str] = {}
    for number, force in enumerate(file.task_forces):
        path: Path = ("task_forces", number, "members")
        yield from _twice(path, "user", [member.user for member in force.members], "two members are called")
        for place, member in enumerate(force.members):
            if agencies.setdefault(member.user, member.agency) != member.agency:
                yield Fault(
                    (*path, place, "agency"), f"{member.user} acts for {agencies[member.user]} in another task force"
                )
            for channel in member.channels:
                if channel != LOG_CHANNEL and channel not in known.channels:
                    channels = [LOG_CHANNEL, *sorted(known.channels)]
                    yield Fault((*path, place, "channels"), _unknown("channel", channel, channels))


def _area_faults(path: Path, route: RouteEntry, known: Known) -> Iterator[Fault]:
    if route.layer is None:
        if route.areas != ALL:
            yield Fault((*path, "areas"), "say of which layer these areas are")
        return
    if route.layer not in known.areas:
        yield Fault((*path, "layer"), _unknown("layer", route.layer, known.areas))
    elif route.areas != ALL:
        codes = known.areas[route.layer]
        for code in route.areas:
            if code not in codes:
                yield Fault((*path, "areas"), _unknown(f"area of layer {route.layer}", code, codes))


def _twice(path: Path, key: str, codes: list[str], said: str) -> Iterator[Fault]:
    for number, code in enumerate(codes):
        if code in codes[:number]:
            yield Fault((*path, number, key), f"{said} {code}")


def _unknown(what: str, code: str, known: Collection[str]) -> str:
    named = [*known][:MOST_NAMED]
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    return f"there is no {what} {code}; known: {', '.join(named) or 'none'}{more}"
