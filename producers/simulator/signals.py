"""Signals of tension: weekly feelings from some centres, things that happened, things expected. Never added up."""

from collections.abc import Sequence
from dataclasses import dataclass

from producers.simulator.chance import Chance, Weighted, weighted
from producers.simulator.city import Centre, City
from producers.simulator.course import WEEK, Course, weekday
from producers.simulator.people import People
from producers.simulator.post import Post, Sent
from producers.simulator.routes import PARTNERSHIP, SUNDAY
from producers.simulator.strands import FIRST
from producers.simulator.times import Times, day_text, written
from producers.simulator.when import office_hours, soon_after
from producers.simulator.where import Spot, Told, Where
from schemas.upcast import RawEvent

TELLERS_EVERY, TELLS = 6, 0.9
"""Of so many centres, one says every week how people feel; it leaves out few weeks."""
EVIDENCED_A_WEEK, FORECASTS_A_WEEK = 0.5, 0.45
AMENDED, WITHDRAWN = 0.04, 0.02
GRADED, CONTACTS = 0.85, 60
HAPPENED, DID_NOT_HAPPEN = 0.35, 0.45
"""What becomes of forecasts; the others are left to lapse."""
EXACT, OF_A_REPORT, FOR_A_ZONE = 0.5, 0.35, 0.3
"""How much evidence has its hour, points to a report; how many signals are told for a zone or the city only."""
POLICE_LIAISON = "/synthetic/police-liaison"
SOURCE = Weighted([("1", 34), ("2", 60), ("3", 6)])
INFORMATION = weighted(A=20, B=25, C=35, D=17, E=3)
HANDLING = weighted(P=60, C=40)
REACH = weighted(neighbourhood=42, street=25, person=10, city=15, beyond=4, unknown=4)
REFERRED = weighted(no=55, yes=30, unknown=15)
CALM = weighted(calm=64, uneasy=29, tense=5, hostile=0.5, unknown=1.5)
STRAINED = weighted(calm=12, uneasy=40, tense=38, hostile=9, unknown=1)
FELT = weighted(relations=45, rumour=20, unknown=15, media=8, planning=6, international=6)
SEEN = weighted(graffiti=45, disorder=20, media=20, demonstration=10, other=5)
EXPECTED = weighted(demonstration=22, sport=18, anniversary=16, international=14, trial=12, election=8, planning=10)
TOLD: Weighted[Told] = Weighted([("ward", 60), ("code", 40)])


@dataclass
class Signals:
    """Makes the signals of one day after another."""

    city: City
    where: Where
    course: Course
    times: Times
    post: Post
    chance: Chance
    people: People | None

    def on_day(self, day: int, recent: Sequence[Sent]) -> None:
        """Make the signals of a day; evidence may point to recent reports."""
        if weekday(day) == SUNDAY:
            for centre in self.city.centres[::TELLERS_EVERY]:
                if self.course.is_open(self.city, centre, day) and self.chance.happens(TELLS):
                    self._observe(centre, day)
        for _ in range(self.chance.poisson(EVIDENCED_A_WEEK / WEEK * self.course.shock_factor(day))):
            self._evidence(day, recent)
        for _ in range(self.chance.poisson(FORECASTS_A_WEEK / WEEK)):
            self._forecast(day)

    def _observe(self, centre: Centre, last: int) -> None:
        first = last - WEEK + 1
        strained = self.course.shock_factor(last) > 1 or (self.course.surging(last) and self._serves_surge(centre))
        (area, *_) = self.city.served(centre, first)
        data = self._content(FELT) | {
            "place": {"areas": [area]},
            "centre": centre.slug,
            "period": {"from": day_text(first), "to": day_text(last)},
            "intensity": (STRAINED if strained else CALM).pick(self.chance),
        }
        at = office_hours(self.chance, self.times, last + self.chance.between(1, 2))
        sent = self.post.send("signal.observed", centre.source, at, data)
        self._revise(sent, "observed", data)

    def _evidence(self, day: int, recent: Sequence[Sent]) -> None:
        happened = self.times.at(day, self.chance.between(0, 23 * 60))
        at = soon_after(self.chance, happened, 30, 2 * 24 * 60)
        exact = self.chance.happens(EXACT)
        data = self._content(SEEN) | {
            "place": self._somewhere(day),
            "occurred": {"from": written(happened) if exact else day_text(day)},
        }
        known = [sent for sent in recent if sent.received_us <= at]
        if known and self.chance.happens(OF_A_REPORT):
            data["incidents"] = [self.chance.one(known).key]
        sent = self.post.send("signal.evidenced", PARTNERSHIP, at, data)
        self._revise(sent, "evidenced", data)

    def _forecast(self, day: int) -> None:
        first = day + self.chance.between(3, 28)
        last = first + self.chance.between(0, 3)
        data = self._content(EXPECTED) | {
            "place": self._somewhere(first),
            "expected": {"from": day_text(first), "to": day_text(last)},
        }
        sent = self.post.send("signal.forecast", POLICE_LIAISON, office_hours(self.chance, self.times, day), data)
        if not self._revise(sent, "forecast", data):
            self._resolve(sent, first, last)

    def _resolve(self, forecast: Sent, first: int, last: int) -> None:
        fate = self.chance.uniform()
        if fate >= HAPPENED + DID_NOT_HAPPEN:
            return
        on = self.chance.between(first, last) if fate < HAPPENED else last
        outcome = "happened" if fate < HAPPENED else "did-not-happen"
        data = {"signal": forecast.key, "outcome": outcome, "on": day_text(on)}
        self.post.send("signal.resolved", PARTNERSHIP, office_hours(self.chance, self.times, on + 1), data)

    def _revise(self, sent: Sent, form: str, data: RawEvent) -> bool:
        """Amend or withdraw some signals later; return whether the signal was withdrawn."""
        at = office_hours(self.chance, self.times, self.times.day_of(sent.received_us) + self.chance.between(1, 3))
        key = {"signal": sent.key, "revision": 2}
        fate = self.chance.uniform()
        if fate < WITHDRAWN:
            self.post.send("signal.withdrawn", sent.source, at, key | {"reason": "entered-in-error"})
        elif fate < WITHDRAWN + AMENDED:
            self.post.send("signal.amended", sent.source, at, key | {form: data | {"already_referred": "yes"}})
        return fate < WITHDRAWN

    def _content(self, sorts: Weighted[str]) -> RawEvent:
        chance = self.chance
        content: RawEvent = {
            "told_by": f"contact-{chance.between(1, CONTACTS):03}",
            "affected_groups": [FIRST.pick(chance)],
            "sort": sorts.pick(chance),
            "reach": REACH.pick(chance),
            "already_referred": REFERRED.pick(chance),
        }
        if chance.happens(GRADED):
            content["grade"] = SOURCE.pick(chance) + INFORMATION.pick(chance) + HANDLING.pick(chance)
        if self.people is not None:
            content["narrative"] = self.people.account()
        return content

    def _somewhere(self, day: int) -> RawEvent:
        small = self.where.small_area(self.chance)
        if self.chance.happens(FOR_A_ZONE):
            return self.where.around(small)
        return self.where.whereabouts(Spot("located", "unknown", small, TOLD.pick(self.chance)), day)

    def _serves_surge(self, centre: Centre) -> bool:
        surging = (small for small in self.city.small_areas if small.zone == self.city.surge_zone)
        return any(self.city.closeness(centre, small) > 1 for small in surging)
