"""The demo: a city that does not exist, from its first report to alerts that somebody answers."""

from pathlib import Path

from tests.support.cli import Cli


def test_once_it_shows_areas_counts_alerts_with_their_reasons_and_a_ledger_that_adds_up(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    ended = cli("demo", "--once", "--days", "60", "--database-url", cli.database_url)
    assert ended.code == 0, ended.err
    for shown in ("SYNTHETIC", "Lindenfold", "The city by month", "Alerts:", "What:", "Where:", "Deliveries", "yes"):
        assert shown in ended.out, shown
    assert "adds up" in ended.out
    listed = cli("alerts", "list", "--partnership", "fictional", "--database-url", cli.database_url)
    states = {row["state"] for row in listed.table()}
    assert {"open", "acknowledged"} <= states
    verified = cli("verify", "--database-url", cli.database_url)
    assert verified.code == 0, verified.err


def test_everything_in_it_is_marked_synthetic(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    assert cli("demo", "--once", "--days", "40", "--database-url", cli.database_url).code == 0
    rows = cli("alerts", "list", "--partnership", "fictional", "--database-url", cli.database_url).table()
    shown = cli("alerts", "show", rows[0]["id"], "--partnership", "fictional", "--database-url", cli.database_url)
    assert "(synthetic)" in shown.out
    sources = cli("ledger", "--partnership", "fictional", "--database-url", cli.database_url).table()
    assert {row["source"].split("/")[1] for row in sources} == {"rules", "synthetic"}


def test_the_store_of_its_own_is_made_anew_each_time(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    for _ in range(2):
        ended = cli("demo", "--once", "--days", "3")
        assert ended.code == 0, ended.err
    assert (tmp_path / "build" / "demo.db").exists()


def test_a_ledger_that_has_the_city_already_is_left_as_it_is(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    assert cli("demo", "--once", "--days", "3", "--database-url", cli.database_url).code == 0
    again = cli("demo", "--once", "--days", "3", "--database-url", cli.database_url)
    assert again.code == 2
    assert "already" in again.err
