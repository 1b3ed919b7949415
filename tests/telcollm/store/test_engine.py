from __future__ import annotations

import sqlite3
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from telcollm.errors import MissingExtraError, SettingsError, TelcollmError, TransientError
from telcollm.ports import EVERYTHING, IncidentQuery, Store
from telcollm.store import SqlStore, open_store
from telcollm.store.database import Database
from telcollm.store.engine import parse_url
from telcollm.store.faults import told
from tests.telcollm.store.examples import NOON_MS, alarm, message

# Never written out where it is used: a traceback shows the line.
SECRET = "hunter2"
CUSTOMER = "4915112345678"


def failure(origin: Exception) -> sa.exc.OperationalError:
    return sa.exc.OperationalError("SELECT secret", {"of_key": "secret"}, origin)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_reached_by_psycopg(scheme: str) -> None:
    assert parse_url(f"{scheme}://me@host/db").drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "store_url cannot be read"),
        ("telcollm.db", "store_url cannot be read"),
        ("mysql://me@host/db", "names the database 'mysql'; sqlite and postgresql are allowed"),
        ("sqlite+aiosqlite:///x.db", "names the database 'sqlite"),
        ("sqlite://", "keeps nothing; sqlite:/// and a file is allowed"),
        ("sqlite:///:memory:", "keeps nothing"),
        (f"postgresql://me:{SECRET}@host:port/db", "store_url cannot be read"),
    ],
)
def test_url_of_no_lasting_database_is_refused_with_what_is_allowed(url: str, reason: str) -> None:
    with pytest.raises(SettingsError, match="store_url") as raised:
        open_store(url)
    assert reason in str(raised.value)
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_missing_driver_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'telcollm\[postgresql\]'"):
        open_store("postgresql://me@127.0.0.1/db")


def test_database_that_does_not_answer_may_be_tried_again_and_tells_no_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(TransientError, match=r"did not answer .* try again") as raised:
        open_store(f"postgresql://me:{SECRET}@127.0.0.1:1/db?application_name={SECRET}")
    assert "me:***@127.0.0.1:1/db" in str(raised.value)
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_password_is_in_no_repr(store: Store, store_url: str) -> None:
    assert isinstance(store, SqlStore)
    assert repr(store).startswith("SqlStore(")
    secret = sa.create_engine(f"postgresql+psycopg://me:{SECRET}@host/db?options={SECRET}")
    assert repr(SqlStore(Database(secret), lambda: pytest.fail("asked for the time"))) == (
        "SqlStore(postgresql+psycopg://me:***@host/db)"
    )


def test_folders_of_a_sqlite_file_are_made(tmp_path: Path, open_at: Callable[..., Store]) -> None:
    open_at(f"sqlite:///{tmp_path / 'a' / 'b' / 'telcollm.db'}").claim("alarms", 0)
    assert (tmp_path / "a" / "b" / "telcollm.db").stat().st_size > 0


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SettingsError, match=r"file/telcollm.db lies in a folder that cannot be made"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'telcollm.db'}")


def test_file_that_is_no_database_is_refused_for_good(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 1000)
    with pytest.raises(TelcollmError, match=r"refused \(file is not a database\)") as raised:
        open_store(f"sqlite:///{path}")
    assert not isinstance(raised.value, TransientError)
    with pytest.raises(TelcollmError, match="unable to open database file"):
        open_store(f"sqlite:///{tmp_path}")


def test_sqlite_keeps_commits_over_a_power_cut_and_lets_readers_in(
    tmp_path: Path, open_at: Callable[..., Store]
) -> None:
    store = open_at(f"sqlite:///{tmp_path / 'telcollm.db'}")
    assert isinstance(store, SqlStore)
    with store._database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with store.transaction() as transaction:
        transaction.put_alarms([alarm()])
        assert store.alarm_states(EVERYTHING, ["a1"]) == []
    assert store.alarm_states(EVERYTHING, ["a1"]) == [alarm()]


def test_lock_that_is_not_had_in_time_may_be_tried_again(
    store_url: str, open_at: Callable[..., Store]
) -> None:
    store = open_at(store_url, lock_timeout_s=0.05)
    first = store.claim("alarms", 0)
    engine = sa.create_engine(parse_url(store_url))
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("LOCK TABLE progress IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TransientError, match=r"is locked by another process .* try again"):
            store.claim("alarms", 0)
        connection.rollback()
    engine.dispose()
    assert store.claim("alarms", 0).owner_epoch == first.owner_epoch + 1


def test_full_disk_keeps_nothing_of_the_commit_and_says_so(
    tmp_path: Path, open_at: Callable[..., Store]
) -> None:
    store = open_at(f"sqlite:///{tmp_path / 'telcollm.db'}")
    assert isinstance(store, SqlStore)
    with store._database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(TransientError, match=r"no disk space left .* free disk space"):
        with store.transaction() as transaction:
            transaction.put_outbox([message()])
            transaction.put_alarms([alarm(body=b"x" * 100_000)])
    assert store.pending_counts(["alarms/0"]) == {"outbox": 0, "requests": 0}


def test_connection_that_is_lost_may_be_tried_again_and_then_works(
    postgres_schema: str, open_at: Callable[..., Store]
) -> None:
    store = open_at(postgres_schema)
    engine = sa.create_engine(parse_url(postgres_schema))
    with pytest.raises(TransientError, match="did not answer"):
        with store.transaction() as transaction:
            transaction.put_alarms([alarm()])
            with engine.begin() as connection:
                ended = connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE state = 'idle in transaction' AND datname = current_database() "
                    "AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'alarms'::regclass)"
                )
                assert ended.scalars().all() == [True]
            transaction.put_alarms([alarm("a2")])
    engine.dispose()
    assert store.alarm_states(EVERYTHING, ["a1", "a2"]) == []
    with store.transaction() as transaction:
        transaction.put_alarms([alarm()])
    assert store.alarm_states(EVERYTHING, ["a1"]) == [alarm()]


def test_wrong_password_or_database_is_refused_for_good(postgres_schema: str) -> None:
    url = parse_url(postgres_schema).set(database="telcollm_absent", query={})
    with pytest.raises(TelcollmError, match="does not exist") as raised:
        open_store(url.render_as_string(hide_password=False))
    assert not isinstance(raised.value, TransientError)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("DiskFull", TransientError, "no disk space left"),
        ("DeadlockDetected", TransientError, "is locked by another process"),
        ("SerializationFailure", TransientError, "is locked by another process"),
        ("TooManyConnections", TransientError, "did not answer"),
        ("ProgramLimitExceeded", TelcollmError, "refused"),
        ("InsufficientPrivilege", TelcollmError, "refused"),
    ],
)
def test_postgresql_errors_say_whether_trying_again_helps(
    name: str, kind: type[TelcollmError], words: str
) -> None:
    errors = pytest.importorskip("psycopg.errors")
    with pytest.raises(TelcollmError, match=words) as raised, told("place"):
        raise failure(getattr(errors, name)("why"))
    assert type(raised.value) is kind
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM])
def test_sqlite_errors_of_the_machine_may_be_tried_again(code: int) -> None:
    origin = sqlite3.OperationalError("disk I/O error")
    origin.sqlite_errorcode = code
    with pytest.raises(TransientError, match="did not answer"), told("place"):
        raise failure(origin)


def test_pool_that_is_used_up_may_be_tried_again() -> None:
    with pytest.raises(TransientError, match="no free connection left"), told("place"):
        raise sa.exc.TimeoutError


def test_parameters_never_show_in_an_error(store: Store, store_url: str) -> None:
    engine = sa.create_engine(parse_url(store_url))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alarms")
    engine.dispose()
    with pytest.raises(TelcollmError, match="refused") as raised, store.transaction() as transaction:
        transaction.put_alarms([alarm(managed_object=f"msisdn {CUSTOMER}")])
    assert CUSTOMER not in "".join(traceback.format_exception(raised.value))
    with pytest.raises(TelcollmError, match="refused"):
        store.alarms_on(EVERYTHING, [f"msisdn {CUSTOMER}"], 0, NOON_MS, 1)
    assert store.incidents(EVERYTHING, IncidentQuery()) == []
