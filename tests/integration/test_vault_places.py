"""Places as written: a keyed reference outside, the text inside, until forgotten; and evidence without consent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.cli.alert_card import card, lines
from infra.db.alert_views import list_alerts, show_alert
from infra.db.evidence import narrowed
from infra.vault.forgetting import Forgetter, ForgottenList, forget
from infra.vault.keys import SecretKeyError
from infra.vault.places import WrittenPlaces
from schemas.alerts import AlertState
from tests.support.events import Raw, envelope, report
from tests.support.sealed import OTHER_SECRET, SealedBench, consent, consent_change, person

RULE = {"id": "one", "kind": "count", "scope": {"layer": "city"}, "count": 1, "days": 30}


@pytest.fixture
def sealed(database_url: str) -> Iterator[SealedBench]:
    made = SealedBench(database_url)
    yield made
    made.engine.dispose()


def written(id_: str, text: str) -> Raw:
    return report(id_, places=[{"as_written": text}])


def places(bench: SealedBench, city: int) -> WrittenPlaces:
    found = bench.ledger.vault(city)
    assert found is not None
    return found


def test_a_reference_is_keyed_by_partnership_and_knows_no_spelling(sealed: SealedBench) -> None:
    one, other = sealed.partnership(), sealed.partnership()
    reference = places(sealed, one).written_reference("Nonesuch  Street")
    assert len(reference) == 32
    assert places(sealed, one).written_reference(" nonesuch STREET ") == reference
    assert places(sealed, one).written_reference("Nonesuch Streets") != reference
    assert places(sealed, other).written_reference("Nonesuch Street") != reference
    sealed.reopen(OTHER_SECRET)
    with pytest.raises(SecretKeyError):
        places(sealed, one).written_reference("Nonesuch Street")
    sealed.reopen(None)
    assert sealed.ledger.vault(one) is None


def test_what_was_written_is_opened_until_it_is_forgotten(sealed: SealedBench, tmp_path: Path) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, written("a", "Nonesuch Street"), written("b", "Erewhon Lane"), report("c"))
    events = [row.number for row in sealed.all("event")]
    held = places(sealed, city)
    texts = ("Nonesuch Street", "Erewhon Lane")
    assert held.open_written(events) == {held.written_reference(text): text for text in texts}
    assert held.open_written([]) == {}
    forget(sealed.engine, city, sealed.case("a"), Forgetter("x", "y"), ForgottenList(tmp_path / "list.txt"), 7)
    assert list(held.open_written(events).values()) == ["Erewhon Lane"]


def test_evidence_without_consent_is_left_out_of_an_alert_and_it_says_so(sealed: SealedBench) -> None:
    city = sealed.partnership()
    rules = {"version": 1, "rules": [RULE]}
    sealed.hand_in(city, envelope("bellwether.rule.changed.v1", "r", "/decisions", "2026-06-30T10:00:00Z", rules))
    sealed.hand_in(city, report("a", people=[person(police="yes")]), report("b", people=[person(police="no")]))
    sealed.drain()

    def seen() -> tuple[set[str], str]:
        (alert,) = list_alerts(sealed.engine, city, list(AlertState))
        view = show_alert(sealed.engine, city, alert.id)
        kept = narrowed(sealed.engine, city, "police", view.updates)
        view.updates[:] = kept.triggers
        named = {each.name.id for trigger in kept.triggers for each in trigger.evidence}
        return named, "\n".join(lines(card(view, kept.left_out)))

    named, text = seen()
    assert named == {"a"}
    assert "Left out: 1 of its evidence" in text
    sealed.hand_in(city, consent_change("c", ("/centres/test", "a"), consent("police", "no")), report("d"))
    sealed.drain()
    named, text = seen()
    assert named == set()
    assert "Left out: " in text
    assert "Newest evidence" not in text
