"""The vault's commands, as a person runs them: keys named by their settings, exit codes, and lists outside."""

import shutil
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from infra.db.engine import make_engine, transaction
from infra.vault.keys import MasterKey
from tests.support.cli import Cli, Ended
from tests.support.databases import STORE_TIMEOUT_S
from tests.support.events import Raw, report
from tests.support.sealed import OTHER_SECRET, SECRET, consent, person

KEY = {"BELLWETHER_SECRET_KEY": SECRET}
WRONG = {"BELLWETHER_SECRET_KEY": OTHER_SECRET}
ROTATED = {"BELLWETHER_SECRET_KEY": OTHER_SECRET, "BELLWETHER_OLD_SECRET_KEY": SECRET}
NAME = "SYNTHETIC Person One"
ASKS = ("--agency", "police", "--actor", "officer-1")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path).with_ledger()


def told(id_: str = "a", police: str = "yes") -> Raw:
    return report(
        id_,
        time="2020-03-03T10:00:00Z",
        occurred={"from": "2020-03-02"},
        reported="2020-03-02",
        places=[{"areas": [{"layer": "ward-2014", "code": "E05009406"}]}],
        people=[person(police=police, consents=[consent("agency", "anonymised-only", agency="housing")])],
    )


def imported(cli: Cli, *events: Raw) -> Cli:
    ended = cli("import", "events", cli.write("e.ndjson", events), settings=KEY)
    assert ended.code == 0, ended.err
    return cli


def case(cli: Cli, id_: str = "a") -> str:
    return cli("cases", "find", "/centres/test", id_).out.strip()


def one_sentence(ended: Ended, code: int) -> str:
    assert ended.code == code, ended.err
    assert ended.out == ""
    (sentence,) = ended.err.strip().splitlines()
    return sentence


def test_a_case_is_shown_as_far_as_consent_goes(cli: Cli) -> None:
    imported(cli, told())
    shown = cli("cases", "show", case(cli), *ASKS, "--purpose", "enquiry 7", settings=KEY)
    assert shown.code == 0
    record = shown.json()
    assert (record["case"], record["agency"], record["allowed"]) == (case(cli), "police", "record")
    assert record["events"][0]["data"]["people"][0]["name"] == NAME
    codes = cli("cases", "show", case(cli), "--agency", "housing", "--actor", "warden-1")
    assert codes.code == 0
    assert codes.json()["allowed"] == "codes"
    assert NAME not in codes.out
    refused = cli("cases", "show", case(cli), "--agency", "victim-care", "--actor", "clerk-1", settings=KEY)
    assert one_sentence(refused, 1) == "nothing of this case may be shown to victim-care: consent-not-given"


def test_the_override_needs_somebody_else_and_a_reason(cli: Cli) -> None:
    imported(cli, told(police="no"))
    override = ("cases", "override", case(cli), *ASKS)
    assert one_sentence(cli("cases", "show", case(cli), *ASKS, settings=KEY), 1).endswith("consent-refused")
    alone = cli(*override, "--authorised-by", "officer-1", "--reason", "threat to life")
    assert "cannot authorise it" in one_sentence(alone, 2)
    assert "--reason" in one_sentence(cli(*override, "--authorised-by", "super-1", "--reason", " "), 2)
    assert cli(*override, "--authorised-by", "super-1", "--reason", "threat to life").code == 0
    assert NAME in cli("cases", "show", case(cli), *ASKS, settings=KEY).out


def test_what_is_asked_wrongly_is_said_so(cli: Cli) -> None:
    imported(cli, told())
    unknown = "0" * 32
    assert "no such case" in one_sentence(cli("cases", "show", unknown, *ASKS, settings=KEY), 2)
    assert "no such case" in one_sentence(cli("forget", unknown, "--reason", "asked"), 2)
    assert "--reason" in one_sentence(cli("forget", case(cli), "--reason", " "), 2)
    assert "nothing is sealed" in one_sentence(cli("cases", "find", "/centres/test", "b"), 2)
    wrong = cli("cases", "show", case(cli), "--agency", "The Police", "--actor", "x", settings=KEY)
    assert "--agency is a code" in one_sentence(wrong, 2)


@pytest.mark.parametrize("secret", ["short", "a" * 40])
def test_a_weak_key_is_refused_by_its_setting_and_never_repeated(cli: Cli, secret: str) -> None:
    ended = cli("ledger", settings={"BELLWETHER_SECRET_KEY": secret})
    sentence = one_sentence(ended, 2)
    assert sentence.startswith("bellwether: BELLWETHER_SECRET_KEY: it has fewer than")
    assert secret not in sentence


def test_a_missing_or_wrong_key_is_named_with_the_one_that_is_needed(cli: Cli) -> None:
    imported(cli, told())
    needed, given = MasterKey.of(SECRET).fingerprint, MasterKey.of(OTHER_SECRET).fingerprint
    before = cli("ledger").out
    file = cli.write("more.ndjson", [told("b")])
    for command in (("import", "events", file), ("cases", "show", case(cli), *ASKS)):
        sentence = one_sentence(cli(*command, settings=WRONG), 2)
        assert f"BELLWETHER_SECRET_KEY is the key {given}" in sentence
        assert f"sealed with {needed}" in sentence
    sentence = one_sentence(cli("cases", "show", case(cli), *ASKS), 2)
    assert "BELLWETHER_SECRET_KEY is not set" in sentence
    assert needed in sentence
    refused = cli("import", "events", file)
    assert refused.code == 1
    assert "line 1: no-secret-key at data.people[0]: " in refused.err
    assert cli("ledger").out == before
    assert (
        cli(
            "import", "events", cli.write("without.ndjson", [told("c") | {"data": told("c")["data"] | {"people": []}}])
        ).code
        == 0
    )


def test_forgetting_and_restoring(cli: Cli) -> None:
    imported(cli, told(), told("b"))
    forgotten, backup = case(cli), cli.folder / "backup.db"
    shutil.copy(cli.store, backup)
    assert cli("restore-check").code == 0
    ended = cli("forget", forgotten, "--reason", "asked to be forgotten", "--actor", "officer-2")
    assert ended.code == 0
    listed = cli.folder / "forgotten-cases.txt"
    assert listed.read_text().startswith(f"{forgotten}\t")
    refused = cli("cases", "show", forgotten, *ASKS, settings=KEY)
    assert one_sentence(refused, 1).endswith(": forgotten")
    assert "forgotten already" in one_sentence(cli("forget", forgotten, "--reason", "again"), 2)
    assert (cli("verify").code, cli("restore-check").code) == (0, 0)
    shutil.copy(backup, cli.store)
    for leftover in cli.folder.glob("ledger.db-*"):
        leftover.unlink()
    assert cli("cases", "show", forgotten, *ASKS, settings=KEY).code == 0
    again = cli("restore-check")
    assert again.code == 1
    assert "1 forgotten cases had come back, and were destroyed again" in again.err
    assert cli("restore-check").code == 0
    assert one_sentence(cli("cases", "show", forgotten, *ASKS, settings=KEY), 1).endswith(": forgotten")
    assert cli("cases", "show", case(cli, "b"), *ASKS, settings=KEY).code == 0


def test_no_byte_of_a_destroyed_key_stays_in_the_ledgers_file(cli: Cli) -> None:
    imported(cli, told())
    engine = make_engine(cli.database_url, STORE_TIMEOUT_S)
    with transaction(engine, write=False) as connection:
        wrapped = bytes(connection.execute(text("SELECT wrapped_key FROM sealed_case")).scalar_one())
        pseudonyms = connection.execute(text("SELECT count(*) FROM victim_pseudonym")).scalar_one()
    engine.dispose()
    assert pseudonyms == 0  # a name alone is too common

    def held() -> bool:
        return any(wrapped[12:] in path.read_bytes() for path in cli.folder.glob("ledger.db*"))

    assert held()
    assert cli("forget", case(cli), "--reason", "asked").code == 0
    assert not held()


def test_a_named_list_is_used_and_postgresql_must_have_one(cli: Cli, database_url: str, tmp_path: Path) -> None:
    imported(cli, told())
    named = tmp_path / "elsewhere.txt"
    listing = {"BELLWETHER_FORGOTTEN_FILE": str(named)}
    assert cli("forget", case(cli), "--reason", "asked", settings=listing).code == 0
    assert named.exists()
    assert not (cli.folder / "forgotten-cases.txt").exists()
    unlisted = cli("restore-check")
    assert "1 cases of this ledger were forgotten and are not in the list" in unlisted.err
    if database_url.startswith("postgresql"):
        other = Cli(tmp_path, database_url)
        assert "BELLWETHER_FORGOTTEN_FILE is not set" in one_sentence(other("restore-check"), 2)
        assert other("restore-check", settings=listing).code == 0


def test_a_rotation(cli: Cli) -> None:
    imported(cli, told())
    assert "BELLWETHER_OLD_SECRET_KEY is not set" in one_sentence(cli("vault", "rotate", settings=KEY), 2)
    backwards = {"BELLWETHER_SECRET_KEY": SECRET, "BELLWETHER_OLD_SECRET_KEY": OTHER_SECRET}
    assert cli("vault", "rotate", settings=backwards).code == 0  # it is sealed with the new one already
    third = ROTATED | {"BELLWETHER_OLD_SECRET_KEY": "a third SYNTHETIC secret 42"}
    assert "sealed with" in one_sentence(cli("vault", "rotate", settings=third), 2)
    rotated = cli("vault", "rotate", settings=ROTATED)
    assert rotated.code == 0
    assert MasterKey.of(OTHER_SECRET).fingerprint in rotated.err
    assert cli("cases", "show", case(cli), *ASKS, settings=KEY).code == 2
    assert NAME in cli("cases", "show", case(cli), *ASKS, settings=WRONG).out
    assert cli("vault", "rotate", settings=ROTATED).code == 0


def test_leaving_out_is_chosen_when_a_partnership_is_made(cli: Cli) -> None:
    for slug, how in (("counting", "count"), ("leaving", "leave-out")):
        made = cli("partnerships", "create", slug, "--places", "milton-keynes", "--without-statistics-consent", how)
        assert made.code == 0, made.err
        event = told()
        event["data"]["people"] = [person(statistics="no")]
        file = cli.write("e.ndjson", [event])
        assert cli("import", "events", file, "--partnership", slug, settings=KEY).code == 0
    asked = ("counts", "--layer", "city", "--from", "2020-01-01", "--to", "2020-12-31", "--by", "area", "--partnership")
    assert [len(cli(*asked, slug).table()) for slug in ("counting", "leaving")] == [1, 0]
    assert cli("verify").code == 0
    assert cli("partnerships", "create", "x", "--places", "none", "--without-statistics-consent", "maybe").code == 2


def test_a_sealed_dead_letter_is_shown_with_the_key_only(cli: Cli) -> None:
    imported(cli, told())
    other = told()
    other["data"]["people"][0]["name"] = "SYNTHETIC Person Two"
    assert cli("import", "events", cli.write("o.ndjson", [other]), settings=KEY).code == 1
    assert "BELLWETHER_SECRET_KEY is not set" in one_sentence(cli("dead-letters", "show", 1), 2)
    assert "SYNTHETIC" not in cli("dead-letters", "list").out
    shown = orjson.loads(cli("dead-letters", "show", 1, settings=KEY).out)
    assert shown["event"]["data"]["people"][0]["name"] == "SYNTHETIC Person Two"
    assert cli("forget", shown["case"], "--reason", "asked").code == 0
    assert "was forgotten; discard it" in one_sentence(cli("dead-letters", "show", 1, settings=KEY), 2)
    assert cli("dead-letters", "discard", 1, "--reason", "forgotten").code == 0
