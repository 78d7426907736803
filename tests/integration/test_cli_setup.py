"""Making ledgers and partnerships, asking for help, and what a command says when it is asked wrongly."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from infra.cli.app import app
from tests.support.cli import Cli

COMMANDS = {
    "db upgrade": {"--partitions"},
    "partnerships create": {"--places", "--time-zone", "--without-statistics-consent"},
    "partnerships list": {"--format"},
    "areas import": {"--layer", "--code-field", "--name-field", "--parent-field", "--valid-from", "--valid-to"},
    "areas lookup": {"--from-layer", "--from-field", "--to-layer", "--to-field", "--valid-from", "--valid-to"},
    "areas list": {"--layer", "--format"},
    "areas confirm": {"--layer", "--code", "--actor", "--agency"},
    "areas written list": {"--format"},
    "import police-uk": set(),
    "import incidents": {"--mapping", "--convert-only"},
    "import events": set(),
    "counts": {"--layer", "--from", "--to", "--by", "--kind", "--basis", "--as-of", "--format"},
    "ledger": {"--format"},
    "dead-letters list": {"--all", "--format"},
    "dead-letters show": set(),
    "dead-letters replay": set(),
    "dead-letters discard": {"--reason"},
    "verify": set(),
    "stage list": {"--format"},
    "stage resume": set(),
    "rules apply": set(),
    "rules list": {"--format"},
    "rules shipped": set(),
    "alerts list": {"--state", "--format"},
    "alerts show": {"--agency", "--format"},
    "alerts acknowledge": {"--actor", "--agency", "--reason"},
    "alerts stand-down": {"--actor", "--agency", "--reason"},
    "alerts close": {"--actor", "--agency", "--reason", "--outcome"},
    "routes apply": set(),
    "routes list": {"--format"},
    "deliveries list": {"--format"},
    "replay": {"--speed", "--tick"},
    "simulate": {"--seed", "--days", "--places", "--persons", "--output"},
    "serve": {"--port", "--host", "--metrics-port"},
    "api": {"--port", "--host", "--metrics-port"},
    "demo": {"--days", "--once", "--port", "--host"},
    "forget": {"--reason", "--actor"},
    "restore-check": set(),
    "vault rotate": set(),
    "keys create": {"--scope", "--agency", "--expires", "--name", "--actor"},
    "keys list": {"--format"},
    "keys revoke": {"--actor"},
    "keys rotate": {"--overlap-hours", "--actor"},
    "users create": {"--role", "--agency", "--centre", "--source", "--area", "--actor"},
    "users list": {"--format"},
    "users disable": {"--actor"},
    "users password": {"--actor"},
    "audit list": {"--format"},
    "cases show": {"--agency", "--actor", "--purpose"},
    "cases find": set(),
    "cases override": {"--agency", "--actor", "--authorised-by", "--reason"},
}
WHOLE_LEDGER = {
    *("stage list", "stage resume", "db upgrade", "partnerships create", "partnerships list"),
    *("serve", "api", "demo", "restore-check", "vault rotate"),
}
WITHOUT_A_LEDGER = {"simulate", "rules shipped"}


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, each in command.commands.items():
        yield from leaves(each, (*path, name))


LEAVES = dict(leaves(typer.main.get_command(app)))


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_the_commands_are_those_of_the_interface() -> None:
    assert {" ".join(path) for path in LEAVES} == set(COMMANDS)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_help_says_what_a_command_does_and_each_option(cli: Cli, path: tuple[str, ...]) -> None:
    ended = cli(*path, "--help")
    assert (ended.code, ended.err) == (0, "")
    said = " ".join(re.sub("[│╭╮╰╯─]", " ", ended.out).split())
    name = " ".join(path)
    shared = {"--database-url"} | (set() if name in WHOLE_LEDGER else {"--partnership"})
    if name in WITHOUT_A_LEDGER:
        shared = set()
    for option in COMMANDS[name] | shared:
        assert option in said
    for parameter in LEAVES[path].params:
        if "--help" not in parameter.opts:
            assert parameter.help, f"{parameter.name} has no help"
            assert max(parameter.opts, key=len).strip("_") in said.lower()
    summary = (LEAVES[path].help or "").split("\n")[0]
    assert summary.endswith(".")
    assert summary in said


@pytest.mark.parametrize("group", sorted({path[:length] for path in LEAVES for length in range(len(path))}))
def test_a_group_alone_shows_its_help_and_is_wrong_use(cli: Cli, group: tuple[str, ...]) -> None:
    ended = cli(*group)
    assert ended.code == 2
    assert "--help" in ended.out + ended.err
    assert cli(*group, "--help").code == 0


def test_the_installed_command_does_the_same_as_a_process_of_its_own(cli: Cli) -> None:
    made = cli.alone("db", "upgrade")
    assert (made.code, made.out) == (0, "")
    assert "milton-keynes" in made.err
    listed = cli.alone("partnerships", "list")
    assert (listed.code, listed.err) == (0, "")
    assert listed.table() == [
        {
            "slug": "milton-keynes",
            "places": "milton-keynes",
            "time_zone": "Europe/London",
            "partition": "0",
            "marking": "actual",
            "picture": "no clock yet",
        }
    ]
    wrong = cli.alone("counts", "--layer", "x", "--from", "2020-01-01", "--to", "2020-01-02", "--by", "area")
    assert (wrong.code, wrong.out) == (2, "")
    assert "known layers: city, lsoa-2021, ward-2014, ward-2026, zone" in wrong.err
    assert cli.alone("nonsense").code == 2


def test_upgrading_twice_changes_nothing(cli: Cli) -> None:
    first = cli("db", "upgrade")
    assert (first.code, first.out) == (0, "")
    before = areas(cli)
    second = cli("db", "upgrade")
    assert (second.code, second.out) == (0, "")
    assert "new ledger" in first.err
    assert "new ledger" not in second.err
    assert areas(cli) == before
    assert {row["layer"] for row in before} == {"city", "zone", "ward-2014", "ward-2026", "lsoa-2021"}


def test_a_ledger_keeps_its_number_of_partitions(cli: Cli) -> None:
    assert cli("db", "upgrade", "--partitions", 3).code == 0
    assert cli("db", "upgrade", "--partitions", 3).code == 0
    refused = cli("db", "upgrade", "--partitions", 4)
    assert refused.code == 2
    assert "3 partitions" in refused.err
    for absurd in (0, -1, 257, "many"):
        assert cli("db", "upgrade", "--partitions", absurd).code == 2


def test_partnerships_are_made_and_listed(cli: Cli) -> None:
    cli.with_ledger()
    made = cli("partnerships", "create", "luton", "--places", "none", "--time-zone", "Europe/Berlin")
    assert (made.code, made.out) == (0, "")
    assert cli("partnerships", "create", "mk-two", "--places", "milton-keynes").code == 0
    rows = cli("partnerships", "list", "--format", "json").json()
    assert [(row["slug"], row["places"], row["time_zone"]) for row in rows] == [
        ("luton", "none", "Europe/Berlin"),
        ("milton-keynes", "milton-keynes", "Europe/London"),
        ("mk-two", "milton-keynes", "Europe/London"),
    ]
    ambiguous = cli("ledger")
    assert ambiguous.code == 2
    assert "luton, milton-keynes, mk-two" in ambiguous.err
    assert cli("ledger", "--partnership", "luton").code == 0
    unknown = cli("ledger", "--partnership", "leeds")
    assert unknown.code == 2
    assert "luton, milton-keynes, mk-two" in unknown.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("luton", "--places", "atlantis"),
        ("milton-keynes", "--places", "none"),
        ("Luton Town", "--places", "none"),
        ("", "--places", "none"),
        ("luton",),
        ("luton", "--places", "none", "--time-zone", "Mars/Olympus"),
        ("luton", "--places", "none", "--time-zone", "/etc/passwd"),
        ("luton", "--places", "none", "--time-zone", "Europe"),
    ],
)
def test_a_partnership_that_cannot_be_is_refused(cli: Cli, arguments: tuple[str, ...]) -> None:
    cli.with_ledger()
    assert cli("partnerships", "create", *arguments).code == 2
    assert len(cli("partnerships", "list").table()) == 1


def test_a_time_zone_that_does_not_exist_makes_no_ledger(cli: Cli) -> None:
    refused = cli("db", "upgrade", settings={"BELLWETHER_TIME_ZONE": "Mars/Olympus"})
    assert refused.code == 2
    assert "time zone" in refused.err
    assert cli("db", "upgrade").code == 0
    assert [row["time_zone"] for row in cli("partnerships", "list").table()] == ["Europe/London"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BELLWETHER_STORE_TIMEOUT_S", "soon"),
        ("BELLWETHER_STORE_TIMEOUT_S", "-1"),
        ("BELLWETHER_LOG_LEVEL", "loud"),
    ],
)
def test_a_setting_that_cannot_be_is_wrong_use_and_named(cli: Cli, name: str, value: str) -> None:
    ended = cli.alone("partnerships", "list", settings={name: value})
    assert (ended.code, ended.out) == (2, "")
    assert name in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("url", ["mysql://somewhere", "nothing at all", "postgresql://host/name", ""])
def test_a_database_url_of_another_kind_is_wrong_use(cli: Cli, url: str) -> None:
    ended = cli("ledger", "--database-url", url)
    assert (ended.code, ended.out) == (2, "")
    assert "store-url" in ended.err


@pytest.mark.parametrize(
    "command",
    [
        ("ledger",),
        ("verify",),
        ("partnerships", "list"),
        ("partnerships", "create", "luton", "--places", "none"),
        ("areas", "list"),
        ("dead-letters", "list"),
        ("stage", "list"),
        ("stage", "resume", "aggregate"),
        ("import", "events", "events.ndjson"),
        ("counts", "--layer", "city", "--from", "2020-01-01", "--to", "2020-01-02", "--by", "area"),
    ],
)
def test_a_missing_schema_and_one_of_another_version_are_said(cli: Cli, command: tuple[str, ...]) -> None:
    cli.write("events.ndjson", b"{}\n")
    missing = cli(*command)
    assert (missing.code, missing.out) == (2, "")
    assert "bellwether db upgrade" in missing.err
    cli.with_ledger()
    with sqlite3.connect(cli.store) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    other = cli(*command)
    assert (other.code, other.out) == (2, "")
    assert "the ledger's schema is 0000" in other.err


def test_asking_a_ledger_that_is_not_there_makes_no_file(cli: Cli) -> None:
    assert cli("ledger").code == 2
    assert not cli.store.exists()


def areas(cli: Cli) -> list[dict[str, str]]:
    ended = cli("areas", "list")
    assert ended.code == 0
    return ended.table()
