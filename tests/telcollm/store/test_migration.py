from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from telcollm.errors import SettingsError, TelcollmError
from telcollm.ports import Store
from telcollm.store import migrate, open_store
from telcollm.store.engine import parse_url
from telcollm.store.migration import alembic_config, current_version
from telcollm.store.schema import HEAD, metadata
from tests.telcollm.store.conftest import postgres_url
from tests.telcollm.store.examples import incident


@pytest.fixture
def engine(store_url: str) -> Any:
    engine = sa.create_engine(parse_url(store_url))
    yield engine
    engine.dispose()


def test_migrations_make_exactly_the_tables_of_the_code(store_url: str, engine: sa.Engine) -> None:
    migrate(store_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_partial_indexes_are_those_of_the_code(store_url: str, engine: sa.Engine) -> None:
    migrate(store_url)
    dialect = engine.dialect.name
    with engine.connect() as connection:
        made = {
            (index["name"], index.get("dialect_options", {}).get(f"{dialect}_where") is not None)
            for table in metadata.tables
            for index in sa.inspect(connection).get_indexes(table)
            if not index.get("duplicates_constraint")
        }
    wanted = {
        (index.name, index.dialect_options[dialect]["where"] is not None)
        for table in metadata.tables.values()
        for index in table.indexes
    }
    assert {(name, partial) for name, partial in made if str(name).startswith("ix_")} == wanted


def test_head_is_the_last_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD]


def test_second_migration_leaves_all_as_it_is(
    store_url: str, engine: sa.Engine, open_at: Callable[..., Store], dump: Callable[[], Any]
) -> None:
    migrate(store_url)
    with open_at(store_url).transaction() as transaction:
        transaction.put_incidents([incident()])
    before = dump()
    migrate(store_url)
    assert dump() == before
    with engine.connect() as connection:
        assert current_version(connection) == HEAD


def test_processes_that_migrate_at_once_all_succeed(store_url: str, open_at: Callable[..., Store]) -> None:
    program = (
        "import sys\nfrom telcollm.store import migrate\n"
        "print('ready', flush=True)\nsys.stdin.read()\nmigrate(sys.argv[1])"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, store_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    told = [process.communicate(timeout=240)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], told
    assert open_at(store_url).pending_counts(["alarms/0"]) == {"outbox": 0, "requests": 0}


def test_database_of_a_newer_telcollm_is_refused(store_url: str, engine: sa.Engine) -> None:
    migrate(store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(TelcollmError, match=r"version 9999, made by a newer telcollm; up to .* is allowed"):
        open_store(store_url)


def test_steps_back_leave_an_empty_database_that_migrates_again(store_url: str, engine: sa.Engine) -> None:
    migrate(store_url)
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    migrate(store_url)
    with engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) == {"alembic_version", *metadata.tables}


def test_incidents_of_an_older_telcollm_are_found_and_sorted_as_new_ones_are(
    store_url: str, engine: sa.Engine, open_at: Callable[..., Store], dump: Callable[[], Any]
) -> None:
    old = [
        incident(
            f"i{number}",
            affected_service=("svc-1",) * number,
            root_cause_resource="Cell-9",
            root_cause_problem="POWER \x00",
            problems={"LINK_LOSS": 1},
            description="nul \x00",
        )
        for number in range(3)
    ]
    with open_at(store_url).transaction() as transaction:
        transaction.put_incidents(old)
    written = dump()["incidents"]
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    migrate(store_url)
    assert dump()["incidents"] == written


def test_postgresql_that_cannot_hold_every_text_is_refused() -> None:
    url = parse_url(postgres_url())
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    latin = url.set(database="telcollm_latin_test")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS telcollm_latin_test")
        connection.exec_driver_sql(
            "CREATE DATABASE telcollm_latin_test "
            "ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        try:
            with pytest.raises(SettingsError, match="has the encoding LATIN1; UTF8 is allowed"):
                open_store(latin.render_as_string(hide_password=False))
        finally:
            connection.exec_driver_sql("DROP DATABASE telcollm_latin_test")
    engine.dispose()
