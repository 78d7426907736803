"""What scopes, keys, roles, failed attempts and sessions come to: decided on values alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.access import IMPLIED_BY_ADMIN, Caller, Role, Scope
from streams.core.rights import KeyState, Rights, RightsError, judge_key, key_state, read_rights
from streams.core.sign_in import (
    FREE_ATTEMPTS,
    LONGEST_LOCK_MINUTES,
    MINUTE_US,
    SCOPES_OF_ROLE,
    Attempts,
    is_open,
    judge_password,
    judge_user,
    session_ends_us,
)

NOW_US = 1_782_900_000_000_000
RIGHTS = st.builds(
    Rights, st.frozensets(st.sampled_from(Scope)), st.frozensets(st.from_regex(r"/centres/[a-z]{1,8}", fullmatch=True))
)
LINE = "a few quiet words"


@given(RIGHTS.filter(lambda rights: rights.scopes or rights.sources))
def test_rights_are_read_as_they_are_written(rights: Rights) -> None:
    assert read_rights(rights.names()) == rights


@pytest.mark.parametrize(
    "names",
    [
        [],
        [""],
        ["counts"],
        ["COUNTS:READ"],
        ["counts:read "],
        ["counts:read", "<script>"],
        ["events:write"],
        ["admin", "events:read:/centres/arvig"],
    ],
)
def test_a_scope_that_is_not_known_is_refused_with_those_that_are(names: list[str]) -> None:
    with pytest.raises(RightsError) as refused:
        read_rights(names)
    assert str(refused.value) == (
        "give one or more of the scopes events:write:SOURCE, counts:read, counts:exact, alerts:read, alerts:act, admin"
    )


@pytest.mark.parametrize("source", ["", " ", "/centres/a b", "/centres/<b>", "'; DROP TABLE event", "/" * 201, "/ä"])
def test_a_source_that_is_none_is_refused_and_not_repeated(source: str) -> None:
    with pytest.raises(RightsError) as refused:
        read_rights([f"events:write:{source}"])
    assert str(refused.value) == "a source is what a centre's events come from, such as /centres/arvig"


def test_acting_on_alerts_needs_an_agency() -> None:
    acting = Rights(frozenset({Scope.ALERTS_ACT, Scope.COUNTS_READ}))
    with pytest.raises(RightsError, match="alerts:act needs an agency"):
        judge_key(acting, None)
    judge_key(acting, "council")
    for scope in set(Scope) - {Scope.ALERTS_ACT}:
        judge_key(Rights(frozenset({scope})), None)


def caller(*scopes: Scope, sources: frozenset[str] = frozenset()) -> Caller:
    return Caller("key-synthetic", 1, None, frozenset(scopes), sources)


def test_admin_may_do_all_but_read_exact_counts() -> None:
    admin = caller(Scope.ADMIN)
    assert {scope for scope in Scope if admin.may(scope)} == IMPLIED_BY_ADMIN == set(Scope) - {Scope.COUNTS_EXACT}
    assert admin.may_write("/centres/any")
    assert caller(Scope.ADMIN, Scope.COUNTS_EXACT).may(Scope.COUNTS_EXACT)


@given(st.sampled_from(sorted(set(Scope) - {Scope.ADMIN})))
def test_any_other_scope_allows_itself_alone(scope: Scope) -> None:
    one = caller(scope, sources=frozenset({"/centres/arvig"}))
    assert {each for each in Scope if one.may(each)} == {scope}
    assert one.may_any([scope, Scope.ADMIN])
    assert not one.may_any(set(Scope) - {scope})
    assert one.may_write("/centres/arvig")
    assert not one.may_write("/centres/arvig/")


@pytest.mark.parametrize(
    ("expires_at_us", "revoked_at_us", "state"),
    [
        (None, None, KeyState.IN_FORCE),
        (NOW_US + 1, None, KeyState.IN_FORCE),
        (NOW_US, None, KeyState.EXPIRED),
        (NOW_US + 1, NOW_US + 1, KeyState.REVOKED),
        (NOW_US - 1, NOW_US - 2, KeyState.REVOKED),
    ],
)
def test_whether_a_key_is_in_force(expires_at_us: int | None, revoked_at_us: int | None, state: KeyState) -> None:
    assert key_state(expires_at_us, revoked_at_us, NOW_US) is state


def test_roles_have_the_scopes_that_the_interface_says() -> None:
    assert {role: set(scopes) for role, scopes in SCOPES_OF_ROLE.items()} == {
        Role.CENTRE: set(),
        Role.ANALYST: {Scope.COUNTS_READ},
        Role.TASK_FORCE: {Scope.COUNTS_READ, Scope.ALERTS_READ, Scope.ALERTS_ACT},
        Role.ADMIN: {Scope.ADMIN},
    }


@pytest.mark.parametrize(
    ("role", "centre", "sources", "areas"),
    [
        (Role.CENTRE, "arvig", [], []),
        (Role.CENTRE, None, ["/centres/arvig"], ["zone:z1"]),
        (Role.ANALYST, None, ["/centres/arvig"], []),
        (Role.ANALYST, "arvig", [], []),
        (Role.ANALYST, None, [], ["zone:z1"]),
        (Role.TASK_FORCE, "arvig", [], []),
        (Role.ADMIN, None, [], ["zone:z1"]),
    ],
)
def test_a_role_is_refused_what_means_nothing_to_it(
    role: Role, centre: str | None, sources: list[str], areas: list[str]
) -> None:
    with pytest.raises(RightsError):
        judge_user(role, centre, sources, areas)


def test_a_role_takes_what_is_its_own() -> None:
    judge_user(Role.CENTRE, "arvig", ["/centres/arvig"], [])
    judge_user(Role.CENTRE, None, ["/centres/arvig"], [])
    judge_user(Role.TASK_FORCE, None, [], [])
    judge_user(Role.TASK_FORCE, None, [], ["zone:z1"])
    judge_user(Role.ANALYST, None, [], [])
    judge_user(Role.ADMIN, None, [], [])


@pytest.mark.parametrize(
    "weak", ["", "short words", "a" * 20, "abababababababab", "x" * 201, "the words of A-Lee", "12 34 12 34 12"]
)
def test_a_weak_password_is_refused_and_not_repeated(weak: str) -> None:
    with pytest.raises(RightsError) as refused:
        judge_password(weak, "a-lee")
    assert not weak or weak not in str(refused.value)


def test_a_few_words_will_do() -> None:
    judge_password(LINE, "a-lee")
    judge_password("twelve chars"[:12], "a-lee")
    judge_password("abcdef" * 33 + "ab", "a-lee")


@given(st.lists(st.integers(0, 120), max_size=60))
def test_guessing_meets_ever_longer_locks(minutes_between: list[int]) -> None:
    attempts, now_us, tried = Attempts(), NOW_US, 0
    for minutes in minutes_between:
        now_us += minutes * MINUTE_US
        if attempts.are_locked(now_us):
            continue
        before, attempts = attempts, attempts.one_more(now_us)
        tried += 1
        assert attempts.failed == tried == before.failed + 1
        if tried <= FREE_ATTEMPTS:
            assert not attempts.are_locked(now_us)
        else:
            locked_us = attempts.locked_until_us - now_us
            assert locked_us == min(LONGEST_LOCK_MINUTES, 2 ** (tried - FREE_ATTEMPTS - 1)) * MINUTE_US
            assert attempts.are_locked(now_us + locked_us - 1)
            assert not attempts.are_locked(now_us + locked_us)


def test_a_day_of_guessing_is_a_hundred_guesses() -> None:
    attempts, guesses = Attempts(), 0
    for minute in range(24 * 60):
        if not attempts.are_locked(NOW_US + minute * MINUTE_US):
            attempts, guesses = attempts.one_more(NOW_US + minute * MINUTE_US), guesses + 1
    assert guesses <= 100


@given(st.integers(0, 13 * 60), st.integers(0, 13 * 60))
def test_a_session_ends_an_hour_after_its_last_use_and_half_a_day_after_it_was_opened(seen: int, now: int) -> None:
    expires_at_us = session_ends_us(NOW_US)
    open_ = is_open(expires_at_us, NOW_US + seen * MINUTE_US, NOW_US + now * MINUTE_US)
    assert open_ == (now < 12 * 60 and now - seen < 60)
