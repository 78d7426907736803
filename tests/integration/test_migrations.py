"""Schema versions: one line of them, and it ends exactly at the tables that the code uses."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from infra.db.engine import make_engine, transaction
from infra.db.setup import PartitionsError, make_ledger
from infra.db.tables import metadata
from infra.migrations import current_revision, newest_revision, require_newest, upgrade
from streams.ports import StoreUnavailableError
from tests.support.cli import Cli
from tests.support.databases import STORE_TIMEOUT_S, set_up


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "infra:migrations")
    return ScriptDirectory.from_config(config)


def described(engine: Engine) -> dict[str, Any]:
    """Return all that a database says of its tables."""
    seen = inspect(engine)
    return {
        name: [
            [
                (column["name"], str(column["type"]), column["nullable"], column["default"])
                for column in seen.get_columns(name)
            ],
            seen.get_pk_constraint(name)["constrained_columns"],
            sorted(index["name"] or "" for index in seen.get_indexes(name)),
            sorted(unique["name"] or "" for unique in seen.get_unique_constraints(name)),
            sorted(key["name"] or "" for key in seen.get_foreign_keys(name)),
        ]
        for name in sorted(seen.get_table_names())
    }


def test_there_is_one_head_and_one_line_to_it() -> None:
    assert scripts().get_heads() == [newest_revision()]
    assert len(scripts().get_bases()) == 1
    assert not [
        script.revision for script in scripts().walk_revisions() if script.is_merge_point or script.is_branch_point
    ]


def test_an_upgrade_from_nothing_gives_exactly_the_tables_that_the_code_uses(empty_url: str) -> None:
    set_up(empty_url)
    engine = make_engine(empty_url, STORE_TIMEOUT_S)
    with transaction(engine, write=False) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []
    assert set(described(engine)) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_indexes_on_part_of_a_table_are_made_as_such(database_url: str) -> None:
    engine = make_engine(database_url, STORE_TIMEOUT_S)
    query = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index'",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }[engine.dialect.name]
    with transaction(engine, write=False) as connection:
        made = {name: sql for name, sql in connection.execute(text(query)) if sql}
    for table in metadata.tables.values():
        for index in table.indexes:
            partial = index.dialect_options[engine.dialect.name]["where"] is not None
            assert ("WHERE" in made[str(index.name)]) == partial, index.name
    engine.dispose()


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    set_up(empty_url, 3)
    engine = make_engine(empty_url, STORE_TIMEOUT_S)
    held = (
        "SELECT (SELECT count(*) FROM log_head), (SELECT count(*) FROM stage_position),"
        " (SELECT created_at_us FROM ledger)"
    )

    def now() -> tuple[Any, ...]:
        with transaction(engine, write=False) as connection:
            rows = connection.execute(text(held)).one()
        return described(engine), tuple(rows), current_revision(engine)

    before = now()
    for _ in range(2):
        with transaction(engine, write=True) as connection:
            upgrade(connection)
            assert make_ledger(connection, None, 7) is False
    assert now() == before
    with pytest.raises(PartitionsError, match="made with 3 partitions"), transaction(engine, write=True) as connection:
        make_ledger(connection, 4, 7)
    assert now() == before
    engine.dispose()


def test_a_new_ledger_is_refused_until_it_is_upgraded(empty_url: str) -> None:
    engine = make_engine(empty_url, STORE_TIMEOUT_S)
    with pytest.raises(StoreUnavailableError, match=r"schema is missing.*run `bellwether db upgrade`") as refused:
        require_newest(engine)
    assert refused.value.problem.code == "store-schema"
    set_up(empty_url)
    require_newest(engine)
    engine.dispose()


def test_a_ledger_of_another_version_is_refused_with_a_sentence(database_url: str, tmp_path: Path) -> None:
    engine = make_engine(database_url, STORE_TIMEOUT_S)
    with transaction(engine, write=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = described(engine)
    with pytest.raises(StoreUnavailableError, match="schema is 9999, which this version does not know"):
        require_newest(engine)
    with (
        pytest.raises(StoreUnavailableError, match="schema is 9999, which this version does not know"),
        transaction(engine, write=True) as connection,
    ):
        upgrade(connection)
    cli = Cli(tmp_path, database_url)
    for command in (["ledger"], ["verify"], ["db", "upgrade"]):
        ended = cli(*command)
        assert ended.code == 2
        assert ended.out == ""
        (sentence,) = ended.err.strip().splitlines()
        assert sentence.startswith("bellwether: store-schema: ")
        assert "9999" in sentence
    assert described(engine) == before
    engine.dispose()
