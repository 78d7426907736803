"""Incidents day by day: what happens, who reports it, what is corrected, taken back, linked and unlinked later."""

from collections import Counter, deque
from dataclasses import dataclass, field

from producers.simulator.chance import Chance, weighted
from producers.simulator.course import SURGE, WEEKLY_SHAPE, Course, usual_rate, weekday
from producers.simulator.people import People
from producers.simulator.post import Post, Sent
from producers.simulator.routes import PARTNERSHIP, Route, Routes
from producers.simulator.tellings import Occurrence, Telling, corrected, draw_occurrence, draw_telling
from producers.simulator.times import Times
from producers.simulator.when import LOOK_BACK_DAYS, office_hours
from producers.simulator.where import Where
from schemas.upcast import RawEvent

FOUND = 0.087
"""Of occurrences; hardly ever reported twice, they are one in twelve reports."""
CASCADE, MOST_OTHERS = 0.05, 3
"""How many occurrences are reported more than once, and how often more."""
AMENDED, AMENDED_AGAIN, WITHDRAWN = 0.05, 0.15, 0.02
WRONGLY_LINKED = 0.006
REMEMBERED = 12
WITHDRAWAL_REASONS = weighted(entered_in_error=40, reporter_asked=30, duplicate=20, other=10)
LINK_BASES = weighted(staff=70, reporter=15, shared_reference=15)


@dataclass
class Incidents:
    """Makes the incidents of one day after another, and remembers what others refer to.

    `reports_made` counts reports by centre and the day on which they were made, for the centres' returns.
    """

    where: Where
    routes: Routes
    course: Course
    times: Times
    post: Post
    chance: Chance
    people: People | None
    reports_made: Counter[tuple[str, int]] = field(default_factory=Counter)
    recent: deque[Sent] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _week: float = 1.0

    def on_day(self, day: int) -> None:
        """Let happen what happens on a day."""
        if weekday(day) == 0:
            self._week = self.chance.erlang(WEEKLY_SHAPE)
        usual = usual_rate(day) * self._week
        for _ in range(self.chance.poisson(usual * self.course.shock_factor(day))):
            self._happen(day, found=self.chance.happens(FOUND), surge=False)
        if self.course.surging(day):
            for _ in range(self.chance.poisson(usual * self.where.surging_share * (SURGE - 1))):
                self._happen(day, found=False, surge=True)

    def _happen(self, day: int, *, found: bool, surge: bool) -> None:
        chance = self.chance
        new_strand = day - LOOK_BACK_DAYS - 1 >= self.course.new_strand
        occurrence = draw_occurrence(chance, self.where, day, found=found, surge=surge, new_strand=new_strand)
        others = chance.between(1, MOST_OTHERS) if not found and chance.happens(CASCADE) else 0
        routes = [self._route(occurrence) for _ in range(1 + others)]
        if min(route.received_us for route in routes) < self.post.opens_us:
            return
        reports = [self._report(occurrence, route, first=route is routes[0]) for route in routes]
        for other in reports[1:]:
            self._link(other, reports[0], LINK_BASES.pick(chance))
        if chance.happens(WRONGLY_LINKED * len(reports)) and self.recent:
            self._link_wrongly(reports[0], chance.one(self.recent))
        self.recent.append(reports[0])

    def _route(self, occurrence: Occurrence) -> Route:
        if occurrence.found:
            return self.routes.found(self.chance, occurrence.day, occurrence.minute)
        small = occurrence.spots[-1].small or self.where.small_area(self.chance)
        return self.routes.draw(self.chance, small, occurrence.day, occurrence.minute)

    def _report(self, occurrence: Occurrence, route: Route, *, first: bool) -> Sent:
        telling = draw_telling(self.chance, self.times, occurrence, route, first=first)
        people = None if occurrence.found else self.people
        if people is not None:
            telling = people.added_to(telling, self.times.day_of(route.reported_us))
        sent = self.post.send("incident.reported", route.source, route.received_us, telling.data(self.where))
        if route.centre is not None:
            self.reports_made[route.centre, self.times.day_of(route.reported_us)] += 1
        if people is not None:
            people.follow_up(sent, crime=telling.facts["crime"] == "crime")
        revision, version = 1, sent
        again = AMENDED
        while self.chance.happens(again):
            revision, again = revision + 1, AMENDED_AGAIN
            telling, version = self._amend(sent, version, telling, revision)
        if self.chance.happens(WITHDRAWN):
            data = {"incident": sent.key, "revision": revision + 1, "reason": WITHDRAWAL_REASONS.pick(self.chance)}
            self.post.send("incident.withdrawn", sent.source, self._later(version, 30), data)
        return sent

    def _amend(self, sent: Sent, version: Sent, telling: Telling, revision: int) -> tuple[Telling, Sent]:
        small = self.where.small_area(self.chance)
        telling = corrected(self.chance, telling, small)
        data = telling.data(self.where) | {"incident": sent.key, "revision": revision}
        return telling, self.post.send("incident.amended", sent.source, self._later(version, 25), data)

    def _link(self, one: Sent, other: Sent, basis: str) -> tuple[Sent, RawEvent]:
        link: RawEvent = {"incident": one.key, "same_as": other.key, "revision": 1, "basis": basis}
        last = max(one, other, key=lambda sent: sent.received_us)
        return self.post.send("incident.linked", PARTNERSHIP, self._later(last, 12), link), link

    def _link_wrongly(self, one: Sent, other: Sent) -> None:
        linked, link = self._link(one, other, "staff")
        self.post.send("incident.unlinked", PARTNERSHIP, self._later(linked, 20), link | {"revision": 2})

    def _later(self, sent: Sent, most_days: int) -> int:
        day = self.times.day_of(sent.received_us) + self.chance.between(1, most_days)
        return office_hours(self.chance, self.times, day)
