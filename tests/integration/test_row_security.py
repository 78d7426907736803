"""Row security on PostgreSQL: under it, no table gives a row of another partnership, whatever a query forgets."""

import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, Executable, Table, delete, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import NoResultFound, ProgrammingError
from structlog.testing import capture_logs

from infra.db.counts import CountQuery, Dimension, count_within
from infra.db.engine import make_engine, transaction
from infra.db.row_security import READABLE, READER, UNPROTECTED, reading, shortfall
from infra.db.tables import metadata
from infra.migrations import upgrade
from streams.ports import StoreUnavailableError
from tests.support.city import Bench
from tests.support.cli import Cli, ended
from tests.support.databases import STORE_TIMEOUT_S, postgresql_url, set_up
from tests.support.events import report

A, B = 101, 202
"""Numbers of two partnerships; every number in a row of theirs is the same, so that all that refers to it agrees."""
TABLES = metadata.sorted_tables
PROTECTED = [table for table in TABLES if table.name not in UNPROTECTED]


@pytest.fixture
def url(server_folder: Path) -> str:
    made = postgresql_url(server_folder)
    set_up(made)
    return made


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Return a ledger with one row of A and one of B in every table that has rows of partnerships."""
    made = make_engine(url, STORE_TIMEOUT_S)
    with transaction(made, write=True) as connection:
        for table in PROTECTED:
            connection.execute(insert(table), [row_of(table, partnership) for partnership in (A, B)])
    yield made
    made.dispose()


def row_of(table: Table, partnership: int) -> dict[str, Any]:
    """Return an obviously synthetic row of a partnership."""
    values: dict[type, Any] = {
        int: partnership,
        bool: False,
        str: f"SYNTHETIC-{partnership}",
        bytes: f"SYNTHETIC-{partnership}".encode(),
    }
    return {column.name: values[column.type.python_type] for column in table.columns}


def everything(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    """Return what a query without any condition finds."""
    return [tuple(row) for row in connection.execute(select(table))]


def grant_too_much(engine: Engine) -> None:
    """Let the reader read all there is, as somebody might by mistake."""
    with transaction(engine, write=True) as connection:
        connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}"))


def test_every_table_is_known_to_be_protected_or_not(engine: Engine) -> None:
    with transaction(engine, write=False) as connection:
        found = connection.execute(
            text(
                "SELECT relname, relrowsecurity FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
        )
        protected = {row.relname: row.relrowsecurity for row in found}
    assert {name for name, is_protected in protected.items() if not is_protected} == set(UNPROTECTED)
    assert set(READABLE) < set(protected)


def test_what_is_sealed_or_secret_is_not_readable() -> None:
    secret = {table.name for table in TABLES} - set(READABLE)
    assert secret == {
        *("vault", "data_key", "sealed_case", "sealed_event", "sealed_letter", "sealed_draft", "victim_pseudonym"),
        *("disclosure", "access_key", "access_user", "access_session"),
    }


@pytest.mark.parametrize("partnership", [A, B])
def test_every_table_shows_rows_of_the_partnership_that_is_set_alone(engine: Engine, partnership: int) -> None:
    grant_too_much(engine)
    with transaction(engine, write=False) as connection:
        assert {len(everything(connection, table)) for table in PROTECTED} == {2}
    with reading(engine, partnership) as connection:
        for table in PROTECTED:
            assert everything(connection, table) == [tuple(row_of(table, partnership).values())], table.name


def test_asking_for_another_partnerships_rows_by_name_finds_nothing(engine: Engine) -> None:
    grant_too_much(engine)
    with reading(engine, A) as connection:
        for table in PROTECTED:
            theirs = row_of(table, B)
            for column in table.columns:
                if column.type.python_type is not bool:
                    wanted = select(table).where(column == theirs[column.name])
                    assert connection.execute(wanted).all() == [], f"{table.name}.{column.name}"


def test_by_itself_the_reader_may_not_even_try_what_is_sealed_or_secret(engine: Engine) -> None:
    for table in PROTECTED:
        with reading(engine, A) as connection:
            if table.name in READABLE:
                assert len(everything(connection, table)) == 1
            else:
                with pytest.raises(ProgrammingError, match="permission denied"):
                    everything(connection, table)


@pytest.mark.parametrize("set_to", [None, "", "303", "-1"])
def test_nothing_is_seen_where_no_partnership_is_set(engine: Engine, set_to: str | None) -> None:
    grant_too_much(engine)
    with transaction(engine, write=False) as connection:
        connection.execute(text(f"SET LOCAL ROLE {READER}"))
        if set_to is not None:
            connection.execute(text("SELECT set_config('bellwether.partnership', :to, true)"), {"to": set_to})
        assert [table.name for table in PROTECTED if everything(connection, table)] == []


def test_nothing_can_be_written(engine: Engine) -> None:
    with pytest.raises(StoreUnavailableError, match="store-read-only"), reading(engine, A) as connection:
        connection.execute(text("UPDATE partnership SET slug = 'gone'"))
    for table in TABLES:
        for statement in (delete(table), insert(table).values(row_of(table, A))):
            with pytest.raises(ProgrammingError, match="permission denied"):
                as_reader(engine, statement)


def as_reader(engine: Engine, statement: Executable) -> None:
    """Try something as the reader, in a transaction that may write."""
    with transaction(engine, write=True) as connection:
        connection.execute(text(f"SET LOCAL ROLE {READER}"))
        connection.execute(statement)


def test_the_next_transaction_is_its_owners_again(engine: Engine) -> None:
    for partnership in (A, B, A):
        with reading(engine, partnership) as connection:
            assert connection.execute(text("SELECT number FROM partnership")).scalars().all() == [partnership]
    with transaction(engine, write=True) as connection:
        assert connection.execute(text("SELECT number FROM partnership ORDER BY number")).scalars().all() == [A, B]
        connection.execute(text("UPDATE partnership SET slug = 'another' WHERE number = 202"))
    with pytest.raises(ZeroDivisionError), reading(engine, A) as connection:
        raise ZeroDivisionError
    with transaction(engine, write=False) as connection:
        assert connection.execute(text("SELECT current_user <> :reader"), {"reader": READER}).scalar_one()


def test_counts_read_in_it_are_those_of_the_partnership(bench: Bench) -> None:
    one, other = bench.partnership(), bench.partnership()
    bench.hand_in(one, report("a"), report("b"))
    bench.hand_in(other, report("a"))
    bench.drain()
    for partnership, expected in ((one, 2), (other, 1)):
        own = bench.counts(partnership, "area", "month", first="2026-01-01", last="2026-12-31")
        with reading(bench.engine, partnership) as connection:
            assert count_within(connection, partnership, question()) == own
        assert sum(int(row[-1]) for row in own.rows) == expected
    if bench.engine.dialect.name == "postgresql":
        with reading(bench.engine, one) as connection, pytest.raises(NoResultFound):
            count_within(connection, other, question())


def question() -> CountQuery:
    by = (Dimension.AREA, Dimension.MONTH)
    return CountQuery("ward", date(2026, 1, 1), date(2026, 12, 31), by, "incident", "occurred")


def test_cells_of_a_partnership_are_sought_in_the_index(engine: Engine) -> None:
    with transaction(engine, write=True) as connection:
        for series, days in ((A, 400), (B, 4_000)):
            connection.execute(
                text(
                    "INSERT INTO count_day SELECT :series, day, area, 1"
                    " FROM generate_series(1000, 1000 + :days) AS day, generate_series(1, 50) AS area"
                ),
                {"series": series, "days": days},
            )
        connection.execute(text("ANALYZE"))
    with reading(engine, A) as connection:
        plan = connection.execute(
            text("EXPLAIN SELECT sum(n) FROM count_day WHERE series = 101 AND day BETWEEN 1100 AND 1130")
        )
        told = "\n".join(plan.scalars())
    (condition,) = [line for line in told.splitlines() if "Index Cond" in line and "day >= 1100" in line]
    assert "series = 101" in condition
    assert "ANY" in condition
    assert "Filter" not in told.replace("Filter: (partnership", "")


def new_owner(server_folder: Path, rights: str = "") -> str:
    """Make a user of a server who is no administrator."""
    name = f"owner_{uuid.uuid4().hex}"
    do(as_administrator(postgresql_url(server_folder)), f"CREATE ROLE {name} LOGIN {rights}")
    return name


def owned_by(owner: str, server_folder: Path) -> str:
    """Return the URL, for its owner, of a new and empty database."""
    url = postgresql_url(server_folder)
    do(
        as_administrator(url),
        f"ALTER DATABASE {make_url(url).database} OWNER TO {owner}",
        f"ALTER SCHEMA public OWNER TO {owner}",
    )
    return make_url(url).set(username=owner).render_as_string(hide_password=False)


def as_administrator(url: str) -> str:
    return make_url(url).set(drivername="postgresql", username="postgres").render_as_string(hide_password=False)


def do(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_an_owner_who_may_make_no_roles_goes_on_without_and_is_told(url: str, server_folder: Path) -> None:
    name = new_owner(server_folder)  # `url` has made sure that the role is there already, made by somebody else
    owners_url = owned_by(name, server_folder)
    with capture_logs() as said:
        set_up(owners_url)
    assert [(line["log_level"], line["event"]) for line in said] == [("warning", "row security is not in force")]
    engine = make_engine(owners_url, STORE_TIMEOUT_S)
    with transaction(engine, write=True) as connection:
        for partnership in (A, B):
            connection.execute(
                insert(metadata.tables["partnership"]), row_of(metadata.tables["partnership"], partnership)
            )
    missing = shortfall(engine)
    assert missing is not None
    assert f"`GRANT {READER} TO {name}`" in missing
    assert "bellwether db upgrade" in missing
    with reading(engine, A) as connection:
        assert connection.execute(text("SELECT number FROM partnership ORDER BY number")).scalars().all() == [A, B]

    do(as_administrator(owners_url), f"GRANT {READER} TO {name}")
    assert shortfall(engine) is not None
    with reading(engine, A) as connection:  # not before the tables were granted as well
        assert connection.execute(text("SELECT count(*) FROM partnership")).scalar_one() == 2
    with capture_logs() as said, transaction(engine, write=True) as connection:
        upgrade(connection)
    assert said == []
    assert shortfall(engine) is None
    with reading(engine, A) as connection:
        assert connection.execute(text("SELECT number FROM partnership")).scalars().all() == [A]
    engine.dispose()


def test_databases_of_a_new_server_upgraded_at_once_by_one_who_may_make_roles_all_have_it(
    server_folder: Path, tmp_path: Path
) -> None:
    new_server = server_folder.with_name(f"server-{uuid.uuid4().hex}")
    owner = new_owner(new_server, "CREATEROLE")
    urls = [owned_by(owner, new_server) for _ in range(4)]
    upgrades = [Cli(tmp_path, url).started("db", "upgrade") for url in urls]
    assert [ended(each).code for each in upgrades] == [0] * 4
    for url in urls:
        engine = make_engine(url, STORE_TIMEOUT_S)
        assert shortfall(engine) is None
        with reading(engine, A) as connection:
            assert connection.execute(text("SELECT current_user")).scalar_one() == READER
        engine.dispose()


def test_nothing_is_missing_where_all_is_as_it_should_be(bench: Bench) -> None:
    assert shortfall(bench.engine) is None


def test_a_grant_that_is_gone_is_missed_and_comes_back_with_an_upgrade(engine: Engine) -> None:
    with transaction(engine, write=True) as connection:
        connection.execute(text("REVOKE SELECT ON triangle FROM bellwether_reader"))
    assert shortfall(engine) is not None
    with transaction(engine, write=True) as connection:
        upgrade(connection)
    assert shortfall(engine) is None
