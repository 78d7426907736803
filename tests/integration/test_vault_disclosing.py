"""A case is shown to an agency as far as its consents allow, and every showing and refusal is logged."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.db.engine import transaction
from infra.vault.disclosing import Asker, CaseError, Shown, override, show_case
from infra.vault.keys import SecretKeyError
from streams.core.consent import Allowed
from tests.support.events import Raw, amendment, envelope, report, withdrawal
from tests.support.sealed import SealedBench, consent, consent_change, person, reference

A = ("/centres/test", "a")
POLICE = Asker("officer-1", "police", "enquiry 7")
HOUSING = Asker("warden-1", "housing")
NAME, NARRATIVE = "SYNTHETIC Person One", "SYNTHETIC narrative"


@pytest.fixture
def sealed(database_url: str) -> Iterator[SealedBench]:
    made = SealedBench(database_url)
    yield made
    made.engine.dispose()


def told(police: str | None = None, **agencies: str) -> Raw:
    consents = [consent("agency", given, agency=agency) for agency, given in agencies.items()]
    asked = {} if police is None else {"police": police}
    return report("a", people=[person(**asked, consents=consents)], narrative=NARRATIVE)


def show(bench: SealedBench, city: int, asker: Asker, id_: str = "a") -> Shown:
    with transaction(bench.engine, write=True) as connection:
        return show_case(connection, bench.vault.master, city, bench.case(id_), asker, bench.clock.now_us())


def log(bench: SealedBench) -> list[tuple[Any, ...]]:
    return [
        (row.act, row.actor, row.agency, row.purpose, row.decision, row.reason, row.authorised_by)
        for row in bench.all("disclosure")
    ]


def test_with_consent_the_record_is_shown_and_logged(sealed: SealedBench) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, told("yes"), reference("r", A, "SYNTHETIC/42"))
    shown = show(sealed, city, POLICE)
    assert shown.decision.allowed is Allowed.RECORD
    first, second = shown.record["events"]
    assert first["data"]["people"][0]["name"] == NAME
    assert first["data"]["narrative"] == NARRATIVE
    assert second["data"]["reference"] == "SYNTHETIC/42"
    assert log(sealed) == [("shown", "officer-1", "police", "enquiry 7", "record", "consent", None)]
    (entry,) = sealed.all("disclosure")
    assert (entry.partnership, entry.case_reference, entry.at_us) == (city, sealed.case("a"), sealed.clock.now_us())


def test_anonymised_only_gives_codes_and_nobody(sealed: SealedBench) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, told("anonymised-only"), reference("r", A, "SYNTHETIC/42"))
    sealed.reopen(None)  # codes need no key
    shown = show(sealed, city, POLICE)
    assert shown.decision.allowed is Allowed.CODES
    assert "SYNTHETIC" not in str(shown.record)
    assert shown.record["events"][0]["data"]["strands"] == ["race"]
    assert log(sealed) == [("shown", "officer-1", "police", "enquiry 7", "codes", "consent-anonymised-only", None)]


@pytest.mark.parametrize("police", ["no", "unknown", "prefer-not-to-say", None])
def test_without_consent_nothing_is_shown_and_the_refusal_is_logged(sealed: SealedBench, police: str | None) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, told(police, housing="yes"))
    shown = show(sealed, city, POLICE)
    assert (shown.decision.allowed, shown.record) == (Allowed.NOTHING, {})
    assert show(sealed, city, HOUSING).decision.allowed is Allowed.RECORD
    assert show(sealed, city, Asker("clerk", "victim-care")).record == {}
    assert [entry[0] for entry in log(sealed)] == ["refused", "shown", "refused"]


def test_a_change_of_consent_holds_from_then_on_whichever_came_first(sealed: SealedBench) -> None:
    city = sealed.partnership()
    later = consent_change("c2", A, consent("police", "no"), time="2026-06-30T13:00:00Z")
    earlier = consent_change("c1", A, consent("police", "yes"), time="2026-06-30T12:00:00Z")
    sealed.hand_in(city, later, told("yes"))
    assert show(sealed, city, POLICE).decision.reason == "consent-refused"
    sealed.hand_in(city, earlier)
    assert show(sealed, city, POLICE).decision.reason == "consent-refused"
    sealed.hand_in(city, consent_change("c3", A, consent("police", "anonymised-only"), time="2026-06-30T14:00:00Z"))
    assert show(sealed, city, POLICE).decision.allowed is Allowed.CODES
    again = amendment("a2", A, 2, people=[person(police="yes")], time="2026-06-30T15:00:00Z")
    sealed.hand_in(city, again)
    assert show(sealed, city, POLICE).decision.allowed is Allowed.CODES


def test_the_last_version_is_shown_and_a_withdrawn_one_is_not(sealed: SealedBench) -> None:
    city = sealed.partnership()
    corrected = amendment("a2", A, 2, people=[person(name="SYNTHETIC Person Two", police="yes")])
    sealed.hand_in(city, corrected, told("yes"))
    record = show(sealed, city, POLICE).record
    assert [event["id"] for event in record["events"]] == ["a2"]
    assert NAME not in str(record)
    sealed.hand_in(city, withdrawal("a3", A, 3))
    assert show(sealed, city, POLICE).decision == (Allowed.NOTHING, "withdrawn")


def test_a_witness_is_named_only_by_their_own_consent(sealed: SealedBench) -> None:
    city = sealed.partnership()
    others = [
        person("witness", "SYNTHETIC Willing", police="yes"),
        person("witness", "SYNTHETIC Unwilling", police="no"),
        person("reporter", "SYNTHETIC Unasked"),
        person("suspect", "SYNTHETIC Suspected"),
    ]
    sealed.hand_in(city, report("a", people=[person(police="yes"), *others]))
    (event,) = show(sealed, city, POLICE).record["events"]
    assert [each["name"].split()[1] for each in event["data"]["people"]] == ["Person", "Willing", "Suspected"]


def test_the_one_override_names_who_authorised_it_and_why(sealed: SealedBench) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, told("no"))
    case, asker = sealed.case("a"), POLICE._replace(purpose="threat to life")
    with transaction(sealed.engine, write=True) as connection:
        for wrong, authoriser in ((asker, "officer-1"), (asker._replace(purpose=" "), "superintendent-1")):
            with pytest.raises(CaseError):
                override(connection, city, case, wrong, authoriser, 7)
    assert log(sealed) == []
    with transaction(sealed.engine, write=True) as connection:
        override(connection, city, case, asker, "superintendent-1", 7)
    assert NAME in str(show(sealed, city, POLICE).record)
    assert show(sealed, city, HOUSING).record == {}
    assert show(sealed, city, Asker("x", "test-valley-police")).record == {}
    assert log(sealed)[:2] == [
        ("overridden", "officer-1", "police", "threat to life", "record", "serious-harm-override", "superintendent-1"),
        ("shown", "officer-1", "police", "enquiry 7", "record", "serious-harm-override", None),
    ]


def test_signals_have_no_consents_and_are_shown_to_nobody(sealed: SealedBench) -> None:
    city = sealed.partnership()
    signal = {
        "period": {"from": "2026-06-01", "to": "2026-06-07"},
        "narrative": NARRATIVE,
    }
    sealed.hand_in(
        city, envelope("bellwether.signal.observed.v1", "s", "/centres/test", "2026-06-30T10:00:00Z", signal)
    )
    assert show(sealed, city, POLICE, "s").decision == (Allowed.NOTHING, "consent-not-given")


def test_a_case_of_another_partnership_is_not_there_and_a_missing_key_is_named(sealed: SealedBench) -> None:
    city, other = sealed.partnership(), sealed.partnership()
    sealed.hand_in(city, told("yes"))
    with pytest.raises(CaseError, match="no such case in this partnership"):
        show(sealed, other, POLICE)
    (state,) = sealed.all("vault")
    sealed.reopen(None)
    with pytest.raises(SecretKeyError, match=f"BELLWETHER_SECRET_KEY is not set.*{state.fingerprint}"):
        show(sealed, city, POLICE)
    assert log(sealed) == []
