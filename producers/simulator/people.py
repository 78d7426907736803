"""Invented people, told so that nobody can take them for real: SYNTHETIC names, numbers kept free for drama.

01632 960000 to 960999 is a range that the regulator gives to no subscriber; example.org is nobody's.
"""

from collections import deque
from dataclasses import dataclass, field, replace

from producers.simulator.chance import Chance, weighted
from producers.simulator.post import Post, Sent
from producers.simulator.routes import PARTNERSHIP
from producers.simulator.tellings import Telling
from producers.simulator.times import Times, day_text
from producers.simulator.when import office_hours
from producers.simulator.where import Spot
from schemas.upcast import RawEvent

ANONYMOUS, REPEAT, WITNESSED, SUSPECTED = 0.2, 0.2, 0.15, 0.1
NARRATED, NOTED, WRITTEN, UNPLACEABLE = 0.8, 0.2, 0.3, 0.3
CONSENT_CHANGED, REFERENCED = 0.03, 0.3
VICTIMS_REMEMBERED = 300
TO_POLICE = weighted(yes=52, anonymised_only=22, no=20, prefer_not_to_say=6)
TO_HOUSING = weighted(yes=45, no=45, unknown=10)
TO_STATISTICS = weighted(yes=93, no=5, unknown=2)
AGE_BANDS = ("under-18", "18-24", "25-44", "45-64", "65-and-over", "prefer-not-to-say")
ACCOUNTS = (
    "shouting in the street",
    "words over a fence",
    "a note through a door",
    "marks on a wall",
    "a remark in a queue",
)


@dataclass
class People:
    """Adds people and free text to what reports say. Its draws are its own: all else stays as it is without people."""

    times: Times
    post: Post
    chance: Chance
    unplaceable: str
    _persons: int = 0
    _victims: deque[int] = field(default_factory=lambda: deque(maxlen=VICTIMS_REMEMBERED))

    def added_to(self, telling: Telling, reported_day: int) -> Telling:
        """Return a report with its people and what they tell."""
        said: RawEvent = {"people": self._people(day_text(reported_day))}
        if self.chance.happens(NARRATED):
            said["narrative"] = self.account()
        if self.chance.happens(NOTED):
            said["staff_notes"] = "SYNTHETIC note: asked for a quiet room."
        return replace(telling, spots=tuple(map(self._written, telling.spots)), facts=telling.facts | said)

    def account(self) -> str:
        """Return a story that says at once that it is none."""
        return f"SYNTHETIC account of {self.chance.one(ACCOUNTS)}. Nothing of this happened."

    def follow_up(self, report: Sent, *, crime: bool) -> None:
        """Let some change their minds on consent, and some crimes get a reference from the police."""
        if self.chance.happens(CONSENT_CHANGED):
            at = self._later(report)
            changed = {"to": "police", "given": TO_POLICE.pick(self.chance), "on": day_text(self.times.day_of(at))}
            data = {"incident": report.key, "consents": [changed]}
            self.post.send("incident.consent_changed", report.source, at, data)
        if crime and self.chance.happens(REFERENCED):
            reference = f"SYNTHETIC-REF-{self.chance.between(0, 999_999):06}"
            data = {"incident": report.key, "agency": "police", "reference": reference}
            self.post.send("incident.referenced", PARTNERSHIP, self._later(report), data)

    def _later(self, report: Sent) -> int:
        return office_hours(self.chance, self.times, self.times.day_of(report.received_us) + self.chance.between(1, 20))

    def _people(self, day: str) -> list[RawEvent]:
        people = [self._victim(day)]
        if self.chance.happens(WITNESSED):
            people.append(self._person("witness", self._new()))
        if self.chance.happens(SUSPECTED):
            people.append({"role": "suspect", "notes": "SYNTHETIC suspect, not known to the victim."})
        return people

    def _victim(self, day: str) -> RawEvent:
        consents = [
            {"to": "police", "given": TO_POLICE.pick(self.chance), "on": day},
            {"to": "agency", "agency": "housing", "given": TO_HOUSING.pick(self.chance), "on": day},
            {"to": "statistics", "given": TO_STATISTICS.pick(self.chance), "on": day},
        ]
        if self.chance.happens(ANONYMOUS):
            return {"role": "victim", "consents": consents}
        again = self._victims and self.chance.happens(REPEAT)
        number = self.chance.one(self._victims) if again else self._new()
        self._victims.append(number)
        return self._person("victim", number) | {
            "date_of_birth": f"{1941 + number % 60}-{1 + number % 12:02}-{1 + number % 28:02}",
            "characteristics": {"age_band": self.chance.one(AGE_BANDS)},
            "consents": consents,
        }

    def _person(self, role: str, number: int) -> RawEvent:
        return {
            "role": role,
            "name": f"SYNTHETIC Person {number:04}",
            "phone": f"01632 960{number % 1000:03}",
            "email": f"person-{number:04}@example.org",
        }

    def _new(self) -> int:
        self._persons += 1
        return self._persons

    def _written(self, spot: Spot) -> Spot:
        """Return a place as somebody wrote it; some write a name that no gazetteer has, and that is all there is."""
        if spot.kind == "unknown" and self.chance.happens(UNPLACEABLE):
            return replace(spot, as_written=self.unplaceable)
        if spot.kind == "located" and self.chance.happens(WRITTEN):
            return replace(spot, as_written=f"SYNTHETIC place, {self.chance.between(1, 99)} paces from the corner")
        return spot
