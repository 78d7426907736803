"""The people of an incident, what is known of them, and what they consent to. All of it is for the vault only."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.fields import SEALED, CivilDay, Contract, FreeText, ShortText, Slug
from schemas.vocabulary import ConsentGiven, ConsentTo, PersonRole

Characteristic = Annotated[str, Field(min_length=1, max_length=60), SEALED]
"""As the person puts it, or `prefer-not-to-say`: no list fits everybody, and nothing is counted by it."""


class Consent(Contract):
    """One answer to one question of consent, and the day on which it was given."""

    to: ConsentTo
    agency: Slug | None = None
    given: ConsentGiven
    on: CivilDay

    @model_validator(mode="after")
    def _agency_named(self) -> "Consent":
        if (self.agency is not None) != (self.to is ConsentTo.AGENCY):
            raise PydanticCustomError("consent-agency", "name the agency where, and only where, consent is to one")
        return self


class Characteristics(Contract):
    """What a person says of themselves. Each is optional, and never asked of a suspect."""

    age_band: Characteristic | None = None
    gender: Characteristic | None = None
    ethnicity: Characteristic | None = None
    nationality: Characteristic | None = None
    faith: Characteristic | None = None
    disability: Characteristic | None = None
    sexual_orientation: Characteristic | None = None
    trans_status: Characteristic | None = None


class Person(Contract):
    """Somebody's part in an incident. A name is never required, and nothing else but the part is.

    `safe_contact` is how and when they can be reached without harm. Each consent stands by itself, with its date.
    """

    role: PersonRole
    name: ShortText | None = None
    phone: ShortText | None = None
    email: ShortText | None = None
    address: FreeText | None = None
    date_of_birth: Annotated[CivilDay, SEALED] | None = None
    safe_contact: ShortText | None = None
    language: ShortText | None = None
    characteristics: Characteristics | None = None
    notes: FreeText | None = None
    consents: Annotated[tuple[Consent, ...], Field(max_length=20)] = ()
