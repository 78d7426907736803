"""bellwether simulate: a file of synthetic events that intake takes as it stands, and plain words where it cannot."""

import stat
from pathlib import Path

import orjson
import pytest

from tests.support.cli import Cli

PLACES = ("milton-keynes", "fictional")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def simulate(
    cli: Cli, *more: object, days: object = 30, seed: object = 1, to: object = "out.ndjson"
) -> tuple[int, str]:
    ended = cli("simulate", "--seed", seed, "--days", days, "-o", to, *more)
    assert ended.out == ""
    return ended.code, ended.err


def test_it_needs_no_ledger_and_writes_the_same_file_twice(cli: Cli) -> None:
    code, said = simulate(cli, to="one.ndjson")
    assert (code, simulate(cli, to="two.ndjson")[0]) == (0, 0)
    one, two = ((cli.folder / name).read_bytes() for name in ("one.ndjson", "two.ndjson"))
    assert one == two
    assert f"{len(one.splitlines())} synthetic events of 30 days written to one.ndjson" in said
    assert not cli.store.exists()


def test_places_are_those_of_milton_keynes_unless_said(cli: Cli) -> None:
    simulate(cli)
    plain = (cli.folder / "out.ndjson").read_bytes()
    simulate(cli, "--places", "milton-keynes")
    assert (cli.folder / "out.ndjson").read_bytes() == plain
    assert b"E06000042" in plain
    simulate(cli, "--places", "fictional")
    invented = (cli.folder / "out.ndjson").read_bytes()
    assert b"X06000001" in invented
    assert b"E06000042" not in invented


def test_people_and_free_text_only_if_asked(cli: Cli) -> None:
    simulate(cli)
    assert b"SYNTHETIC Person" not in (cli.folder / "out.ndjson").read_bytes()
    assert simulate(cli, "--persons")[0] == 0
    assert b"SYNTHETIC Person" in (cli.folder / "out.ndjson").read_bytes()


def test_every_line_is_an_event_marked_synthetic(cli: Cli) -> None:
    simulate(cli, days=3)
    for line in (cli.folder / "out.ndjson").read_bytes().splitlines():
        event = orjson.loads(line)
        assert event["marking"] == "synthetic"
        assert event["source"].startswith("/synthetic/")


@pytest.mark.parametrize("days", [0, -1, 36_526, 10**9])
def test_absurd_days_are_refused_and_nothing_is_written(cli: Cli, days: int) -> None:
    code, said = simulate(cli, days=days)
    assert code == 2
    assert "--days takes 1 to 36,525" in said
    assert not (cli.folder / "out.ndjson").exists()


@pytest.mark.parametrize("days", ["many", "1.5", ""])
def test_days_that_are_no_number_are_wrong_use(cli: Cli, days: str) -> None:
    assert simulate(cli, days=days)[0] == 2


def test_a_negative_seed_is_refused(cli: Cli) -> None:
    code, said = simulate(cli, seed=-1)
    assert code == 2
    assert "--seed takes a whole number from 0" in said


def test_unknown_places_are_refused_with_the_known_ones(cli: Cli) -> None:
    code, said = simulate(cli, "--places", "atlantis")
    assert code == 2
    assert all(places in said for places in PLACES)


@pytest.mark.parametrize("missing", ["--seed", "--days", "-o"])
def test_what_must_be_said_is_asked_for(cli: Cli, missing: str) -> None:
    given = {"--seed": "1", "--days": "1", "-o": "out.ndjson"}
    ended = cli("simulate", *(word for option, value in given.items() if option != missing for word in (option, value)))
    assert ended.code == 2
    assert missing in ended.err


def test_a_file_that_cannot_be_written_is_wrong_use(cli: Cli) -> None:
    (cli.folder / "folder").mkdir()
    for to in ("folder", "no/such/folder/out.ndjson"):
        code, said = simulate(cli, to=to)
        assert code == 2
        assert f"{Path(to).name} cannot be written" in said
        assert "choose another" in said


def test_a_disk_that_is_full_is_a_fault_and_says_so(cli: Cli) -> None:
    full = Path("/dev/full")
    if not (full.exists() and stat.S_ISCHR(full.stat().st_mode)):
        pytest.skip("this system has no /dev/full")
    code, said = simulate(cli, to=full)
    assert code == 1
    assert "full cannot be written to the end" in said


@pytest.mark.parametrize("places", PLACES)
def test_a_hundred_and_twenty_days_are_imported_with_nothing_rejected(cli: Cli, places: str) -> None:
    cli.with_ledger()
    there = ("--partnership", places)
    if places != "milton-keynes":
        assert cli("partnerships", "create", places, "--places", places).code == 0
    assert simulate(cli, "--places", places, days=120)[0] == 0
    lines = len((cli.folder / "out.ndjson").read_bytes().splitlines())
    imported = cli("import", "events", "out.ndjson", *there)
    assert imported.code == 0, imported.err
    assert f"{lines} read: {lines} accepted, 0 there already, 0 quarantined, 0 rejected" in imported.err
    asked = ("--layer", "city", "--from", "2026-01-01", "--to", "2026-12-31", "--by", "area", *there)
    (city,) = cli("counts", *asked).table()
    assert 120 < int(city["count"]) < 240
    assert cli("verify", *there).code == 0


def test_years_before_the_first_known_wards_are_taken_too(cli: Cli) -> None:
    cli.with_ledger()
    assert simulate(cli, days=4_700)[0] == 0
    head = (cli.folder / "out.ndjson").read_bytes().splitlines()[:3_000]
    assert orjson.loads(head[0])["receivedtime"] < "2014-01-01"
    assert orjson.loads(head[-1])["receivedtime"] > "2014-06-01"
    imported = cli("import", "events", cli.write("head.ndjson", b"\n".join(head)))
    assert imported.code == 0, imported.err
    assert "3000 read: 3000 accepted, 0 there already, 0 quarantined, 0 rejected" in imported.err


def test_people_are_taken_in_where_they_can_be_sealed_and_refused_elsewhere(cli: Cli) -> None:
    cli.with_ledger()
    assert simulate(cli, "--persons", days=60)[0] == 0
    with_people = sum(b'"people"' in line for line in (cli.folder / "out.ndjson").read_bytes().splitlines())
    assert with_people > 30
    refused = cli("import", "events", "out.ndjson")
    assert refused.code == 1
    assert "no-secret-key" in refused.err
    taken = cli(
        "import", "events", "out.ndjson", settings={"BELLWETHER_SECRET_KEY": "only for tests: 0123456789abcdef"}
    )
    assert taken.code == 0, taken.err
    assert " 0 quarantined, 0 rejected" in taken.err
