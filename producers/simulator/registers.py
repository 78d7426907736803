"""The registers: centres before all else and again when wards change, a new strand, a form, campaigns, an intervention.

Set-up is received at the first instant of the span, so that it holds before the first report.
"""

from datetime import date

from producers.simulator.city import CITY, ZONE, Centre, City
from producers.simulator.course import WEEK, Course, Span
from producers.simulator.post import Post
from producers.simulator.routes import PARTNERSHIP
from producers.simulator.strands import NEW_STRAND, NEW_SUB_STRANDS
from producers.simulator.times import HOUR_US, Times, day_text
from schemas.upcast import RawEvent
from streams.core.days import day_from_number, day_number

NOTICE_DAYS, MEDIATION_AFTER_DAYS = 14, 28
AWARENESS_WEEK = (10, 10)
"""Month and day on which the yearly week begins."""


class Registers:
    """Makes the entries of one day after another."""

    def __init__(self, city: City, course: Course, span: Span, times: Times, post: Post) -> None:
        self._city = city
        self._course = course
        self._span = span
        self._times = times
        self._post = post
        self._turning_days = {vintage.first_day for vintage in city.vintages}

    def set_up(self) -> None:
        """Enter what holds from the beginning; to be called before anything else is sent."""
        self._enter_centres(self._span.first)

    def on_day(self, day: int) -> None:
        """Enter what else is entered on a day."""
        if day in self._turning_days and day != self._span.first:
            self._enter_centres(day)
        elif day != self._span.first:
            self._open_and_close(day)
        if day == self._notice(self._course.new_strand):
            self._enter_strand(day)
        if day == self._course.new_form:
            title = "SYNTHETIC shorter recording form"
            self._enter(day, "recording-regime", "form-2", title, first=day)
        mediation = self._course.surge + MEDIATION_AFTER_DAYS
        if day == self._notice(mediation):
            areas = [{"layer": ZONE, "code": self._city.surge_zone}]
            title = "SYNTHETIC mediation with residents"
            self._enter(day, "intervention", "mediation", title, first=mediation, areas=areas, owner="council")
        self._campaign(day)

    def _notice(self, day: int | None) -> int:
        """Return when something that begins on a day is entered: two weeks before, if the span had begun."""
        return self._span.first if day is None else max(self._span.first, day - NOTICE_DAYS)

    def _enter_centres(self, day: int) -> None:
        for centre in self._city.centres:
            opens, _ = self._course.days_open(self._city, centre)
            if day >= self._notice(opens):
                self._enter_centre(centre, day)

    def _open_and_close(self, day: int) -> None:
        for centre in self._city.centres:
            if day in {self._notice(each) for each in self._course.days_open(self._city, centre) if each is not None}:
                self._enter_centre(centre, day)

    def _enter_centre(self, centre: Centre, day: int) -> None:
        opens, closes = self._course.days_open(self._city, centre)
        expected: RawEvent = {"source": centre.source, "return_days": centre.return_days}
        if centre.heartbeat_days:
            expected["heartbeat_days"] = centre.heartbeat_days
        last = closes if closes is not None and day >= self._notice(closes) else None
        serves = self._city.served(centre, day)
        self._enter(day, "centre", centre.slug, centre.title, first=opens, last=last, serves=serves, **expected)

    def _enter_strand(self, day: int) -> None:
        first, sub_strands = self._course.new_strand, list(NEW_SUB_STRANDS)
        self._enter(day, "strand", NEW_STRAND, "Subculture", first=first, sub_strands=sub_strands)

    def _campaign(self, day: int) -> None:
        today = day_from_number(day)
        first = day_number(date(today.year, *AWARENESS_WEEK))
        if day == first - NOTICE_DAYS:
            code, title = f"awareness-week-{today.year}", f"SYNTHETIC awareness week {today.year}"
            areas = [{"layer": CITY, "code": self._city.code}]
            self._enter(day, "campaign", code, title, first=first, last=first + WEEK - 1, areas=areas)

    def _enter(
        self,
        day: int,
        register: str,
        code: str,
        title: str,
        *,
        first: int | None = None,
        last: int | None = None,
        **more: object,
    ) -> None:
        entry: RawEvent = {"register": register, "code": code, "title": title, **more}
        if first is not None:
            entry["first"] = day_text(first)
        if last is not None:
            entry["last"] = day_text(last)
        hour = 0 if day == self._span.first or day in self._turning_days else 12
        at = self._times.start(day) + hour * HOUR_US
        self._post.send("register.changed", PARTNERSHIP, at, {"entry": entry})
