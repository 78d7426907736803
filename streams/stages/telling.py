"""What events that count nothing tell the stages behind aggregate: signals, returns, registers, rules."""

from collections.abc import Callable, Mapping

from schemas.changes import CentreRegistered, HeartbeatSeen, Name, ReturnMade, RulesSet, SignalTold, What
from schemas.events import (
    CENTRE_HEARTBEAT,
    CENTRE_RETURNED,
    REGISTER_CHANGED,
    RULE_CHANGED,
    SIGNAL_AMENDED,
    SIGNAL_EVIDENCED,
    SIGNAL_FORECAST,
    SIGNAL_OBSERVED,
    SIGNAL_RESOLVED,
    SIGNAL_WITHDRAWN,
)
from schemas.incident import NamedArea
from schemas.stored import (
    StoredEvent,
    StoredHeartbeat,
    StoredRegisterChange,
    StoredReturn,
    StoredSignal,
    StoredSignalVersion,
    decode_data,
)
from streams.core.triangle import Cells
from streams.ports import Partnership, Record

CENTRE = "centre"
FORMS = {SIGNAL_OBSERVED: "observed", SIGNAL_EVIDENCED: "evidenced", SIGNAL_FORECAST: "forecast"}


class Teller:
    """Puts events of one partnership as those behind aggregate need them: days and area numbers settled."""

    def __init__(self, partnership: Partnership, cells: Cells) -> None:
        self._partnership = partnership
        self._calendar = partnership.calendar
        self._cells = cells

    def tell(self, record: Record, event: StoredEvent) -> What | None:
        """Return what an event says to those behind, if anything. Raises msgspec.DecodeError: the record is poison."""
        how = _TELLING.get(event.type)
        return None if how is None else how(self, record, event)

    def _signal(self, record: Record, event: StoredEvent) -> What:
        form, signal = FORMS[event.type], decode_data(record.body, StoredSignal)
        return self._told(record, event, Name(event.source, event.id), 1, form, signal)

    def _amended(self, record: Record, event: StoredEvent) -> What:
        version = decode_data(record.body, StoredSignalVersion)
        for form in FORMS.values():
            signal: StoredSignal | None = getattr(version, form)
            if signal is not None:
                return self._told(record, event, _name(version), version.revision, form, signal)
        raise ValueError("a stored amendment of a signal has none of its forms")

    def _withdrawn(self, record: Record, event: StoredEvent) -> What:
        version = decode_data(record.body, StoredSignalVersion)
        return SignalTold(_name(version), version.revision, event.time, withdrawn=True)

    def _resolved(self, record: Record, event: StoredEvent) -> What:
        version = decode_data(record.body, StoredSignalVersion)
        day = self._calendar.day_of(version.on)
        return SignalTold(_name(version), 0, event.time, first_day=day, last_day=day, outcome=version.outcome)

    def _told(
        self, record: Record, event: StoredEvent, name: Name, revision: int, form: str, signal: StoredSignal
    ) -> What:
        first, last = self._days(event, signal)
        return SignalTold(
            signal=name,
            revision=revision,
            time=event.time,
            form=form,
            areas=self._cells.area_numbers(record.place, first),
            groups=signal.affected_groups,
            grade=signal.grade,
            reach=signal.reach,
            intensity=signal.intensity,
            first_day=first,
            last_day=last,
            place=record.place,
        )

    def _days(self, event: StoredEvent, signal: StoredSignal) -> tuple[int, int]:
        """Return the days that a signal is about; of what happened no one knows when, the day on which it was told."""
        calendar = self._calendar
        if (period := signal.period or signal.expected) is not None:
            return calendar.day_of(period.from_), calendar.day_of(period.to)
        happened = signal.occurred
        first = calendar.day_of((happened and happened.from_) or event.time)
        return first, calendar.day_of(happened.to) if happened and happened.to else first

    def _returned(self, record: Record, _event: StoredEvent) -> What:
        made = decode_data(record.body, StoredReturn)
        first, last = self._calendar.day_of(made.period.from_), self._calendar.day_of(made.period.to)
        return ReturnMade(made.centre, first, last, made.nil)

    def _heartbeat(self, record: Record, event: StoredEvent) -> What:
        return HeartbeatSeen(decode_data(record.body, StoredHeartbeat).centre, self._calendar.day_of(event.time))

    def _registered(self, record: Record, _event: StoredEvent) -> What | None:
        entry = decode_data(record.body, StoredRegisterChange).entry
        if entry.register != CENTRE:
            return None
        geography = self._partnership.geography
        return CentreRegistered(
            centre=entry.code,
            first_day=None if entry.first is None else self._calendar.day_of(entry.first),
            last_day=None if entry.last is None else self._calendar.day_of(entry.last),
            return_days=entry.return_days,
            heartbeat_days=entry.heartbeat_days,
            areas=tuple(geography.find(NamedArea(**area)).number for area in entry.serves),
        )

    def _rules(self, record: Record, _event: StoredEvent) -> What:
        return decode_data(record.body, RulesSet)


def _name(version: StoredSignalVersion) -> Name:
    return Name(version.signal.source, version.signal.id)


_TELLING: Mapping[str, Callable[[Teller, Record, StoredEvent], What | None]] = {
    **dict.fromkeys(FORMS, Teller._signal),
    SIGNAL_AMENDED: Teller._amended,
    SIGNAL_WITHDRAWN: Teller._withdrawn,
    SIGNAL_RESOLVED: Teller._resolved,
    CENTRE_RETURNED: Teller._returned,
    CENTRE_HEARTBEAT: Teller._heartbeat,
    REGISTER_CHANGED: Teller._registered,
    RULE_CHANGED: Teller._rules,
}
