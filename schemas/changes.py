"""What aggregate says to those after it: each event's effect, in order, many events to a row."""

import msgspec


class Delta(msgspec.Struct, frozen=True, array_like=True):
    """One contribution booked (n > 0) or taken back (n < 0).

    Days are days since 1970-01-01 in the partnership's time zone; `areas` are the ledger's area numbers, one for
    each layer that has one, and 0 for what no city counts; each area counts once in total and once a strand.
    """

    n: int
    day: int
    known_day: int
    dated: bool
    recording: str
    areas: tuple[int, ...]
    strands: tuple[str, ...]


class Name(msgspec.Struct, frozen=True, array_like=True):
    """The source and id by which an event, an incident or a signal is known outside the ledger."""

    source: str
    id: str


class Booked(msgspec.Struct, frozen=True, tag="booked"):
    """What an event about incidents added to the counts and took back, and what stands of its incident after it.

    `incident` is the one that it reports, amends, withdraws or links (the first of the two). `stands` is its version
    that holds, whatever it is linked to; None where none does, since it was withdrawn, is left out of statistics or was
    never reported. It is UNSET where nothing was said of the incident before: then its one delta, if any, stands.
    `harm` is the worst that the version that holds states; `place` the ledger's number of the place that it counts in.
    """

    incident: Name
    deltas: tuple[Delta, ...]
    harm: str = "unknown"
    stands: Delta | msgspec.UnsetType | None = msgspec.UNSET
    place: int | msgspec.UnsetType = msgspec.UNSET


class SignalTold(msgspec.Struct, frozen=True, tag="signal"):
    """A signal as one event states it; `withdrawn` or `outcome` (of a forecast) where that is what the event says.

    `place` is the ledger's number of its place, `areas` are all areas that it lies in; days are the observation period,
    the day of what happened, or the days between which something is expected.
    """

    signal: Name
    revision: int
    time: str
    form: str = ""
    areas: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()
    grade: str | None = None
    reach: str = "unknown"
    intensity: str = "unknown"
    first_day: int = 0
    last_day: int = 0
    withdrawn: bool = False
    outcome: str = ""
    place: int | msgspec.UnsetType = msgspec.UNSET


class ReturnMade(msgspec.Struct, frozen=True, tag="return"):
    """A centre's return for some days, both included."""

    centre: str
    first_day: int
    last_day: int
    nil: bool


class HeartbeatSeen(msgspec.Struct, frozen=True, tag="heartbeat"):
    """A centre's sign of life, on the day that it was made."""

    centre: str
    day: int


class CentreRegistered(msgspec.Struct, frozen=True, tag="centre"):
    """A centre as the register has it; days on which it is open, None where open-ended; the areas that it serves."""

    centre: str
    first_day: int | None
    last_day: int | None
    return_days: int | None
    heartbeat_days: int | None
    areas: tuple[int, ...]


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule as stages use it (schemas.rules); absent where its kind has no such field."""

    id: str
    kind: str
    version: int = 1
    enabled: bool = True
    severity: str | None = None
    scope: "RuleScope | None" = None
    harm: str | None = None
    alert_class: str = msgspec.field(default="tension", name="class")
    count: int = 0
    days: int = 0
    periods: int = 0
    forms: tuple[str, ...] = ("forecast", "observed")
    grade: str | None = None
    reach: str | None = None
    intensity: str | None = None


class RuleScope(msgspec.Struct, frozen=True, omit_defaults=True):
    """See schemas.rules.Scope."""

    layer: str = "city"
    areas: tuple[str, ...] = ()
    strands: str | tuple[str, ...] = "any"


class RulesSet(msgspec.Struct, frozen=True, tag="rules"):
    """All rules that hold from now on."""

    version: int
    rules: tuple[Rule, ...]


class Ticked(msgspec.Struct, frozen=True, tag="tick"):
    """The clock moved on to the change's recorded time."""


class PlaceMoved(msgspec.Struct, frozen=True, array_like=True):
    """A place (the ledger's number) counts in other areas than before, on some days: both included, None open-ended."""

    place: int
    first_day: int | None
    last_day: int | None
    areas: tuple[int, ...]


class Rebuilt(msgspec.Struct, frozen=True, tag="rebuilt", omit_defaults=True):
    """Lookups or zones changed and all was counted anew: what moved. It moves state, and triggers nothing.

    `markings` has one for each delta; nothing where all have the change's. `places` says where single incidents and
    signals now lie, as `deltas` does of counts.
    """

    generation: int
    deltas: tuple[Delta, ...]
    markings: tuple[str, ...] = ()
    places: tuple[PlaceMoved, ...] = ()


What = Booked | SignalTold | ReturnMade | HeartbeatSeen | CentreRegistered | RulesSet | Ticked | Rebuilt


class Change(msgspec.Struct, frozen=True):
    """The effect of one event of the `events` topic, at its position."""

    position: int
    partnership: int
    event: int
    recorded_at_us: int
    cause: Name
    what: What
    marking: str = "actual"
