"""The shipped sample: synthetic from end to end, the same bytes every time, and nothing of it rejected."""

from collections import Counter
from pathlib import Path

from schemas import codec
from schemas.events import EVENT_TYPES, IncidentAmended, IncidentReported
from tests.support.cli import Cli
from tests.support.make_sample import AMENDMENTS, LINKS, REPORTS, SAMPLE, UNLINKS, WITHDRAWALS, sample


def test_making_it_again_gives_the_same_bytes() -> None:
    assert sample() == SAMPLE.read_bytes(), "run `python -m tests.support.make_sample`"


def test_it_says_everywhere_that_it_is_synthetic() -> None:
    for line in SAMPLE.read_bytes().splitlines():
        event = codec.decode(line)
        assert event.source.startswith("/centres/synthetic-")
        assert event.id.startswith("SYNTHETIC-")
        assert event.subject == "SYNTHETIC"


def test_it_has_something_of_everything_in_the_order_received() -> None:
    events = [codec.decode(line) for line in SAMPLE.read_bytes().splitlines()]
    assert Counter(event.type.split(".")[2] for event in events) == {
        "reported": REPORTS,
        "amended": AMENDMENTS,
        "withdrawn": WITHDRAWALS,
        "linked": LINKS,
        "unlinked": UNLINKS,
    }
    assert {event.type for event in events} <= EVENT_TYPES.keys()
    received = [event.receivedtime or "" for event in events]
    assert received == sorted(received)
    assert received[0] > "2026"
    places = Counter[str]()
    for event in events:
        if isinstance(event, IncidentReported | IncidentAmended):
            occurred = event.data.occurred
            assert all(
                "2026-01-01" <= moment[:10] <= "2026-05-05" for moment in (occurred.from_, occurred.to) if moment
            )
            (place,) = event.data.places
            places.update(area.layer for area in place.areas)
            places["name"] += place.name is not None
    assert set(places) == {"ward-2014", "lsoa-2021", "name"}
    assert min(places.values()) > 20


def test_it_imports_with_nothing_rejected_and_every_count_is_right(tmp_path: Path) -> None:
    cli = Cli(tmp_path).with_ledger()
    imported = cli("import", "events", SAMPLE)
    assert imported.code == 0, imported.err
    assert "300 read: 300 accepted, 0 there already, 0 quarantined, 0 rejected" in imported.err
    whole = ("--from", "2026-01-01", "--to", "2026-12-31")
    (city,) = cli("counts", "--layer", "city", *whole, "--by", "area").table()
    assert city == {"area": "E06000042", "area_name": "Milton Keynes", "count": "230"}
    assert REPORTS - WITHDRAWALS - (LINKS - UNLINKS) == 230
    by_ward = cli("counts", "--layer", "ward-2014", *whole, "--by", "area").table()
    assert len(by_ward) == 19
    ledger = cli("ledger")
    assert ledger.code == 0
    assert sum(int(row["counted"]) for row in ledger.table()) == 300
    assert cli("verify").code == 0
    again = cli("import", "events", SAMPLE)
    assert "0 accepted, 300 there already" in again.err
