"""What docs/how-to/call-the-api.md tells people to do works, from the first key to the acknowledged alert."""

import re
import shlex
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from string import Template
from textwrap import dedent
from typing import Any, NamedTuple

import orjson
import pytest

from infra.cli.rule_files import apply_shipped_rules
from infra.db.access.lookup import SqlAccess
from infra.db.engine import transaction
from infra.db.partnerships import create_partnership
from tests.support.api import ApiBench
from tests.support.city import Bench
from tests.support.cli import Cli
from tests.support.events import Raw, report

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "call-the-api.md"
GAP = "…"
ON_THIS_MACHINE = "http://127.0.0.1:8000"
KEYS = ("CENTRE_KEY", "DESK_KEY")


class Block(NamedTuple):
    """An example of the page: shell as it is typed, or JSON."""

    is_json: bool
    text: str


EXAMPLE = re.compile(r"^```json\n([\s\S]*?)^```$|((?:^    .+\n)+)", re.MULTILINE)


def blocks() -> list[Block]:
    found = EXAMPLE.finditer(PAGE.read_text(encoding="utf-8"))
    return [Block(each[1] is not None, each[1] or dedent(each[2]).strip()) for each in found]


class Reader:
    """Somebody who does what the page says, in its order."""

    def __init__(self, api: ApiBench, cli: Cli) -> None:
        self._api = api
        self._cli = cli
        self._files: dict[str, str] = {}
        self._keys: list[str] = []
        self.variables: dict[str, str] = {}
        self.answers: list[Any] = []

    def go_through(self) -> None:
        for block in blocks():
            if block.is_json and not self.answers:
                self._files["report.json"] = block.text
            elif block.is_json:
                assert_is_as_told(self.answers[-1], orjson.loads(block.text))
            else:
                self._type(block.text)

    def _type(self, shell: str) -> None:
        line = shell.replace("\\\n", " ")
        if line.startswith("ALERT=…\n"):
            (found,) = self.answers[-1]["rows"]
            self.variables["ALERT"] = found["id"]
            line = line.removeprefix("ALERT=…\n")
        if line.startswith("bellwether "):
            done = self._cli(*shlex.split(line)[1:])
            assert done.code == 0, done.err
            self._keys.append(done.out.strip())
        elif line.startswith("curl "):
            self.answers.append(self._call(shlex.split(Template(line).substitute(self.variables))[1:]))
        else:
            self.variables = dict(zip(re.findall(r"^(\w+)=…$", line, re.MULTILINE), self._keys, strict=True))

    def _call(self, words: list[str]) -> Any:
        given = {"-X": "", "--data-binary": ""}
        headers: dict[str, str] = {}
        url = ""
        rest = iter(words)
        for word in rest:
            if word == "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            elif word in given:
                given[word] = next(rest)
            else:
                assert word.startswith(ON_THIS_MACHINE)
                url = word.removeprefix(ON_THIS_MACHINE)
        body = given["--data-binary"]
        content = self._files[body[1:]] if body.startswith("@") else body
        method = given["-X"] or ("POST" if content else "GET")
        with self._api.stranger() as client:
            answer = client.request(method, url, headers=headers, content=content or None)
        self._api.bench.drain()
        return answer.json()


def assert_is_as_told(answer: Any, told: Any) -> None:
    """A gap stands for anything; a gap as a member for all members that are not told."""
    if told == GAP:
        return
    if isinstance(told, dict):
        assert answer.keys() == told.keys() or (GAP in told and answer.keys() >= told.keys() - {GAP})
        for name in told.keys() - {GAP}:
            assert_is_as_told(answer[name], told[name])
    elif isinstance(told, list):
        assert len(answer) == len(told)
        for mine, theirs in zip(answer, told, strict=True):
            assert_is_as_told(mine, theirs)
    else:
        assert answer == told


def history() -> Iterator[Raw]:
    """Yield two years of reports: weekly in Bletchley, two weeks of three in the centre, few in Warberton."""
    for week in range(104):
        day = date(2024, 1, 3) + timedelta(weeks=week)
        zones = {"bletchley": 1, "central-milton-keynes": week % 3 != 0, "warberton": week % 30 == 0}
        for zone in (zone for zone, is_one in zones.items() if is_one):
            yield report(
                f"{zone}-{week}",
                source="/synthetic/centres/test",
                time=f"{day}T12:00:00Z",
                occurred={"from": f"{day}"},
                reported=f"{day}",
                places=[{"areas": [{"layer": "zone", "code": f"zone-{zone}"}]}],
            ) | {"receivedtime": f"{day}", "marking": "synthetic"}


@pytest.fixture
def api(bench: Bench) -> Iterator[ApiBench]:
    with transaction(bench.engine, write=True) as connection:
        create_partnership(connection, "milton-keynes", "milton-keynes", "Europe/London", bench.clock.now_us())
    bench.ledger.refresh()
    apply_shipped_rules(bench.ledger, 1)
    bench.hand_in(1, *history(), trusted=True)
    bench.tick(1)
    bench.drain()
    access = SqlAccess(bench.engine, bench.clock)
    with ApiBench(bench).with_deps(access=access) as made:
        yield made
    access.close()


def test_it_works_as_told(api: ApiBench, tmp_path: Path) -> None:
    cli = Cli(tmp_path, api.bench.url)
    reader = Reader(api, cli)
    reader.go_through()
    assert len(reader.answers) == sum("curl " in block.text for block in blocks())
    (alert,) = cli("alerts", "list").table()
    assert (alert["area"], alert["rule"], alert["state"]) == ("zone-bletchley", "severe-event", "acknowledged")
