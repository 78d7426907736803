"""What centres say of themselves: returns, nil ones included, heartbeats, and weeks in which some say nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from producers.simulator.chance import Chance
from producers.simulator.city import Centre, City
from producers.simulator.course import MONDAY_OFFSET, SILENCE_DAYS, SILENT, Course, Span
from producers.simulator.post import Post
from producers.simulator.times import Times, day_text
from producers.simulator.when import office_hours

PROMPT = 0.85
DAYS_BETWEEN_SILENCES = 700
SHORTEST_SILENCE_DAYS, LONGEST_SILENCE_DAYS = 14, 70
CAUGHT_UP = 0.5
HEARTBEAT_MADE = 0.97


@dataclass(frozen=True, slots=True)
class Silence:
    """Days, the last not included, on which a centre says nothing; whether it makes its returns afterwards."""

    first: int
    end: int
    caught_up: bool


class Returns:
    """Makes each centre's returns and heartbeats, one day after another."""

    def __init__(self, city: City, course: Course, span: Span, times: Times, post: Post, chance: Chance) -> None:
        self._city = city
        self._course = course
        self._first_day = span.first
        self._times = times
        self._post = post
        self._chance = chance
        self._silences = {centre.slug: self._draw_silences(span) for centre in city.centres}
        fixed = Silence(course.centre_silent, course.centre_silent + SILENCE_DAYS, caught_up=False)
        self._silences[city.centres[SILENT].slug] = [fixed]

    def on_day(self, day: int, reports_made: Mapping[tuple[str, int], int]) -> None:
        """Make the heartbeats of a day, and the returns of periods that end on it."""
        for centre in self._city.centres:
            if not self._course.is_open(self._city, centre, day):
                continue
            if centre.heartbeat_days and (day - self._first_day) % centre.heartbeat_days == 0:
                self._heartbeat(centre, day)
            if self._ends_period(centre, day):
                self._return(centre, day, reports_made)

    def _draw_silences(self, span: Span) -> list[Silence]:
        found: list[Silence] = []
        day = span.first
        while True:
            day += int(self._chance.erlang(1) * DAYS_BETWEEN_SILENCES)
            if day >= span.first + span.days:
                return found
            end = day + self._chance.between(SHORTEST_SILENCE_DAYS, LONGEST_SILENCE_DAYS)
            found.append(Silence(day, end, self._chance.happens(CAUGHT_UP)))
            day = end

    def _silence(self, centre: Centre, day: int) -> Silence | None:
        silences = self._silences[centre.slug]
        return next((silence for silence in silences if silence.first <= day < silence.end), None)

    def _ends_period(self, centre: Centre, day: int) -> bool:
        """Whether a period of a centre ends on a day: always a Sunday, and the period lies in the centre's time."""
        first = day - centre.return_days + 1
        opens, _ = self._course.days_open(self._city, centre)
        begun = first >= max(self._first_day, self._first_day if opens is None else opens)
        return begun and (first + MONDAY_OFFSET) % centre.return_days == 0

    def _heartbeat(self, centre: Centre, day: int) -> None:
        at = self._times.at(day, self._chance.between(7 * 60 + 30, 9 * 60 + 30))
        if self._silence(centre, day) is None and self._chance.happens(HEARTBEAT_MADE):
            self._post.send("centre.heartbeat", centre.source, at, {"centre": centre.slug})

    def _return(self, centre: Centre, last: int, reports_made: Mapping[tuple[str, int], int]) -> None:
        wait = 1 if self._chance.happens(PROMPT) else self._chance.between(2, 5)
        made_on, silence = last + wait, self._silence(centre, last + wait)
        if silence is not None:
            if not silence.caught_up:
                return
            made_on = silence.end
        first = last - centre.return_days + 1
        reports = sum(reports_made.get((centre.slug, day), 0) for day in range(first, last + 1))
        period = {"from": day_text(first), "to": day_text(last)}
        said = {"reports": reports} if reports else {"nil": True}
        data = {"centre": centre.slug, "period": period, **said}
        self._post.send("centre.returned", centre.source, office_hours(self._chance, self._times, made_on), data)
