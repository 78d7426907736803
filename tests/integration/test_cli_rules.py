"""bellwether rules: a file takes force as a whole, or not at all and with every fault named."""

import re
from pathlib import Path

import pytest

from infra.cli.rule_files import apply_shipped_rules
from infra.db.engine import make_engine, transaction
from infra.db.ledger import SqlLedger
from infra.db.rules import rule_sets
from schemas.rules import CountRule
from tests.support.cli import Cli
from tests.support.databases import STORE_TIMEOUT_S

TWO = """
rules:
  - id: severe
    kind: severe-event            # one incident with harm at or above a grade
    scope: {layer: zone}
    harm: serious
  - id: three-in-seven
    kind: count                   # N in D days
    scope: {layer: zone, areas: [zone-bletchley], strands: [race, religion]}
    count: 3
    days: 7
    severity: red
"""
MORE = (
    TWO
    + """
  - id: returns
    kind: silence
    periods: 2
  - id: coming
    kind: signal
    grade: 2C
"""
)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path).with_ledger()


def apply(cli: Cli, text: str) -> tuple[int, str]:
    ended = cli("rules", "apply", cli.write("rules.yaml", text))
    assert ended.out == ""
    return ended.code, ended.err


def versions(cli: Cli) -> dict[str, str]:
    return {row["id"]: row["version"] for row in cli("rules", "list").table()}


def sets(cli: Cli) -> int:
    engine = make_engine(cli.database_url, STORE_TIMEOUT_S)
    with transaction(engine, write=False) as connection:
        found = len(rule_sets(connection, 1))
    engine.dispose()
    return found


def test_rules_are_listed_as_they_were_applied(cli: Cli) -> None:
    assert apply(cli, MORE)[0] == 0
    assert cli("rules", "list").table() == [
        {
            "id": "severe",
            "version": "1",
            "kind": "severe-event",
            "enabled": "yes",
            "layer": "zone",
            "areas": "",
            "strands": "any",
            "parameters": "harm=serious class=tension",
            "severity": "",
        },
        {
            "id": "three-in-seven",
            "version": "1",
            "kind": "count",
            "enabled": "yes",
            "layer": "zone",
            "areas": "zone-bletchley",
            "strands": "race+religion",
            "parameters": "count=3 days=7",
            "severity": "red",
        },
        {
            "id": "returns",
            "version": "1",
            "kind": "silence",
            "enabled": "yes",
            "layer": "",
            "areas": "",
            "strands": "",
            "parameters": "periods=2",
            "severity": "",
        },
        {
            "id": "coming",
            "version": "1",
            "kind": "signal",
            "enabled": "yes",
            "layer": "city",
            "areas": "",
            "strands": "any",
            "parameters": "forms=forecast+observed grade=2CP",
            "severity": "",
        },
    ]
    assert [row["id"] for row in cli("rules", "list", "--format", "json").json()] == [*versions(cli)]


def test_the_same_file_again_changes_nothing_and_says_so(cli: Cli) -> None:
    first = apply(cli, TWO)
    assert first[0] == 0
    assert "severe, three-in-seven" in first[1]
    again = apply(cli, TWO.replace("# N in D days", "# the same"))
    assert again == (0, "these rules hold already; nothing was changed\n")
    assert sets(cli) == 1


def test_a_rule_gets_a_new_version_when_it_is_different_or_comes_back(cli: Cli) -> None:
    apply(cli, TWO)
    apply(cli, MORE.replace("count: 3", "count: 4"))
    assert versions(cli) == {"severe": "1", "three-in-seven": "2", "returns": "1", "coming": "1"}
    apply(cli, "rules:\n  - {id: severe, kind: severe-event, harm: serious, scope: {layer: zone}}\n")
    assert versions(cli) == {"severe": "1"}
    apply(cli, MORE)
    assert versions(cli) == {"severe": "1", "three-in-seven": "3", "returns": "2", "coming": "2"}
    assert sets(cli) == 4


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (TWO.replace("severe-event ", "savage-event "), ["line 4: there is no such kind of rule; known: count"]),
        (
            TWO.replace("zone, areas", "zonee, areas"),
            ["line 9: there is no layer zonee here; there are: city, lsoa-2021"],
        ),
        (TWO.replace("zone-bletchley", "nowhere"), ["line 9: layer zone has no such area; it has: zone-bletchley"]),
        (TWO.replace("religion]", "spite]"), ["line 9: the register has no such strand; it has: age, disability"]),
        (TWO.replace("strands: [race, religion]", "strands: 7"), ["line 9: strands is any, each, or a list"]),
        (
            TWO.replace("count: 3", "count: 0").replace("days: 7", "days: 800"),
            ["line 10: this number", "line 11: this"],
        ),
        (TWO.replace("count: 3", "count: many"), ["line 10: this must be a whole number"]),
        (TWO.replace("harm: serious", "harm: unknown"), ["line 3: harm is minor, serious or critical"]),
        (TWO.replace("severity", "severety"), ["line 12: no such key here"]),
        (TWO.replace("three-in-seven", "severe"), ["line 7: two rules are called severe"]),
        (MORE.replace("2C", "B2"), ["3x5x2"]),
        ("rules: []\n", ["line 1: this list is empty"]),
        ("rules: [\n", ["line 2"]),
        ("", ["line 1"]),
    ],
)
def test_a_file_with_faults_is_refused_and_the_old_rules_stay(cli: Cli, text: str, faults: list[str]) -> None:
    apply(cli, TWO)
    before = cli("rules", "list").out
    code, said = apply(cli, text)
    assert code == 2
    assert said.startswith("bellwether: the rules stay as they were\nrules.yaml, line ")
    assert [fault for fault in faults if fault not in said] == []
    assert (cli("rules", "list").out, sets(cli)) == (before, 1)


def test_a_file_that_is_not_there_or_no_text_is_refused(cli: Cli) -> None:
    missing = cli("rules", "apply", "nowhere.yaml")
    assert (missing.code, missing.err) == (2, "bellwether: nowhere.yaml cannot be read as UTF-8 text\n")
    assert cli("rules", "apply", cli.write("bytes.yaml", b"\xff\xfe")).code == 2


def test_rules_are_those_of_one_partnership_and_of_its_places(cli: Cli) -> None:
    cli("partnerships", "create", "plain", "--places", "none")
    file = cli.write("rules.yaml", "rules:\n  - {id: a, kind: count, count: 3, days: 7}\n")
    assert cli("rules", "apply", file, "--partnership", "milton-keynes").code == 0
    refused = cli("rules", "apply", file, "--partnership", "plain")
    assert (refused.code, "line 2: there is no layer city here; there are: none" in refused.err) == (2, True)
    assert cli("rules", "list", "--partnership", "plain").table() == []
    assert len(cli("rules", "list", "--partnership", "milton-keynes").table()) == 1


def test_the_example_of_the_how_to_is_a_rule_file(cli: Cli) -> None:
    page = Path(__file__).parents[2].joinpath("docs", "how-to", "write-a-rule.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert apply(cli, example)[0] == 0
    assert versions(cli) == {"three-in-seven": "1"}


def test_the_shipped_rules_fit_shipped_places_and_leave_counts_on_zones_off(cli: Cli) -> None:
    cli("partnerships", "create", "invented", "--places", "fictional")
    engine = make_engine(cli.database_url, STORE_TIMEOUT_S)
    ledger = SqlLedger(engine)
    for partnership in (1, 2):
        apply_shipped_rules(ledger, partnership)
        with transaction(engine, write=False) as connection:
            (shipped,) = rule_sets(connection, partnership)
        assert {rule.kind for rule in shipped.rules} == {"severe-event", "silence", "signal", "count"}
        assert [rule.id for rule in shipped.rules if not rule.enabled] == ["three-in-seven"]
        assert all(not rule.enabled for rule in shipped.rules if isinstance(rule, CountRule))
    engine.dispose()
