"""`bellwether replay` as a person runs it: history in its own time, once, into a partnership made for it."""

from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.events import Raw, report

RULES = """
rules:
  - {id: two-in-seven, kind: count, scope: {layer: ward-2014}, count: 2, days: 7}
"""


def history() -> list[Raw]:
    places = [{"areas": [{"layer": "ward-2014", "code": "E05009412"}]}]
    return [
        report(
            f"r{number}",
            time=f"2019-03-{day:02}T10:00:00Z",
            occurred={"from": f"2019-03-{day:02}"},
            reported=f"2019-03-{day:02}",
            places=places,
        )
        | {"receivedtime": f"2019-03-{day:02}T12:00:00Z"}
        for number, day in enumerate((20, 1, 3, 30), start=1)
    ]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    made = Cli(tmp_path).with_ledger()
    assert made("rules", "apply", made.write("rules.yaml", RULES)).code == 0
    return made


def test_rules_that_were_there_judge_history_in_its_own_time(cli: Cli) -> None:
    ended = cli("replay", cli.write("history.ndjson", history()), "--tick", "1d")
    assert ended.code == 0, ended.err
    assert "4 read: 4 played, 0 there already, 0 quarantined, 0 rejected" in ended.err
    (alert,) = cli("alerts", "list").table()
    assert (alert["rule"], alert["area"], alert["state"]) == ("two-in-seven", "E05009412", "open")
    assert alert["opened_at"] == "2019-03-03T12:00:00.000000Z"
    march = ("--from", "2019-03-01", "--to", "2019-03-31", "--by", "area")
    as_of = cli("counts", "--layer", "ward-2014", *march, "--as-of", "2019-03-10")
    assert [row["count"] for row in as_of.table()] == ["2"]
    assert cli("verify").code == 0


def test_it_is_played_once_and_only_where_nothing_was_reported(cli: Cli) -> None:
    file = cli.write("history.ndjson", history())
    assert cli("replay", file).code == 0
    again = cli("replay", file)
    assert again.code == 2
    assert "replay into a new one" in again.err


def test_bad_lines_are_listed_by_number_and_the_rest_is_played(cli: Cli) -> None:
    good, *_ = history()
    unknown = good | {"id": "x", "data": good["data"] | {"strands": ["nothing"]}}
    lines = cli.write("lines.ndjson", [good, unknown]).read_bytes() + b'{"no": "time"}\nnot json\n'
    ended = cli("replay", cli.write("mixed.ndjson", lines))
    assert ended.code == 1
    assert "line 2: unknown-strand" in ended.err
    assert "line 3: no-time" in ended.err
    assert "line 4: no-time" in ended.err
    assert "4 read: 1 played, 0 there already, 0 quarantined, 3 rejected" in ended.err


@pytest.mark.parametrize("option", [("--tick", "1w"), ("--tick", "0h"), ("--speed", "fast"), ("--speed", "-1")])
def test_a_pace_that_makes_no_sense_is_wrong_use(cli: Cli, option: tuple[str, str]) -> None:
    ended = cli("replay", cli.write("history.ndjson", history()), *option)
    assert ended.code == 2
    assert option[0] in ended.err
    assert cli("ledger").table()[0]["source"] == "/rules"


def test_the_spacing_of_ticks_changes_nothing(tmp_path: Path) -> None:
    seen = []
    for tick in ("30m", "1d"):
        (tmp_path / tick).mkdir()
        cli = Cli(tmp_path / tick).with_ledger()
        assert cli("rules", "apply", cli.write("rules.yaml", RULES)).code == 0
        assert cli("replay", cli.write("history.ndjson", history()), "--tick", tick).code == 0
        seen.append(cli("alerts", "list").out)
    assert seen[0] == seen[1]


def test_the_picture_of_a_partnership_nobody_serves_is_unknown(cli: Cli) -> None:
    assert cli("partnerships", "list").table()[0]["picture"] == "no clock yet"
    assert cli("replay", cli.write("history.ndjson", history())).code == 0
    (row,) = cli("partnerships", "list").table()
    assert (row["picture"], row["marking"]) == ("unknown", "actual")
