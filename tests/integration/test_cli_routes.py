"""`routes apply`, `routes list` and `deliveries list`."""

from pathlib import Path

import pytest

from tests.support.city import Bench
from tests.support.cli import Cli, Ended
from tests.support.couriers import courier, raised, run_out

ROUTES = """\
task_forces:
  - code: wolverton
    name: Wolverton Task Force
    members:
      - {user: anna, agency: council, channels: [mail-anna, log]}
      - {user: boris, agency: police, channels: hook}
  - code: chairs
    name: Chairs
    members:
      - {user: chair, agency: council, channels: log}
routes:
  - class: [tension, safeguarding]
    layer: zone
    areas: [WOLVERTON-CODE]
    severity: amber
    to: wolverton
    escalate_to: [chairs]
  - to: chairs
    severity: red
"""
CHANNELS = """\
mail-anna: mailtos://robot:planted-password@mail.example?from=a@b.example&to=anna@c.example
hook: jsons://hooks.example/bellwether
"""
HEADER = "task_force,class,layer,area,severity,told,members\n"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    made = Cli(tmp_path).with_ledger()
    made.write("channels.yaml", CHANNELS)
    return made


@pytest.fixture
def zone(cli: Cli) -> str:
    return cli("areas", "list", "--layer", "zone").table()[0]["code"]


@pytest.fixture
def routes(zone: str) -> str:
    return ROUTES.replace("WOLVERTON-CODE", zone)


def apply(cli: Cli, text: str) -> Ended:
    return cli("routes", "apply", cli.write("ROUTES.yaml", text), settings=WITH_CHANNELS)


WITH_CHANNELS = {"BELLWETHER_CHANNELS_FILE": "channels.yaml"}


def test_routes_are_applied_and_listed(cli: Cli, routes: str, zone: str) -> None:
    assert cli("routes", "list").out == HEADER
    ended = apply(cli, routes)
    assert (ended.code, ended.out, ended.err) == (0, "", "2 task forces, 7 routes: they hold from now on\n")
    assert cli("routes", "list").out == HEADER + "".join(
        f"{line}\n"
        for line in (
            "chairs,data-quality,any,all,red,at once,1",
            "chairs,safeguarding,any,all,red,at once,1",
            f"chairs,safeguarding,zone,{zone},amber,when overdue,1",
            "chairs,tension,any,all,red,at once,1",
            f"chairs,tension,zone,{zone},amber,when overdue,1",
            f"wolverton,safeguarding,zone,{zone},amber,at once,2",
            f"wolverton,tension,zone,{zone},amber,at once,2",
        )
    )
    listed = cli("routes", "list", "--format", "json").json()
    assert len(listed) == 7
    assert listed[0]["members"] == 1


def test_applying_the_same_file_twice_changes_nothing(cli: Cli, routes: str) -> None:
    apply(cli, routes)
    before = cli.store.read_bytes()
    listed = cli("routes", "list").out
    again = apply(cli, routes)
    assert (again.code, again.err) == (0, "2 task forces, 7 routes: nothing has changed\n")
    assert cli("routes", "list").out == listed
    assert cli.store.read_bytes() == before


def test_a_new_file_replaces_all_that_was_there(cli: Cli, routes: str) -> None:
    apply(cli, routes)
    shorter = routes.partition("routes:")[0] + "routes:\n  - {to: wolverton, class: tension}\n"
    assert apply(cli, shorter).code == 0
    assert cli("routes", "list").out == HEADER + "wolverton,tension,any,all,watch,at once,2\n"
    apply(cli, shorter.replace("boris", "bella").replace("agency: police", "agency: housing"))
    assert cli("routes", "list").out == HEADER + "wolverton,tension,any,all,watch,at once,2\n"
    assert apply(cli, shorter).err.endswith("they hold from now on\n")


@pytest.mark.parametrize(
    ("wrong", "right", "line", "said"),
    [
        ("to: wolverton", "to: stantonbury", 16, "there is no task force stantonbury; known: wolverton, chairs"),
        ("escalate_to: [chairs]", "escalate_to: [nobody]", 17, "there is no task force nobody; known: wolverton"),
        ("areas: [", "areas: [zone-nowhere, ", 14, "there is no area of layer zone zone-nowhere; known: "),
        ("layer: zone", "layer: zones", 13, "there is no layer zones; known: lsoa-2021, ward-2014"),
        ("    layer: zone\n", "", 13, "say of which layer these areas are"),
        ("[tension, saf", "[tensions, saf", 12, "Input should be 'tension', 'data-quality' or 'safeguarding'"),
        ("severity: red", "severity: rot", 19, "Input should be 'watch', 'amber', 'amber-high' or 'red'"),
        ("channels: hook", "channels: hooks", 6, "there is no channel hooks; known: log, hook, mail-anna"),
        ("code: chairs", "code: wolverton", 7, "two task forces are called wolverton"),
        ("user: boris", "user: anna", 6, "two members are called anna"),
        ("chair, agency: council", "anna, agency: police", 10, "anna acts for council in another task force"),
        ("{user: chair, agency: council, channels: log}", "{user: chair, agency: council}", 10, "this key is required"),
        (
            "    members:\n      - {user: chair, agency: council, channels: log}",
            "    members: []",
            9,
            "nobody stands here",
        ),
        ("  - to: chairs\n", "  - to: []\n", 18, "nobody stands here"),
        ("  - to: chairs\n", "  - colour: red\n    to: chairs\n", 18, "no such key here"),
        ("name: Chairs", "name: Chairs\n    name: Chairs", 9, "the key name stands twice in this mapping"),
        ("routes:\n", "routes: [\n", 12, "line 12: "),
    ],
)
def test_a_route_to_nobody_is_refused_with_its_line_and_what_is_known(
    cli: Cli, routes: str, wrong: str, right: str, line: int, said: str
) -> None:
    assert apply(cli, routes).code == 0
    before = cli("routes", "list").out
    assert routes.count(wrong) >= 1
    ended = apply(cli, routes.replace(wrong, right, 1))
    assert (ended.code, ended.out) == (2, "")
    assert f"ROUTES.yaml, line {line}: " in ended.err
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert cli("routes", "list").out == before


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "task_forces: []\nroutes: []\n", "\x07"])
def test_a_file_that_holds_no_routes_is_refused(cli: Cli, text: str) -> None:
    ended = apply(cli, text)
    assert ended.code == 2
    assert "ROUTES.yaml, line 1" in ended.err
    assert "Traceback" not in ended.err


def test_many_faults_are_told_together_and_not_without_end(cli: Cli, routes: str) -> None:
    faulty = routes + "".join(f"  - {{to: missing-{number}}}\n" for number in range(50))
    ended = apply(cli, faulty)
    assert ended.code == 2
    assert "there is no task force missing-0;" in ended.err
    assert "and 30 more" in ended.err


def test_of_very_many_areas_some_are_named(cli: Cli) -> None:
    lsoas = "{layer: lsoa-2021, areas: [E0000000X], to: wardens}"
    members = "{user: anna, agency: council, channels: log}"
    ended = apply(cli, f"task_forces: [{{code: wardens, name: W, members: [{members}]}}]\nroutes:\n  - {lsoas}\n")
    assert ended.code == 2
    assert "ROUTES.yaml, line 3: there is no area of layer lsoa-2021 E0000000X; known: E0" in ended.err
    assert " more\n" in ended.err
    assert ended.err.count("E0") < 25


def test_without_a_file_of_channels_there_is_the_log_only(cli: Cli, routes: str) -> None:
    file = cli.write("ROUTES.yaml", routes)
    ended = cli("routes", "apply", file)
    assert ended.code == 2
    assert "there is no channel hook; known: log" in ended.err


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ("- planted\n", "channels.yaml, line 1: write a name and a URL a line"),
        ("a: [planted\n", "channels.yaml, line 2: this is not YAML"),
        ("a: json://planted\nA B: json://planted\n", "channels.yaml, line 2: a channel's name has lower-case letters"),
        ("a: json://planted\na: json://planted\n", "channels.yaml, line 2: there are two channels called a"),
        ("log: json://planted\n", "channels.yaml, line 1: the channel log is always there"),
        ("a: planted\n", "channels.yaml, line 1: channel a needs a URL"),
        (b"\xff\xfe\xfa", "channels.yaml cannot be read as UTF-8 text; see BELLWETHER_CHANNELS_FILE"),
    ],
)
def test_a_file_of_channels_with_a_fault_is_refused_without_repeating_it(
    cli: Cli, routes: str, channels: str | bytes, said: str
) -> None:
    cli.write("channels.yaml", channels)
    ended = apply(cli, routes)
    assert ended.code == 2
    assert said in ended.err
    assert "planted" not in ended.err
    assert cli("routes", "list").out == HEADER


def test_passwords_of_channels_never_reach_the_ledger(cli: Cli, routes: str) -> None:
    assert apply(cli, routes).code == 0
    held = b"".join(file.read_bytes() for file in cli.folder.glob("ledger.db*"))
    assert b"mail-anna" in held
    assert b"planted-password" not in held


def test_deliveries_are_listed(cli: Cli, routes: str, zone: str) -> None:
    assert cli("deliveries", "list").out == (
        "id,alert,update,kind,recipient,agency,channel,state,attempts,due_at,last_result\n"
    )
    apply(cli, routes)
    bench = Bench(cli.database_url)
    bench.ledger.refresh()
    raised(bench, 1, "t1", layer="zone", area_code=zone, severity="amber")
    run_out(courier(bench, {}))
    bench.engine.dispose()
    rows = cli("deliveries", "list").table()
    assert [(row["recipient"], row["agency"], row["channel"], row["state"], row["attempts"]) for row in rows] == [
        ("anna", "council", "log", "delivered", "1"),
        ("anna", "council", "mail-anna", "waiting", "1"),
        ("boris", "police", "hook", "waiting", "1"),
    ]
    assert {(row["update"], row["kind"], row["alert"]) for row in rows} == {("1", "opened", rows[0]["alert"])}
    assert rows[0]["due_at"] == "2026-06-29T12:00:00+00:00"
    assert [row["last_result"] for row in rows] == ["delivered", "retry: no-such-channel", "retry: no-such-channel"]
    assert cli("deliveries", "list", "--format", "json").json()[0]["update"] == 1
