"""Keys, users, sessions and the audit, on the store: who is let in, for how long, and what is noted of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Row, event, select, text
from sqlalchemy.exc import DBAPIError

from api.callers import Access
from infra.db import tables
from infra.db.access import AccessError, audit
from infra.db.access.keys import Doer, Order, create_key, list_keys, revoke_key, rotate_key
from infra.db.access.lookup import SqlAccess
from infra.db.access.secret_texts import NewKey, new_key
from infra.db.access.sessions import Refusal, SignedIn, end_session, find_session, sign_in
from infra.db.access.users import Person, create_user, disable_user, list_users, set_password
from infra.db.engine import transaction
from infra.db.tables.access import access_key, access_session, access_user
from streams.core.access import Caller, Role, Scope
from streams.core.days import to_us
from streams.core.rights import RightsError, read_rights
from streams.ports import StoreUnavailableError
from tests.support.city import Bench

HOUR_US = 3_600_000_000
PASSWORD, OTHER_PASSWORD = "SYNTHETIC quiet words", "SYNTHETIC other words"
CENTRE = Person("desk", Role.CENTRE, "library", "arvig", frozenset({"/centres/arvig", "/centres/arvig-2"}))


class Stopwatch:
    """A monotonic clock that tests move on."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def access(bench: Bench, watch: Stopwatch) -> Iterator[SqlAccess]:
    made = SqlAccess(bench.engine, bench.clock, watch)
    yield made
    made.close()


@pytest.fixture
def city(bench: Bench) -> int:
    return bench.partnership()


def order(*scopes: str, agency: str | None = None, expires_at_us: int | None = None) -> Order:
    return Order(read_rights(scopes or ["counts:read"]), agency, "SYNTHETIC gateway", expires_at_us)


def made(bench: Bench, city: int, *scopes: str, agency: str | None = None, expires_at_us: int | None = None) -> NewKey:
    ordered = order(*scopes, agency=agency, expires_at_us=expires_at_us)
    return create_key(bench.engine, Doer(city), ordered, bench.clock.now_us())


def all_of(bench: Bench, table: str) -> list[Row[Any]]:
    with transaction(bench.engine, write=False) as connection:
        return list(connection.execute(select(tables.metadata.tables[table])))


def acts(bench: Bench, city: int) -> list[tuple[str, str, str]]:
    return [(row.actor, row.act, row.what) for row in audit.read_audit(bench.engine, city)]


def test_the_store_is_what_the_api_needs(access: SqlAccess) -> None:
    needed: Access = access
    assert needed.caller("") is None


def test_a_key_opens_what_it_was_made_for(bench: Bench, access: SqlAccess, city: int) -> None:
    key = made(bench, city, "alerts:act", "events:write:/centres/arvig", agency="council")
    assert access.caller(key.text) == Caller(
        key.id, city, "council", frozenset({Scope.ALERTS_ACT}), frozenset({"/centres/arvig"})
    )
    (known,) = list_keys(bench.engine, city)
    assert (known.caller.actor, known.name, known.created_at_us) == (key.id, "SYNTHETIC gateway", bench.clock.now_us())
    assert acts(bench, city) == [("console", "key-created", key.id)]


def test_nothing_that_is_kept_opens_anything(bench: Bench, access: SqlAccess, city: int) -> None:
    key = made(bench, city)
    secret = key.text.rpartition("_")[2]
    for row in (*all_of(bench, "access_key"), *all_of(bench, "access_audit")):
        held = str([bytes(value).hex() if isinstance(value, bytes | memoryview) else value for value in row])
        assert secret not in held
    assert access.caller(key.digest.hex()) is None
    assert access.caller(f"bw_{key.id.removeprefix('key-')}_{key.digest.hex()}") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text + "\n",
        lambda text: text.upper(),
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: text.replace("bw_", "bw_x", 1),
        lambda text: new_key().text,
        lambda text: new_key().text[:14] + text[14:],
        lambda text: text[:14] + new_key().text[14:],
        lambda text: "'; DROP TABLE access_key; --",
        lambda text: "\ud800\x00",
        lambda text: "x" * 1_000_000,
    ],
)
def test_another_text_opens_nothing(bench: Bench, access: SqlAccess, city: int, change: Any) -> None:
    key = made(bench, city)
    assert access.caller(change(key.text)) is None
    assert access.caller(key.text) is not None
    assert access.caller(change(key.text)) is None


def test_every_key_is_another(bench: Bench, city: int) -> None:
    assert len({new_key().text for _ in range(500)} | {new_key().id for _ in range(500)}) == 1_000


def test_a_key_is_in_force_until_its_end_even_while_it_is_remembered(
    bench: Bench, access: SqlAccess, city: int
) -> None:
    key = made(bench, city, expires_at_us=bench.clock.now_us() + 1_000_000)
    assert access.caller(key.text) is not None
    bench.clock.advance(seconds=0.999999)
    assert access.caller(key.text) is not None
    bench.clock.advance(seconds=0.000001)
    assert access.caller(key.text) is None
    assert [each.state(bench.clock.now_us()) for each in list_keys(bench.engine, city)] == ["expired"]


def test_a_revoked_key_is_let_in_for_five_more_seconds_at_most(
    bench: Bench, access: SqlAccess, watch: Stopwatch, city: int
) -> None:
    key = made(bench, city)
    assert access.caller(key.text) is not None
    watch.now_s += 4.9
    assert access.caller(key.text) is not None  # being asked does not make what is remembered younger
    revoke_key(bench.engine, Doer(city, "ann"), key.id, bench.clock.now_us())
    watch.now_s += 0.1
    assert access.caller(key.text) is None
    assert SqlAccess(bench.engine, bench.clock, watch).caller(key.text) is None
    revoke_key(bench.engine, Doer(city, "bob"), key.id, bench.clock.now_us() + 1)
    assert acts(bench, city) == [("console", "key-created", key.id), ("ann", "key-revoked", key.id)]
    assert [each.revoked_at_us for each in list_keys(bench.engine, city)] == [bench.clock.now_us()]


def test_five_hundred_calls_read_the_table_once(bench: Bench, access: SqlAccess, city: int) -> None:
    key, read = made(bench, city), []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            read.append(statement)

    event.listen(bench.engine, "before_cursor_execute", note)
    try:
        assert all(access.caller(key.text) for _ in range(500))
        access.close()
    finally:
        event.remove(bench.engine, "before_cursor_execute", note)
    assert len(read) == 1


def test_last_use_is_noted_once_a_minute(bench: Bench, city: int, watch: Stopwatch) -> None:
    key, start_us = made(bench, city), bench.clock.now_us()

    def used(seconds: float) -> int | None:
        access = SqlAccess(bench.engine, bench.clock, watch)
        bench.clock.set_us(start_us + int(seconds * 1_000_000))
        assert access.caller(key.text) is not None
        access.close()
        return list_keys(bench.engine, city)[0].last_used_at_us

    assert list_keys(bench.engine, city)[0].last_used_at_us is None
    assert [used(seconds) for seconds in (0, 59, 60, 90, 119, 121)] == [
        start_us + seconds * 1_000_000 for seconds in (0, 0, 60, 60, 60, 121)
    ]


def test_a_use_that_cannot_be_noted_lets_the_caller_in(bench: Bench, access: SqlAccess, city: int) -> None:
    key = made(bench, city)
    with transaction(bench.engine, write=True) as connection:
        connection.execute(text("ALTER TABLE access_key RENAME COLUMN last_used_at_us TO gone"))
        connection.execute(text("ALTER TABLE access_key ADD COLUMN last_used_at_us BIGINT CHECK (last_used_at_us < 0)"))
    assert access.caller(key.text) is not None
    access.close()
    assert access.caller(key.text) is not None  # nor does a call that comes after the end fail
    assert list_keys(bench.engine, city)[0].last_used_at_us is None


def test_a_rotated_key_runs_out_after_the_overlap(bench: Bench, watch: Stopwatch, city: int) -> None:
    end_us = bench.clock.now_us() + 100 * HOUR_US
    old = made(bench, city, "alerts:act", agency="council", expires_at_us=end_us)
    new = rotate_key(bench.engine, Doer(city), old.id, 2, bench.clock.now_us())
    before, after = list_keys(bench.engine, city) if new.id > old.id else reversed(list_keys(bench.engine, city))
    assert after.order() == order("alerts:act", agency="council", expires_at_us=end_us)
    assert before.expires_at_us == bench.clock.now_us() + 2 * HOUR_US
    assert acts(bench, city)[1:] == [("console", "key-rotated", f"{old.id} {new.id}")]

    def let_in() -> list[bool]:
        access = SqlAccess(bench.engine, bench.clock, watch)
        answers = [access.caller(key.text) is not None for key in (old, new)]
        access.close()
        return answers

    assert let_in() == [True, True]
    bench.clock.advance(seconds=2 * 3_600)
    assert let_in() == [False, True]


def test_a_rotation_prolongs_nothing(bench: Bench, city: int) -> None:
    end_us = bench.clock.now_us() + HOUR_US
    old = made(bench, city, expires_at_us=end_us)
    rotate_key(bench.engine, Doer(city), old.id, 2, bench.clock.now_us())
    assert [key.expires_at_us for key in list_keys(bench.engine, city)] == [end_us, end_us]
    revoke_key(bench.engine, Doer(city), old.id, bench.clock.now_us())
    with pytest.raises(AccessError, match="this key is over"):
        rotate_key(bench.engine, Doer(city), old.id, 2, bench.clock.now_us())
    assert len(list_keys(bench.engine, city)) == 2


def test_keys_of_another_partnership_are_not_there(bench: Bench, access: SqlAccess, city: int) -> None:
    other = bench.partnership()
    key = made(bench, city)
    assert list_keys(bench.engine, other) == []
    for change in (
        lambda: revoke_key(bench.engine, Doer(other), key.id, 0),
        lambda: rotate_key(bench.engine, Doer(other), key.id, 0, 0),
    ):
        with pytest.raises(AccessError, match="there is no key of that id"):
            change()
    found = access.caller(key.text)
    assert found is not None
    assert found.partnership == city
    assert acts(bench, other) == []


def test_rotations_at_once_each_give_a_key(bench: Bench, city: int) -> None:
    old = made(bench, city)
    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(lambda _: rotate_key(bench.engine, Doer(city), old.id, 1, bench.clock.now_us()), range(8)))
    assert {key.caller.actor for key in list_keys(bench.engine, city)} == {old.id, *(key.id for key in new)}


def test_a_key_that_acts_needs_an_agency(bench: Bench, city: int) -> None:
    with pytest.raises(RightsError, match="needs an agency"):
        made(bench, city, "alerts:act")
    assert all_of(bench, "access_key") == []


def add(bench: Bench, city: int, person: Person, password: str = PASSWORD) -> None:
    create_user(bench.engine, Doer(city), person, password, bench.clock.now_us())


def enter(bench: Bench, city: int, code: str, password: str = PASSWORD) -> SignedIn | Refusal:
    return sign_in(bench.engine, city, code, password, bench.clock.now_us())


def entered(bench: Bench, city: int, code: str, password: str = PASSWORD) -> SignedIn:
    answer = enter(bench, city, code, password)
    assert isinstance(answer, SignedIn)
    return answer


def test_a_user_signs_in_as_what_their_role_says(bench: Bench, city: int) -> None:
    with transaction(bench.engine, write=False) as connection:
        found = connection.execute(select(tables.area).where(tables.area.c.partnership == city))
        wards = {row.code: row.number for row in found}
    for person in (
        CENTRE,
        Person("ana", Role.ANALYST, "council"),
        Person("tom", Role.TASK_FORCE, "police", areas=frozenset({"ward:W2", "ward:W1"})),
        Person("tia", Role.TASK_FORCE, "council"),
        Person("ada", Role.ADMIN, "council"),
    ):
        add(bench, city, person)
    acting = frozenset({Scope.COUNTS_READ, Scope.ALERTS_READ, Scope.ALERTS_ACT})
    assert [entered(bench, city, code).caller for code in ("desk", "ana", "tom", "tia", "ada")] == [
        Caller("desk", city, "library", frozenset(), CENTRE.sources),
        Caller("ana", city, "council", frozenset({Scope.COUNTS_READ})),
        Caller("tom", city, "police", acting, areas=frozenset({wards["W1"], wards["W2"]})),
        Caller("tia", city, "council", acting),
        Caller("ada", city, "council", frozenset({Scope.ADMIN})),
    ]
    assert [(user.caller.actor, user.role) for user in list_users(bench.engine, city)] == [
        ("ada", "admin"),
        ("ana", "analyst"),
        ("desk", "centre"),
        ("tia", "task-force"),
        ("tom", "task-force"),
    ]


def test_of_a_password_only_a_slow_hash_is_kept(bench: Bench, city: int) -> None:
    add(bench, city, Person("ana", Role.ANALYST, "council"))
    add(bench, city, Person("ben", Role.ANALYST, "council"))
    hashes = {row.password_hash for row in all_of(bench, "access_user")}
    assert len(hashes) == 2
    assert all(each.startswith("$argon2id$v=19$") for each in hashes)
    assert PASSWORD not in str(all_of(bench, "access_user")) + str(all_of(bench, "access_audit"))


def test_accents_may_be_typed_either_way(bench: Bench, city: int) -> None:
    add(bench, city, Person("ana", Role.ANALYST, "council"), "SYNTHETIC caf\u00e9 au lait")
    assert entered(bench, city, "ana", "SYNTHETIC cafe\u0301 au lait")


@pytest.mark.parametrize(
    ("person", "password", "why"),
    [
        (Person("ana", Role.ANALYST, "council"), "short", "12 to 200 letters"),
        (Person("ana", Role.CENTRE, "library"), PASSWORD, "at least one source"),
        (Person("ana", Role.CENTRE, "library", None, frozenset({"<a>"})), PASSWORD, "a source is"),
        (Person("ana", Role.TASK_FORCE, "police", areas=frozenset({"ward:W9"})), PASSWORD, "LAYER:CODE"),
        (Person("ana", Role.TASK_FORCE, "police", areas=frozenset({"W1"})), PASSWORD, "LAYER:CODE"),
        (Person("Ana", Role.ANALYST, "council"), PASSWORD, "lower-case letters"),
        (Person("key-abc", Role.ANALYST, "council"), PASSWORD, "does not begin with key-"),
        (Person("console", Role.ANALYST, "council"), PASSWORD, "is not console"),
        (Person("taken", Role.ANALYST, "council"), PASSWORD, "a user of that code already"),
    ],
)
def test_a_user_who_cannot_be_is_refused(bench: Bench, city: int, person: Person, password: str, why: str) -> None:
    add(bench, city, Person("taken", Role.ADMIN, "council"))
    with pytest.raises((RightsError, AccessError), match=why):
        add(bench, city, person, password)
    assert [user.caller.actor for user in list_users(bench.engine, city)] == ["taken"]
    assert [what for _, _, what in acts(bench, city)] == ["taken"]


def test_a_code_is_of_one_partnership(bench: Bench, city: int) -> None:
    other = bench.partnership()
    add(bench, city, Person("ana", Role.ANALYST, "council"))
    add(bench, other, Person("ana", Role.ADMIN, "police"), OTHER_PASSWORD)
    assert entered(bench, other, "ana", OTHER_PASSWORD).caller.partnership == other
    assert enter(bench, other, "ana") is Refusal.WRONG
    disable_user(bench.engine, Doer(other), "ana", bench.clock.now_us())
    assert entered(bench, city, "ana").caller.agency == "council"


def test_a_session_is_known_by_its_token_alone(bench: Bench, city: int) -> None:
    add(bench, city, CENTRE)
    one, two = entered(bench, city, "desk"), entered(bench, city, "desk")
    found = find_session(bench.engine, one.token, bench.clock.now_us())
    assert found is not None
    assert (found.caller, found.csrf, found.expires_at_us) == (one.caller, one.csrf, one.expires_at_us)
    assert len({one.token, two.token, one.csrf, two.csrf}) == 4
    held = str(
        [[bytes(v).hex() if isinstance(v, bytes) else v for v in row] for row in all_of(bench, "access_session")]
    )
    assert one.token not in held
    for wrong in ("", one.token[:-1], one.token.upper() + "x", one.csrf, "\ud800", new_key().text):
        assert find_session(bench.engine, wrong, bench.clock.now_us()) is None
        end_session(bench.engine, wrong, bench.clock.now_us())
    end_session(bench.engine, one.token, bench.clock.now_us())
    end_session(bench.engine, one.token, bench.clock.now_us())
    assert find_session(bench.engine, one.token, bench.clock.now_us()) is None
    assert find_session(bench.engine, two.token, bench.clock.now_us()) is not None
    assert [act for _, act, _ in acts(bench, city)] == ["user-created", "signed-in", "signed-in", "signed-out"]


def test_a_session_goes_on_while_it_is_used_and_ends_after_half_a_day(bench: Bench, city: int) -> None:
    add(bench, city, CENTRE)
    token, start_us = entered(bench, city, "desk").token, bench.clock.now_us()
    minutes = [59.0 * n for n in range(1, 13)]
    open_at = [find_session(bench.engine, token, start_us + int(m * 60_000_000)) is not None for m in minutes]
    assert open_at == [True] * 12
    assert find_session(bench.engine, token, start_us + 12 * HOUR_US - 1) is not None
    assert find_session(bench.engine, token, start_us + 12 * HOUR_US) is None
    idle = entered(bench, city, "desk").token
    assert find_session(bench.engine, idle, start_us + 30_000_000) is not None
    assert find_session(bench.engine, idle, start_us + HOUR_US) is None  # half a minute later does not count as later


def test_sessions_that_are_over_are_cleared_away_at_the_next_sign_in(bench: Bench, city: int) -> None:
    add(bench, city, CENTRE)
    entered(bench, city, "desk")
    bench.clock.advance(seconds=12 * 3_600)
    entered(bench, city, "desk")
    assert len(all_of(bench, "access_session")) == 1


def test_what_a_session_was_opened_on_ends_it(bench: Bench, city: int) -> None:
    add(bench, city, CENTRE)
    add(bench, city, Person("ana", Role.ANALYST, "council"))
    desk, ana = entered(bench, city, "desk"), entered(bench, city, "ana")
    now_us = bench.clock.now_us()
    set_password(bench.engine, Doer(city), "desk", OTHER_PASSWORD, now_us)
    assert find_session(bench.engine, desk.token, now_us) is None
    assert enter(bench, city, "desk") is Refusal.WRONG
    again = entered(bench, city, "desk", OTHER_PASSWORD)
    disable_user(bench.engine, Doer(city), "desk", now_us)
    disable_user(bench.engine, Doer(city), "desk", now_us)
    assert find_session(bench.engine, again.token, now_us) is None
    assert enter(bench, city, "desk", OTHER_PASSWORD) is Refusal.WRONG
    with pytest.raises(AccessError, match="disabled, for good"):
        set_password(bench.engine, Doer(city), "desk", PASSWORD, now_us)
    assert find_session(bench.engine, ana.token, now_us) is not None
    assert [act for actor, act, _ in acts(bench, city) if actor == "console"] == [
        *("user-created", "user-created", "password-set", "user-disabled"),
    ]


def test_guessing_locks_a_user_for_a_while_and_tells_nobody_who_is_there(bench: Bench, city: int) -> None:
    add(bench, city, Person("ana", Role.ANALYST, "council"))
    assert [enter(bench, city, "ana", "a wrong password") for _ in range(6)] == [*["wrong"] * 5, "locked"]
    assert enter(bench, city, "ana") is Refusal.LOCKED
    assert [user.state(bench.clock.now_us()) for user in list_users(bench.engine, city)] == ["locked"]
    assert [enter(bench, city, "nobody", "a wrong password") for _ in range(6)] == ["wrong"] * 6
    bench.clock.advance(seconds=60)
    assert entered(bench, city, "ana")
    assert [enter(bench, city, "ana", "a wrong password") for _ in range(4)] == ["wrong"] * 4
    assert entered(bench, city, "ana")
    refused = [(actor, what) for actor, act, what in acts(bench, city) if act == "sign-in-refused"]
    assert refused == [("ana", "ana")] * 9  # those that met a lock are not noted
    assert "nobody" not in str(acts(bench, city))


def test_a_new_password_lifts_a_lock(bench: Bench, city: int) -> None:
    add(bench, city, Person("ana", Role.ANALYST, "council"))
    for _ in range(5):
        enter(bench, city, "ana", "a wrong password")
    set_password(bench.engine, Doer(city), "ana", OTHER_PASSWORD, bench.clock.now_us())
    assert entered(bench, city, "ana", OTHER_PASSWORD)


def test_guesses_made_at_once_are_no_more_than_those_made_one_by_one(bench: Bench, city: int) -> None:
    add(bench, city, Person("ana", Role.ANALYST, "council"))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: enter(bench, city, "ana", "a wrong password"), range(10)))
    assert sorted(map(str, answers)) == ["locked"] * 5 + ["wrong"] * 5


def test_a_password_of_any_length_is_only_wrong(bench: Bench, city: int) -> None:
    add(bench, city, Person("ana", Role.ANALYST, "council"))
    assert enter(bench, city, "ana", "x" * 10_000_000) is Refusal.WRONG


@pytest.mark.parametrize("code", ["", "ANA", "ana\x00", "\ud800", "' OR 1=1 --", "a" * 100_000])
def test_what_is_no_code_is_nobody(bench: Bench, city: int, code: str) -> None:
    add(bench, city, Person("ana", Role.ANALYST, "council"))
    assert enter(bench, city, code, "\ud800\x00 no text at all") is Refusal.WRONG


def test_a_read_is_noted_before_the_answer_goes_out(bench: Bench, access: SqlAccess, city: int) -> None:
    key = made(bench, city, "alerts:read", agency="council")
    caller = access.caller(key.text)
    assert caller is not None
    bench.clock.set(datetime(2026, 7, 1, 13, tzinfo=UTC))
    access.note(caller, "read-alert", "a-synthetic-alert", "weekly review")
    access.note(caller, "export-counts", "ward month", None)
    *_, first, second = audit.read_audit(bench.engine, city)
    at_us = to_us(datetime(2026, 7, 1, 13, tzinfo=UTC))
    assert tuple(first)[1:] == (city, at_us, key.id, "council", "read-alert", "a-synthetic-alert", "weekly review")
    assert (second.number, second.purpose) == (first.number + 1, None)


@pytest.mark.parametrize("change", ["UPDATE access_audit SET actor = 'nobody'", "DELETE FROM access_audit"])
def test_the_database_itself_refuses_to_change_the_audit(bench: Bench, city: int, change: str) -> None:
    made(bench, city)
    with (
        pytest.raises(DBAPIError, match="audit of access is never changed"),
        transaction(bench.engine, write=True) as connection,
    ):
        connection.execute(text(change))
    assert len(acts(bench, city)) == 1


def test_what_cannot_be_done_leaves_nothing_behind(bench: Bench, city: int) -> None:
    with transaction(bench.engine, write=True) as connection:
        connection.execute(text("ALTER TABLE access_audit RENAME TO gone"))
    with pytest.raises(StoreUnavailableError, match="db upgrade"):
        made(bench, city)
    with pytest.raises(StoreUnavailableError, match="db upgrade"):
        add(bench, city, CENTRE)
    with transaction(bench.engine, write=False) as connection:
        for table in (access_key, access_user, access_session):
            assert connection.execute(select(table)).all() == []
