"""Planted personal data is found nowhere but sealed: every table, file, log line, metric, answer, error and output."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import select, update

from infra.db import tables
from infra.db.dead_letters import DeadLetterError, Replayer, dead_letter_body, list_dead_letters
from infra.db.engine import transaction
from infra.observability.logging import configure_logging
from infra.observability.metrics import Metrics
from infra.observability.observer import OperatorsObserver
from infra.vault.forgetting import Forgetter, ForgottenList, forget
from infra.vault.keys import SecretKeyError
from infra.vault.opening import open_parts
from streams.stages.intake import Outcome
from tests.support.cli import Cli
from tests.support.events import Raw, amendment, envelope, report
from tests.support.sealed import OTHER_SECRET, SECRET, SealedBench, consent, consent_change, reference

A = ("/centres/test", "a")
PLANTS = {
    "name": "Zebulon Quixworth",
    "phone": "01632 960199",
    "email": "zq@example.org",
    "address": "17 Nonesuch Parade",
    "date_of_birth": "1961-03-07",
    "safe_contact": "whistle twice at noon",
    "language": "Old Nonesuchian",
    "notes": "limps like a heron",
}
TEXTS = ("hurled a turnip", "sounded credible to Mottershaw", "behind the Nonesuch Arms", "TVP/99/887766")
CHARACTERISTIC = "seventh-day turnipist"
ALL = [*PLANTS.values(), *TEXTS, CHARACTERISTIC]
"""Words that stand nowhere in the product, so that wherever they are found they have leaked."""
WARD = {"areas": [{"layer": "ward", "code": "W1"}]}


def planted(**more: Any) -> Raw:
    person = {"role": "victim", **PLANTS, "characteristics": {"faith": CHARACTERISTIC}}
    suspect = {"role": "suspect", "name": PLANTS["name"]}
    return {
        "people": [person | {"consents": [consent("police", "yes")]}, suspect],
        "narrative": TEXTS[0],
        "staff_notes": TEXTS[1],
        "places": [WARD | {"as_written": TEXTS[2]}],
    } | more


def signal(id_: str) -> Raw:
    data = {"period": {"from": "2026-06-01", "to": "2026-06-07"}, "narrative": TEXTS[0]}
    return envelope("bellwether.signal.observed.v1", id_, "/centres/test", "2026-06-30T10:00:00Z", data)


def assessment(id_: str) -> Raw:
    data = {
        "area": {"layer": "ward", "code": "W1"},
        "period": {"from": "2026-06-01", "to": "2026-06-07"},
        "scale": "six",
        "level": "four",
        "confidence": "low",
        "agencies": ["council"],
        "expires": "2026-07-07",
        "by": {"user": "a-lee", "agency": "council"},
        "rationale": TEXTS[1],
    }
    return envelope("bellwether.assessment.set.v1", id_, "/decisions", "2026-06-30T10:00:00Z", data)


VALID = [
    report("a", **planted()),
    amendment("a2", A, 2, **planted(strands=["religion"])),
    reference("r", A, TEXTS[3]),
    consent_change("c", A, consent("police", "no")),
    signal("s"),
    assessment("d"),
    report("w", places=[{"as_written": TEXTS[2]}], people=planted()["people"]),
]
CONFLICTING = [report("a", **planted(narrative=f"{TEXTS[0]} again")), report("a", **planted(strands=["age"]))]
LATE = [report("ahead", **planted()) | {"time": "2026-07-01T13:00:00Z"}]
INVALID = [
    report("x1", **planted(types=["insult"])),
    report("x2", **planted(strands=["unheard-of"])),
    report("x3", **planted(people=[PLANTS])),
    report("x4", **planted(narrative={"said": TEXTS[0]})),
    report("x5", **planted(), **{PLANTS["name"]: TEXTS[0]}),
    report("x6", **planted(reported=PLANTS["phone"])),
    report("x7", **planted(places=[{"areas": [{"layer": "ward", "code": TEXTS[2]}], "as_written": TEXTS[2]}])),
    report("x8", **planted()) | {"type": TEXTS[0]},
    report("x9", **planted(people=[{"role": "victim", "date_of_birth": PLANTS["name"]}])),
]
TRUNCATED = [orjson.dumps(report("t", **planted()))[:-n] for n in (1, 40, 400)]


def spellings(plant: str) -> Iterator[bytes]:
    """Return ways in which a plant may hide: plain, escaped, in hex, in base64 at any offset, in UTF-16."""
    raw = plant.encode()
    yield from (raw.lower(), raw.hex().encode(), plant.encode("utf-16-le").lower())
    yield plant.lower().replace(" ", "").encode()
    for offset in range(3):
        yield base64.b64encode(b"x" * offset + raw)[4:-4].lower()


NEEDLES = [needle for plant in ALL for needle in spellings(plant) if len(needle) > 6]


def leaks(value: Any) -> list[str]:
    raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode(errors="replace")
    return [needle.decode("latin-1") for needle in NEEDLES if needle in raw.lower()]


def found_in_tables(bench: SealedBench) -> list[str]:
    with transaction(bench.engine, write=False) as connection:
        return [
            f"{table.name}.{column}: {leak}"
            for table in tables.metadata.sorted_tables
            for row in connection.execute(select(table)).mappings()
            for column, value in row.items()
            for leak in leaks(value)
        ]


@pytest.fixture
def sealed(database_url: str) -> Iterator[SealedBench]:
    made = SealedBench(database_url)
    yield made
    made.engine.dispose()


def test_the_search_finds_what_is_there() -> None:
    assert all(leaks(f"x{plant}y") and leaks(plant.upper()) for plant in ALL)
    assert leaks(base64.b64encode(f"ab{ALL[0]}".encode()).decode())
    assert leaks(ALL[0].encode().hex())
    assert not leaks("nothing of the kind")


def plant_all(bench: SealedBench, city: int) -> list[Any]:
    """Hand in what is valid, conflicting, late, truncated and invalid, and by wrong keys; return all that is said."""
    valid, aside = bench.hand_in(city, *VALID), bench.hand_in(city, *CONFLICTING, *LATE)
    refused = bench.desk(city).take(TRUNCATED, trusted=False) + bench.hand_in(city, *INVALID)
    assert [answer.outcome for answer in valid] == [Outcome.ACCEPTED] * len(VALID)
    assert all(answer.outcome is Outcome.QUARANTINED for answer in aside)
    assert all(answer.outcome is None for answer in refused)
    said: list[Any] = [valid, aside, refused]
    bench.reopen(None)
    said.append(bench.hand_in(city, report("n", **planted())))
    bench.reopen(OTHER_SECRET)
    with pytest.raises(SecretKeyError) as wrong:
        bench.hand_in(city, report("n", **planted()))
    bench.reopen(SECRET)
    return [*said, str(wrong.value)]


def poison(bench: SealedBench, city: int, registry: CollectorRegistry) -> None:
    """Have a stage meet a record that a fault has put a person into, and mend the record afterwards."""
    bench.hand_in(city, report("poison", **planted()))
    spoilt = update(tables.event).where(tables.event.c.id == "poison")
    with transaction(bench.engine, write=True) as connection:
        connection.execute(spoilt.values(body=orjson.dumps(planted())[:-9]))
    bench.drain(observer=OperatorsObserver(Metrics(registry)))
    with transaction(bench.engine, write=True) as connection:
        connection.execute(spoilt.values(body=b"{}"))


def test_planted_persons_are_nowhere_but_sealed(sealed: SealedBench, capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug")
    city, registry = sealed.partnership(), CollectorRegistry()
    said = plant_all(sealed, city)
    poison(sealed, city, registry)
    letters = list_dead_letters(sealed.engine, city, settled=False)
    assert {letter.code for letter in letters} == {"conflict", "clock-ahead", "poison"}
    assert all(leaks(dead_letter_body(sealed.ledger, letter)) for letter in letters)
    drafts = sealed.vault.drafts(sealed.engine, city)
    draft = drafts.save("a-lee", None, orjson.dumps(planted()), 7)
    said.append([draft, drafts.list("a-lee", 8)])
    assert leaks(drafts.open("a-lee", draft, 8))
    said.append([Replayer(sealed.ledger, city).replay(letter.number) for letter in letters if letter.code != "poison"])
    assert found_in_tables(sealed) == []
    assert leaks(said) == []
    assert leaks(generate_latest(registry)) == []
    printed = capfd.readouterr()
    assert "record set aside" in printed.err
    assert leaks(printed.out + printed.err) == []


def test_after_forgetting_nothing_planted_opens_and_all_counts_stay(sealed: SealedBench, tmp_path: Path) -> None:
    city = sealed.partnership()
    plant_all(sealed, city)
    sealed.drain()
    before = (sealed.rows(city, "area", "strand"), sealed.loss(city), sealed.verify())
    listed = ForgottenList(tmp_path / "forgotten.txt")
    while open_cases := sorted(row.case_reference for row in sealed.all("sealed_case") if row.wrapped_key is not None):
        forget(sealed.engine, city, open_cases[0], Forgetter("officer", "asked"), listed, 7)
    assert sealed.vault.master is not None
    with transaction(sealed.engine, write=False) as connection:
        numbers = [row.number for row in sealed.all("event")]
        assert open_parts(connection, sealed.vault.master, numbers) == {}
    for letter in list_dead_letters(sealed.engine, city, settled=False):
        with pytest.raises(DeadLetterError, match="was forgotten"):
            dead_letter_body(sealed.ledger, letter)
    assert (sealed.rows(city, "area", "strand"), sealed.loss(city), sealed.verify()) == before
    assert found_in_tables(sealed) == []
    assert leaks((tmp_path / "forgotten.txt").read_bytes()) == []


def test_no_command_prints_and_no_file_holds_a_planted_person(tmp_path: Path) -> None:
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    inbox.mkdir()
    home.mkdir()
    cli = Cli(home).with_ledger()
    settings = {"BELLWETHER_SECRET_KEY": SECRET, "BELLWETHER_LOG_LEVEL": "debug"}
    ward = {"areas": [{"layer": "ward-2014", "code": "E05009406"}], "as_written": TEXTS[2]}
    at_home: Raw = {"occurred": {"from": "2020-03-02"}, "reported": "2020-03-02", "places": [ward]}
    good = report("a", time="2020-03-03T10:00:00Z", **planted(**at_home))
    lines = [
        orjson.dumps(each)
        for each in (good, report("a", time="2020-03-03T10:00:00Z", **planted(**at_home, strands=["age"])), *INVALID)
    ]
    file = inbox / "events.ndjson"
    file.write_bytes(b"\n".join([*lines, *TRUNCATED]) + b"\n")
    counted = ("--layer", "city", "--from", "2020-01-01", "--to", "2020-12-31", "--by", "area")
    commands: list[tuple[object, ...]] = [
        *(("import", "events", file), ("ledger",), ("verify",), ("counts", *counted), ("stage", "list")),
        *(
            ("dead-letters", "list"),
            ("dead-letters", "list", "--all"),
            ("dead-letters", "replay", 1),
            ("alerts", "list"),
        ),
        *(("cases", "show", "0" * 32, "--agency", "police", "--actor", "x"), ("restore-check",), ("areas", "list")),
        *(("cases", "find", *A), ("partnerships", "list")),
    ]
    for keys in (settings, settings | {"BELLWETHER_SECRET_KEY": OTHER_SECRET}, {}, settings):
        for command in commands:
            ended = cli(*command, settings=keys)
            assert "Traceback" not in ended.err, (command, ended.err)
            assert leaks(ended.out + ended.err) == [], (command, keys)
    case = cli("cases", "find", *A, settings=settings).out.strip()
    shown = cli("cases", "show", case, "--agency", "police", "--actor", "x", settings=settings)
    assert len(leaks(shown.out)) > 5
    assert leaks(cli("dead-letters", "show", 1, settings=settings).out)
    assert cli("forget", case, "--reason", "asked", settings=settings).code == 0
    for command in (("cases", "show", case, "--agency", "police", "--actor", "x"), ("dead-letters", "show", 1)):
        ended = cli(*command, settings=settings)
        assert ended.code != 0
        assert leaks(ended.out + ended.err) == []
    assert cli("counts", *counted).table()[0]["count"] == "1"
    assert cli("verify").code == 0
    for path in home.rglob("*"):
        assert not path.is_file() or leaks(path.read_bytes()) == [], path
