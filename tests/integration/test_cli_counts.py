"""`counts`: every breakdown, both bases, both formats, and what was known earlier."""

import pytest

from tests.support.cli import Cli, Ended
from tests.support.events import Raw, amendment, context, report

EAST, PARK = "E05009406", "E05009407"  # Bletchley East, Bletchley Park
YEAR = ("--layer", "ward-2014", "--from", "2020-01-01", "--to", "2020-12-31")


def ward(code: str) -> list[Raw]:
    return [{"areas": [{"layer": "ward-2014", "code": code}]}]


def on(day: str, received: str, event: Raw) -> Raw:
    """Say on which days a report was received and, an incident, happened."""
    if "occurred" in event["data"]:
        event["data"] |= {"occurred": {"from": day}, "reported": day}
    return event | {"receivedtime": received, "time": f"{received}T12:00:00Z"}


def events() -> list[Raw]:
    a, b = "/centres/a", "/centres/b"
    return [
        on("2020-03-02", "2020-03-03", report("1", source=a, places=ward(EAST))),
        on(
            "2020-03-08",
            "2020-03-09",
            report("2", source=a, places=ward(EAST), strands=["race", "religion"], types=["threat", "assault"]),
        ),
        on("2020-03-09", "2020-04-10", report("3", source=b, places=ward(PARK), strands=["disability"])),
        on("2020-03-08", "2020-05-01", amendment("2b", (a, "2"), 2, source=a, places=ward(PARK))),
        on("2020-03-20", "2020-04-10", report("4", source=b, places=[{"kind": "online"}])),
        on("", "2020-04-15", context("c", period={"from": "2020-03-01", "to": "2020-03-31"}, count=3,
                                     place=ward(EAST)[0])),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    made = Cli(tmp_path_factory.mktemp("counts")).with_ledger()
    ended = made("import", "events", made.write("e.ndjson", events()))
    assert ended.code == 0, ended.err
    return made


def rows(cli: Cli, by: str, *others: str) -> str:
    """Return the rows as text, without the header."""
    ended = cli("counts", *YEAR, "--by", by, *others)
    assert ended.code == 0, ended.err
    return " ".join(ended.out.splitlines()[1:])


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("area", "E05009406,Bletchley East,1 E05009407,Bletchley Park,2"),
        ("day", "2020-03-02,1 2020-03-08,1 2020-03-09,1"),
        ("week", "2020-03-02,2 2020-03-09,1"),
        ("month", "2020-03,3"),
        ("strand", "disability,1 race,2"),
        ("category", "verbal-abuse,3"),
        ("centre", "/centres/a,2 /centres/b,1"),
        ("month,area", "2020-03,E05009406,Bletchley East,1 2020-03,E05009407,Bletchley Park,2"),
        ("strand,week", "disability,2020-03-09,1 race,2020-03-02,2"),
        ("centre,category,month", "/centres/a,verbal-abuse,2020-03,2 /centres/b,verbal-abuse,2020-03,1"),
        ("category,strand", "verbal-abuse,disability,1 verbal-abuse,race,2"),
        ("day,month,week", "2020-03-02,2020-03,2020-03-02,1 2020-03-08,2020-03,2020-03-02,1"
         " 2020-03-09,2020-03,2020-03-09,1"),
    ],
)  # fmt: skip
def test_counts_by_every_dimension(cli: Cli, by: str, expected: str) -> None:
    assert rows(cli, by) == expected


def test_columns_are_the_names_asked_for(cli: Cli) -> None:
    ended = cli("counts", *YEAR, "--by", "month,area,strand")
    assert ended.out.splitlines()[0] == "month,area,area_name,strand,count"
    assert cli("counts", *YEAR, "--by", "area", "--format", "json").json() == [
        {"area": EAST, "area_name": "Bletchley East", "count": 1},
        {"area": PARK, "area_name": "Bletchley Park", "count": 2},
    ]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("day", "2020-03-03,1 2020-03-09,1 2020-04-10,1"),
        ("area", "E05009406,Bletchley East,2 E05009407,Bletchley Park,1"),
        ("strand", "disability,1 race,2 religion,1"),
        ("category", "assault,1 threat,1 verbal-abuse,2"),
        ("centre,month", "/centres/a,2020-03,2 /centres/b,2020-04,1"),
    ],
)
def test_the_received_basis_counts_first_versions_on_the_day_received(cli: Cli, by: str, expected: str) -> None:
    assert rows(cli, by, "--basis", "received") == expected


def test_context_is_never_among_incidents(cli: Cli) -> None:
    assert rows(cli, "area,month", "--kind", "context") == "E05009406,Bletchley East,2020-03,3"
    assert rows(cli, "category,centre", "--kind", "context") == "Public order,/police-uk/test,3"
    assert rows(cli, "strand", "--kind", "context") == ""
    assert "Public order" not in rows(cli, "category")


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2020-03-02", ""),
        ("2020-03-03", "E05009406,Bletchley East,1"),
        ("2020-03-31", "E05009406,Bletchley East,2"),
        ("2020-04-10", "E05009406,Bletchley East,2 E05009407,Bletchley Park,1"),
        ("2020-05-01", "E05009406,Bletchley East,1 E05009407,Bletchley Park,2"),
    ],
)
def test_as_of_gives_what_was_known_then(cli: Cli, as_of: str, expected: str) -> None:
    assert rows(cli, "area", "--as-of", as_of) == expected
    by_contribution = cli("counts", *YEAR, "--by", "area,centre", "--as-of", as_of).table()
    by_triangle = cli("counts", *YEAR, "--by", "area", "--as-of", as_of).table()
    assert sum(int(row["count"]) for row in by_contribution) == sum(int(row["count"]) for row in by_triangle)


def test_a_backfill_later_than_as_of_is_named_apart_from_the_table(cli: Cli) -> None:
    ended = cli("counts", *YEAR, "--by", "area", "--as-of", "2020-04-10")
    assert "import events, e.ndjson" in ended.err
    assert "came after 2020-04-10" in ended.err
    assert "e.ndjson" not in ended.out
    assert "e.ndjson" not in cli("counts", *YEAR, "--by", "area", "--as-of", "2098-01-01").err
    assert "e.ndjson" not in cli("counts", *YEAR, "--by", "area").err


def test_what_lies_in_no_area_is_told_apart_from_the_table(cli: Cli) -> None:
    assert cli("counts", *YEAR, "--by", "area").err.startswith("1 more lie in no area of layer ward-2014")
    assert cli("counts", *YEAR, "--by", "centre").err.startswith("1 more lie in no area of layer ward-2014")


def test_days_asked_for_are_included(cli: Cli) -> None:
    def total(first: str, last: str) -> int:
        how = ("--layer", "ward-2014", "--from", first, "--to", last, "--by", "day")
        return sum(int(row["count"]) for row in cli("counts", *how).table())

    assert total("2020-03-02", "2020-03-02") == 1
    assert total("2020-03-03", "2020-03-07") == 0
    assert total("2020-03-08", "2020-03-09") == 2


def test_nothing_gives_a_header_and_no_row(cli: Cli) -> None:
    none = ("--layer", "ward-2014", "--from", "2019-01-01", "--to", "2019-12-31", "--by", "area")
    assert (cli("counts", *none).code, cli("counts", *none).out) == (0, "area,area_name,count\n")
    assert cli("counts", *none, "--format", "json").out == "[]\n"


@pytest.mark.parametrize("layer", ["city", "zone", "lsoa-2021", "ward-2026"])
def test_other_layers_answer_too(cli: Cli, layer: str) -> None:
    how = ("--from", "2020-01-01", "--to", "2020-12-31", "--by", "area")
    found = cli("counts", "--layer", layer, *how)
    assert found.code == 0
    counted = sum(int(row["count"]) for row in found.table())
    assert counted == {"city": 4, "zone": 3, "lsoa-2021": 0, "ward-2026": 0}[layer]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"--layer": "ward"}, "known layers: city, lsoa-2021, ward-2014, ward-2026, zone"),
        ({"--by": "area,colour"}, "--by takes area, day, week, month, strand, category, centre; colour is none"),
        ({"--by": ""}, "--by takes area"),
        ({"--by": "area,area"}, "only once"),
        ({"--kind": "crime"}, "--kind"),
        ({"--basis": "guessed"}, "--basis"),
        ({"--format": "xml"}, "--format"),
        ({"--from": "2021-01-01"}, "--to lies before --from"),
        ({"--from": "1 March"}, "--from"),
        ({"--as-of": "yesterday"}, "--as-of"),
        ({"--partnership": "leeds"}, "milton-keynes"),
    ],
)
def test_a_question_that_cannot_be_answered_is_wrong_use(cli: Cli, changed: dict[str, str], said: str) -> None:
    asked = dict(zip(YEAR[::2], YEAR[1::2], strict=True)) | {"--by": "area"} | changed
    ended = cli("counts", *(word for pair in asked.items() for word in pair))
    assert (ended.code, ended.out) == (2, "")
    assert said in unframed(ended)


def test_what_is_required_is_asked_for(cli: Cli) -> None:
    ended = cli("counts", "--layer", "city")
    assert (ended.code, ended.out) == (2, "")
    assert "Missing option" in unframed(ended)


def unframed(ended: Ended) -> str:
    return " ".join(ended.err.replace("│", " ").split())
