"""Repeat victimisation: by what a victim may be known again, and how many earlier cases there were in twelve months."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

from schemas.people import Person
from schemas.vocabulary import EarlierIncidents, PersonRole
from streams.core.days import day_from_number, day_number

COUNTRY_CODE = "44"
SHORTEST_PHONE = 7
LEAP_DAY = (2, 29)


def victims(people: Iterable[Person]) -> tuple[tuple[str, ...], ...]:
    """Return for each victim the identifiers that they may be known again by; none where nothing identifies them."""
    return tuple(identifiers(person) for person in people if person.role is PersonRole.VICTIM)


def identifiers(person: Person) -> tuple[str, ...]:
    """Return a person's identifiers in one spelling each: name with date of birth, e-mail, telephone.

    Any one that agrees makes two victims the same, since a report seldom has all three. A name alone is too common. A
    telephone or e-mail that a family shares makes the family one victim, which is how repeats are acted on: by home.
    """
    found = []
    if person.name is not None and person.date_of_birth is not None and (name := _letters(person.name)):
        found.append(f"name-born {name} {person.date_of_birth}")
    if person.email is not None and "@" in person.email:
        found.append(f"email {unicodedata.normalize('NFKC', person.email).strip().casefold()}")
    if person.phone is not None and (digits := _phone(person.phone)):
        found.append(f"phone {digits}")
    return tuple(found)


def twelve_months_before(day: int) -> int:
    """Return the same day a year earlier; of 29 February the 28th."""
    civil = day_from_number(day)
    if (civil.month, civil.day) == LEAP_DAY:
        return day_number(date(civil.year - 1, 2, 28))
    return day_number(civil.replace(year=civil.year - 1))


def repeat(earlier_cases: Sequence[int | None]) -> EarlierIncidents:
    """Return the code for an incident from the number of earlier cases of each victim, None where it is unknown.

    The victim with the most decides; unknown only if nothing is known of any of them.
    """
    most = max((number for number in earlier_cases if number is not None), default=None)
    if most is None:
        return EarlierIncidents.UNKNOWN
    return (EarlierIncidents.NONE, EarlierIncidents.ONE, EarlierIncidents.TWO_OR_MORE)[min(most, 2)]


def _letters(name: str) -> str:
    """Return a name's words without case, accents, punctuation and order: `Ó Súil, Ann` is `ann o suil`."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(each))
    words = "".join(each if each.isalnum() else " " for each in plain).split()
    return " ".join(sorted(words))


def _phone(text: str) -> str:
    """Return a number's digits as they are dialled from within the country; nothing if it is too short for one."""
    digits = "".join(each for each in text if each.isascii() and each.isdigit())
    international = text.strip().startswith("+") or digits.startswith("00")
    digits = digits.removeprefix("00") if digits.startswith("00") else digits
    if international and digits.startswith(COUNTRY_CODE):
        digits = "0" + digits.removeprefix(COUNTRY_CODE).removeprefix("0")
    return digits if len(digits) >= SHORTEST_PHONE else ""
