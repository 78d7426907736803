"""`keys`, `users` and `audit`: what they print, what they keep, and what they refuse."""

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.db.access.lookup import SqlAccess
from infra.db.access.sessions import SignedIn, sign_in
from infra.db.engine import make_engine
from streams.core.access import Caller, Scope
from tests.support.cli import COMMAND, TIMEOUT_S, Cli, Ended
from tests.support.clock import FakeClock
from tests.support.databases import STORE_TIMEOUT_S

KEY = re.compile(r"bw_[a-z2-7]{10}_[0-9a-f]{64}\n")
PASSWORD, OTHER_PASSWORD = "SYNTHETIC quiet words", "SYNTHETIC other words"
KNOWN = "events:write:SOURCE, counts:read, counts:exact, alerts:read, alerts:act, admin"
Typed = Callable[..., Ended]
NOON_2080 = datetime(2080, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path).with_ledger()


@pytest.fixture
def typed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Return the command with a line on its stdin."""

    def run(line: str, *arguments: object) -> Ended:
        monkeypatch.setattr(sys, "stdin", io.StringIO(line))
        return cli(*arguments)

    return run


def created(cli: Cli, *options: object) -> str:
    ended = cli("keys", "create", *options)
    assert (ended.code, KEY.fullmatch(ended.out) is not None) == (0, True), ended.err
    return ended.out.strip()


def id_of(key: str) -> str:
    return "key-" + key.split("_")[1]


def caller_of(cli: Cli, key: str, clock: FakeClock | None = None) -> Caller | None:
    engine = make_engine(cli.database_url, STORE_TIMEOUT_S)
    access = SqlAccess(engine, clock or FakeClock())
    try:
        return access.caller(key)
    finally:
        access.close()
        engine.dispose()


def acts(cli: Cli) -> list[tuple[str, str, str]]:
    return [(row["actor"], row["act"], row["what"]) for row in cli("audit", "list").table()]


def test_a_key_is_alone_on_stdout_and_shown_this_once(cli: Cli) -> None:
    options = ("--scope", "alerts:act", "--scope", "events:write:/centres/arvig", "--agency", "council")
    ended = cli("keys", "create", *options, "--name", "Arvig library", "--actor", "ann")
    assert KEY.fullmatch(ended.out)
    key = ended.out.strip()
    assert ended.err == f"made {id_of(key)}; its text is shown this once, so put it where the program finds it\n"
    assert caller_of(cli, key) == Caller(
        id_of(key), 1, "council", frozenset({Scope.ALERTS_ACT}), frozenset({"/centres/arvig"})
    )
    listed = cli("keys", "list")
    (row,) = listed.table()
    assert row.pop("created_at").endswith("Z")
    assert row.pop("last_used_at").endswith("Z")  # by the look-up above
    assert row == {
        "id": id_of(key),
        "name": "Arvig library",
        "scopes": "alerts:act events:write:/centres/arvig",
        "agency": "council",
        "expires_at": "",
        "state": "in-force",
    }
    for said in (listed.out, listed.err, cli("keys", "list", "--format", "json").out, cli("audit", "list").out):
        assert key.split("_")[2] not in said
    assert key.split("_")[2].encode() not in cli.store.read_bytes()
    assert acts(cli) == [("ann", "key-created", id_of(key))]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--scope", "counts"), KNOWN),
        (("--scope", "counts:read", "--scope", "<script>"), KNOWN),
        (("--scope", ""), KNOWN),
        (("--scope", "events:write"), KNOWN),
        (("--scope", "events:write:"), "such as /centres/arvig"),
        (("--scope", "events:write:/centres/a b"), "such as /centres/arvig"),
        (("--scope", "alerts:act"), "alerts:act needs an agency"),
        (("--scope", "admin", "--agency", "The Council"), "--agency is a code"),
        (("--scope", "admin", "--actor", "Ann"), "--actor is a code"),
        (("--scope", "admin", "--name", "<b>"), "--name is a short name"),
        (("--scope", "admin", "--name", "x" * 81), "--name is a short name"),
        (("--scope", "admin", "--expires", "2020-01-01"), "lies in the past"),
        (("--scope", "admin", "--expires", "9999-12-31"), "before 2100"),
        (("--scope", "admin", "--expires", "tomorrow"), "Invalid value for '--expires'"),
        (("--scope", "admin", "--partnership", "luton"), "there is no partnership luton"),
        ((), "--scope"),
    ],
)
def test_a_key_that_cannot_be_is_wrong_use(cli: Cli, options: tuple[str, ...], why: str) -> None:
    ended = cli("keys", "create", *options)
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err
    assert cli("keys", "list").table() == []


def test_the_last_day_of_a_key_is_a_day_of_its_partnership(cli: Cli) -> None:
    assert cli("partnerships", "create", "far", "--places", "none", "--time-zone", "Pacific/Auckland").code == 0
    created(cli, "--scope", "admin", "--expires", "2090-06-30", "--partnership", "far")
    created(cli, "--scope", "admin", "--expires", "2090-06-30", "--partnership", "milton-keynes")
    ends = [cli("keys", "list", "--partnership", slug).table()[0]["expires_at"] for slug in ("far", "milton-keynes")]
    assert ends == ["2090-06-30T12:00:00.000000Z", "2090-06-30T23:00:00.000000Z"]


def test_a_key_that_is_revoked_opens_nothing(cli: Cli) -> None:
    key = created(cli, "--scope", "counts:read")
    assert cli("keys", "revoke", id_of(key), "--actor", "bob") == (0, "", "revoked; it opens nothing any more\n")
    assert caller_of(cli, key) is None
    assert [row["state"] for row in cli("keys", "list").table()] == ["revoked"]
    assert acts(cli)[1:] == [("bob", "key-revoked", id_of(key))]
    assert "this key is over" in cli("keys", "rotate", id_of(key)).err


@pytest.mark.parametrize("command", ["revoke", "rotate"])
@pytest.mark.parametrize("wrong", ["key-aaaaaaaaaa", "' OR 1=1 --", "", "<script>"])
def test_an_id_that_is_not_there_is_wrong_use_and_not_repeated(cli: Cli, command: str, wrong: str) -> None:
    created(cli, "--scope", "counts:read")
    ended = cli("keys", command, wrong)
    said = "bellwether: there is no key of that id; `bellwether keys list` shows those there are\n"
    assert ended == (2, "", said)
    assert [row["state"] for row in cli("keys", "list").table()] == ["in-force"]


def test_a_rotated_key_leaves_another_with_the_same_rights(cli: Cli) -> None:
    old = created(cli, "--scope", "alerts:act", "--agency", "council", "--expires", "2090-06-30", "--name", "desk")
    ended = cli("keys", "rotate", id_of(old), "--overlap-hours", 0)
    assert KEY.fullmatch(ended.out)
    rows = {row["id"]: row for row in cli("keys", "list").table()}
    before, after = rows[id_of(old)], rows[id_of(ended.out)]
    same = ("name", "scopes", "agency")
    assert [before[name] for name in same] == [after[name] for name in same]
    assert after["expires_at"] == "2090-06-30T23:00:00.000000Z"
    assert (before["state"], after["state"]) == ("expired", "in-force")
    assert caller_of(cli, old, FakeClock(NOON_2080)) is None
    assert caller_of(cli, ended.out.strip(), FakeClock(NOON_2080)) is not None
    for hours in (-1, 721, "soon"):
        assert cli("keys", "rotate", id_of(ended.out), "--overlap-hours", hours).code == 2


def test_keys_and_users_are_of_one_partnership(cli: Cli, typed: Typed) -> None:
    assert cli("partnerships", "create", "luton", "--places", "none").code == 0
    key = created(cli, "--scope", "counts:read", "--partnership", "luton")
    assert typed(PASSWORD, *analyst("ana"), "--partnership", "luton").code == 0
    assert "say which partnership" in cli("keys", "list").err
    for command in (("keys", "list"), ("users", "list"), ("audit", "list")):
        assert len(cli(*command, "--partnership", "milton-keynes").table()) == 0
        assert len(cli(*command, "--partnership", "luton").table()) > 0
    for gone in (("keys", "revoke", id_of(key)), ("users", "disable", "ana")):
        assert cli(*gone, "--partnership", "milton-keynes").code == 2


def analyst(code: str) -> tuple[str, ...]:
    return ("users", "create", code, "--role", "analyst", "--agency", "council")


def may_sign_in(cli: Cli, code: str, password: str) -> bool:
    engine = make_engine(cli.database_url, STORE_TIMEOUT_S)
    answer = sign_in(engine, 1, code, password, FakeClock(NOON_2080).now_us())
    engine.dispose()
    return isinstance(answer, SignedIn)


def test_users_are_added_and_listed_with_what_they_answer_for(cli: Cli, typed: Typed) -> None:
    zone = cli("areas", "list", "--layer", "zone").table()[0]["code"]
    task_force = ("users", "create", "tom", "--role", "task-force", "--agency", "police", "--area")
    assert typed(PASSWORD + "\n", *task_force, f"zone:{zone}", "--area", "city:E06000042") == (
        *(0, "", "tom may sign in, as task-force for police\n"),
    )
    desk = ("users", "create", "desk", "--role", "centre", "--agency", "library", "--centre", "arvig")
    assert typed(PASSWORD, *desk, "--source", "/centres/b", "--source", "/centres/a").code == 0
    listed = cli("users", "list")
    rows = listed.table()
    assert all(row.pop("created_at").endswith("Z") for row in rows)
    assert [list(row.values()) for row in rows] == [
        ["desk", "centre", "library", "arvig", "/centres/a /centres/b", "", "active"],
        ["tom", "task-force", "police", "", "", f"city:E06000042 zone:{zone}", "active"],
    ]
    assert [row["code"] for row in cli("users", "list", "--format", "json").json()] == ["desk", "tom"]
    assert acts(cli) == [("console", "user-created", "tom"), ("console", "user-created", "desk")]
    assert may_sign_in(cli, "tom", PASSWORD)
    assert PASSWORD.encode() not in cli.store.read_bytes()


@pytest.mark.parametrize(
    ("line", "arguments", "why"),
    [
        ("", analyst("ana"), "a password has 12 to 200 letters"),
        ("short", analyst("ana"), "a password has 12 to 200 letters"),
        ("ana ana ana bella", analyst("ana"), "does not contain the user's code"),
        (PASSWORD, analyst("Ana"), "CODE is a code"),
        (PASSWORD, analyst("key-ana"), "does not begin with key-"),
        (PASSWORD, (*analyst("ana"), "--area", "zone:x"), "areas are for users with the role task-force"),
        (PASSWORD, (*analyst("ana"), "--source", "/centres/a"), "are for users with the role centre"),
        (PASSWORD, (*analyst("ana"), "--centre", "arvig"), "are for users with the role centre"),
        (PASSWORD, ("users", "create", "ana", "--role", "centre", "--agency", "x"), "needs at least one source"),
        (PASSWORD, ("users", "create", "ana", "--role", "chief", "--agency", "x"), "'task-force', 'admin'"),
        (PASSWORD, ("users", "create", "ana", "--role", "analyst"), "--agency"),
        (PASSWORD, ("users", "create", "ana", "--role", "task-force", "--agency", "x", "--area", "W1"), "LAYER:CODE"),
        (PASSWORD, ("users", "password", "nobody"), "there is no user of that code"),
        (PASSWORD, ("users", "disable", "nobody"), "there is no user of that code"),
    ],
)
def test_a_user_who_cannot_be_is_wrong_use(
    cli: Cli, typed: Typed, line: str, arguments: tuple[str, ...], why: str
) -> None:
    ended = typed(line, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err
    assert not line or line not in ended.err
    assert cli("users", "list").table() == []


def test_a_code_is_taken_once(cli: Cli, typed: Typed) -> None:
    assert typed(PASSWORD, *analyst("ana")).code == 0
    ended = typed(OTHER_PASSWORD, *analyst("ana"))
    assert (ended.code, ended.err) == (
        2,
        "bellwether: there is a user of that code already; each keeps theirs for good\n",
    )
    assert may_sign_in(cli, "ana", PASSWORD)


def test_a_password_is_changed_and_a_user_disabled(cli: Cli, typed: Typed) -> None:
    assert typed(PASSWORD, *analyst("ana")).code == 0
    assert typed(OTHER_PASSWORD, "users", "password", "ana", "--actor", "bob") == (0, "", "ana has a new password\n")
    assert [may_sign_in(cli, "ana", each) for each in (PASSWORD, OTHER_PASSWORD)] == [False, True]
    assert cli("users", "disable", "ana") == (0, "", "ana may sign in no more\n")
    assert not may_sign_in(cli, "ana", OTHER_PASSWORD)
    assert [row["state"] for row in cli("users", "list").table()] == ["disabled"]
    assert "disabled, for good" in typed(PASSWORD, "users", "password", "ana").err
    assert [act for _, act, _ in acts(cli)][:2] == ["user-created", "password-set"]


def test_a_person_is_asked_for_a_password_twice_and_does_not_see_it(cli: Cli) -> None:
    asked = on_terminal(cli, [PASSWORD, PASSWORD], *analyst("ana"))
    assert asked.code == 0, asked.err
    assert asked.out == ""
    assert "Password" in asked.err
    assert PASSWORD not in asked.err
    assert may_sign_in(cli, "ana", PASSWORD)


def on_terminal(cli: Cli, lines: list[str], *arguments: object) -> Ended:
    """Run the command with a terminal for its stdin, on which somebody types."""
    person, terminal = pty.openpty()
    environment = {**os.environ, "BELLWETHER_DATABASE_URL": cli.database_url, "HOME": str(cli.folder), "NO_COLOR": "1"}
    with subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        cwd=cli.folder,
        env=environment,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        os.close(terminal)
        assert process.stderr is not None
        said = ""
        for line in lines:
            while not said.endswith(": "):
                said += process.stderr.read(1)
            os.write(person, f"{line}\n".encode())
            said += process.stderr.read(1)
        out, err = process.communicate(timeout=TIMEOUT_S)
        os.close(person)
    return Ended(process.returncode, out, said + err)
