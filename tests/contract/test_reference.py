"""The reference says what the code says: commands, settings, events, metrics, the HTTP interface, codes of problems."""

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from api.doorway import PUBLIC
from api.problems import TITLES
from infra.cli.reference.__main__ import main
from infra.cli.reference.codes import Found, UnknownCodeError, codes_of
from infra.cli.reference.http import described_app
from infra.cli.reference.markdown import WIDTH, anchor, paragraphs
from infra.cli.reference.pages import pages
from infra.cli.reference.schemas_in_words import named_within, words
from infra.observability.metrics import CounterName, GaugeName, HistogramName
from infra.settings import Settings
from schemas.events import EVENT_TYPES

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "tests" / "golden"
REFERENCE = ROOT / "docs" / "reference"
NAMES = ("api.md", "commands.md", "events.md", "metrics.md", "problems.md", "settings.md")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages(EXAMPLES)


def test_every_page_is_known(made: dict[str, str]) -> None:
    assert tuple(sorted(made)) == NAMES
    kept = sorted(path.name for path in REFERENCE.iterdir())
    assert kept == sorted(made), "run `make docs`, and commit docs/reference"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_what_the_code_says(made: dict[str, str], name: str) -> None:
    kept = (REFERENCE / name).read_text(encoding="utf-8")
    assert kept == made[name], f"docs/reference/{name} is out of date: run `make docs`, and commit docs/reference"


def test_it_is_written_the_same_every_time(made: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("what was a page once")
    main(EXAMPLES, tmp_path)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == made


@pytest.mark.parametrize("name", NAMES)
def test_a_page_can_be_read_as_it_is(made: dict[str, str], name: str) -> None:
    lines = _without_code(made[name])
    assert not [line for line in lines if len(line) > WIDTH and " " in line.strip()]
    assert not [line for line in lines if line != line.rstrip() or re.search(r"`None`|(?<!\\)<\w|object at", line)]


@pytest.mark.parametrize("name", NAMES)
def test_links_within_a_page_lead_to_one_heading(made: dict[str, str], name: str) -> None:
    headings = [anchor(line.lstrip("# ")) for line in _without_code(made[name]) if line.startswith("#")]
    assert len(set(headings)) == len(headings)
    assert set(re.findall(r"\]\((#[^)]+)\)", made[name])) <= set(headings)


def test_index_leads_to_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"(reference/{name})" not in index] == []


def test_a_command_says_what_it_needs(made: dict[str, str]) -> None:
    text = _section(made["commands.md"], "bellwether counts")
    assert "    bellwether counts --layer LAYER --from DAY --to DAY --by LIST [OPTIONS]" in text
    assert "- `--layer LAYER`, required. The layer of areas, such as ward-2014, zone or city." in text
    assert "- `--kind incident|context`, default `incident`. " in text
    assert "- `--state open|acknowledged|stood-down|closed`. " in made["commands.md"]
    assert "- `--partitions NUMBER`, 1 to 256. " in made["commands.md"]


def test_a_setting_says_whether_it_is_a_secret(made: dict[str, str]) -> None:
    secrets = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    for name in Settings.model_fields:
        text = _section(made["settings.md"], f"BELLWETHER_{name.upper()}")
        assert ("; a secret." in text) == (name in secrets)
    assert "more than 0, at most 600" in _section(made["settings.md"], "BELLWETHER_STORE_TIMEOUT_S")


def test_an_event_says_what_it_takes_and_what_is_sealed(made: dict[str, str]) -> None:
    headings = [line for line in _without_code(made["events.md"]) if line.startswith("## bellwether.")]
    assert headings == [f"## {name}" for name in EVENT_TYPES]
    incident = _section(made["events.md"], "bellwether.incident.reported.v1")
    assert "- `strands` (required): list, 1 to 12 entries: [Code](#code)." in incident
    assert "- `narrative`: [Free text](#free-text). Sealed." in incident
    assert "- `recording`: [Recording](#recording); `reported` unless said." in incident
    assert '"id": "SYNTHETIC-full"' in incident
    assert "- `date_of_birth`: [Day](#day). Sealed." in _section(made["events.md"], "Person")
    assert "`walk-in`, `phone`" in _section(made["events.md"], "Channel")


def test_every_metric_has_the_name_by_which_it_is_read(made: dict[str, str]) -> None:
    named = re.findall(r"^- `(\w+)`", made["metrics.md"], flags=re.MULTILINE)
    counters = [f"{each.value.name}_total" for each in CounterName]
    assert named == [*counters, *(each.value.name for each in (*GaugeName, *HistogramName))]


def test_every_call_says_who_may_make_it() -> None:
    calls = [
        (path, call.get("security"))
        for path, methods in described_app().openapi()["paths"].items()
        for call in methods.values()
    ]
    assert {path for path, security in calls if not security} == PUBLIC & {path for path, _ in calls}
    scopes = [scope for _, security in calls for each in security or () for scope in each.values()]
    assert all(len(each) == 1 for each in scopes), "of several scopes in one requirement all would be needed"


def test_what_the_contract_refers_to_is_there() -> None:
    contract = described_app().openapi()
    assert set(named_within(contract)) <= contract["components"]["schemas"].keys()


def test_a_call_says_what_it_needs(made: dict[str, str]) -> None:
    text = _section(made["api.md"], "POST /v1/events")
    assert "It needs a key with the scope `events:write:SOURCE` or `admin`." in text
    assert "- 202. `application/json`: [HandedIn](#handedin)." in text
    assert "Public: it needs no key." in _section(made["api.md"], "GET /healthz")


def test_every_status_of_a_problem_is_told(made: dict[str, str]) -> None:
    told = re.findall(r"^- (\d+): ", _section(made["api.md"], "Problems by status"), flags=re.MULTILINE)
    assert told == [str(status) for status in sorted(TITLES)]


def test_a_problem_says_where_it_comes_from(made: dict[str, str]) -> None:
    assert "About HTTP, with the status 401." in _section(made["problems.md"], "no-valid-key")
    assert "- the year must lie between 1900 and 2099." in _section(made["problems.md"], "absurd-time")
    assert "run `bellwether db upgrade` first" in _section(made["problems.md"], "store-schema")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("an <id> is *not* markup", "an \\<id> is \\*not\\* markup"),
        ("but `<id>` and `*` are as they are", "but `<id>` and `*` are as they are"),
        ("first\nline\n\nsecond", "first line\n\nsecond"),
        (
            "What it does.\n\nFor example: bellwether\n    verify",
            "What it does.\n\nFor example:\n\n    bellwether verify",
        ),
        ("word " * 30, ("word " * 24).strip() + "\n" + ("word " * 6).strip()),
        ("a" * 130, "a" * 130),
    ],
)
def test_text_is_wrapped_and_never_taken_for_markup(text: str, written: str) -> None:
    assert paragraphs(text) == written


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 60}, "text, 1 to 60 characters"),
        ({"type": "string", "pattern": "^(a|b)$"}, "text, one of `a`, `b`"),
        ({"type": "integer", "exclusiveMinimum": 0, "maximum": 10_000}, "whole number, more than 0, at most 10,000"),
        ({"type": "number", "minimum": 0.5}, "number, at least 0.5"),
        ({"type": "array", "minItems": 3, "maxItems": 3, "items": {"const": 1}}, "list, 3 entries of `1`"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text or null"),
        ({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}, "list of text, or null"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "an object with values of true or false"),
        ({"$ref": "#/components/schemas/Area Shown"}, "[Area Shown](#area-shown)"),
        ({}, "any value"),
    ],
)
def test_a_schema_is_told_in_words(schema: dict[str, Any], said: str) -> None:
    assert words(schema) == said


BASE = """
    class Problem:
        code: str
        path: str
        detail: str

    class AnswerError(Exception):
        def __init__(self, status, code, detail):
            self.code = code

    class StoreError(AnswerError):
        pass

    class GateError(Exception):
        def __init__(self, detail):
            self.problem = Problem("of-a-gate", "", detail)

    def at(path, detail):
        return Problem("of-a-function", path, detail)

    class Faults:
        def add(self, code, detail):
            self.found.append(Problem(code, "", detail))
"""
OF_BASE = {"of-a-gate", "of-a-function"}
IMPORTS = "from toy.base import AnswerError, Faults, GateError, Problem, StoreError, at\n"


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ('Problem("as-text", "", "say it")', "as-text", "say it"),
        ('Problem(path="", code="by-name", detail="say " + "it")', "by-name", "say it"),
        ('CODE = "a-constant"\nProblem(CODE, "", "say it")', "a-constant", "say it"),
        ('def f(n):\n    Problem("one" if n else "other", "", f"at most {n}")', "other", "at most …"),
        ('def f(n):\n    said = n or "say it"\n    Problem("local", "", said)', "local", "say it"),
        ('def f():\n    raise StoreError(503, "derived", "say it") from None', "derived", "say it"),
        ('def f(faults):\n    faults.add("by-a-method", "say it")', "by-a-method", "say it"),
        ('T = {"a": ("in-a-table", "say it")}\ndef f(k):\n    Problem(T[k][0], "", "")', None, None),
        (
            'T = {1: ("in-a-table", "say it")}\ndef f(k):\n    c, d = T[k]\n    Problem(c, "", d)',
            "in-a-table",
            "say it",
        ),
        ('def g():\n    return "of-another", "say it"\ndef f():\n    AnswerError(1, *g())', "of-another", "say it"),
        ('def f(n):\n    GateError("say it")', "of-a-gate", "say it"),
        ('def f(n):\n    at(n, "say " "it")', "of-a-function", "say it"),
        ('class OtherError(Exception):\n    code = "of-a-class"', "of-a-class", None),
        ('PydanticCustomError("own-code", "say it")', "own-code", "say it"),
        ('PydanticCustomError("single", "say it")', "wrong-type", "say it"),
        ("def f(error):\n    Problem(error.code, '', '')\n    Problem(**error)", "", None),
        ("def f(c):\n    Problem(c, '', '')", None, None),
        ("def f(c):\n    Problem(c.upper(), '', '')", None, None),
    ],
)
def test_no_code_is_overlooked(tmp_path: Path, source: str, code: str | None, said: str | None) -> None:
    """None as a code: it cannot be read, and that is said; empty: there is none."""
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "base.py").write_text(dedent(BASE), encoding="utf-8")
    (tmp_path / "toy" / "module.py").write_text(IMPORTS + source, encoding="utf-8")
    if code is None:
        with pytest.raises(UnknownCodeError, match=r"^toy\.module, line \d+: the code of Problem cannot be read$"):
            codes_of(tmp_path, ("toy",))
        return
    found = codes_of(tmp_path, ("toy",))
    assert code in found if code else found.keys() == OF_BASE
    assert said is None or found[code].said == {said}


def test_a_code_has_the_statuses_and_packages_that_use_it(tmp_path: Path) -> None:
    for package, status in (("toy", 409), ("other", 422)):
        (tmp_path / package).mkdir()
        (tmp_path / package / "base.py").write_text(dedent(BASE), encoding="utf-8")
        text = f"from {package}.base import AnswerError\nAnswerError({status}, 'same', 'say it')"
        (tmp_path / package / "module.py").write_text(text, encoding="utf-8")
    assert codes_of(tmp_path, ("other", "toy"))["same"] == Found({"toy", "other"}, {409, 422}, {"say it"})


def _without_code(page: str) -> list[str]:
    """Return the lines of a page without its examples."""
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    return [line for line in prose.splitlines() if not line.startswith("    ")]


def _section(page: str, title: str) -> str:
    """Return what stands under a heading, up to the next heading."""
    found = re.search(rf"^#+ {re.escape(title)}$(.*?)(?=^#|\Z)", page, flags=re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]
