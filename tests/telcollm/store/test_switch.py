"""Laws of the stop switch: seen by every process within a second, and safe where it cannot be seen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from telcollm.store.access_tables import switches
from telcollm.store.database import Database, open_database
from telcollm.store.switch import LOOK_EVERY_S, ModelStoppedError, StopSwitch

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Hand:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('switch') / 'telcollm.db'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = open_database(url)
    with opened.writing() as connection:
        connection.execute(switches.delete())
    yield opened
    opened.close()


def test_models_may_speak_until_somebody_stops_them(database: Database) -> None:
    switch = StopSwitch(database, Hand())
    assert not switch.stopped() and switch.state().changed_by == ""
    switch.check()
    assert switch.set(stopped=True, by="eva", at=NOON).stopped
    assert switch.state() == switch.set(stopped=True, by="eva", at=NOON)
    assert switch.stopped()
    with pytest.raises(ModelStoppedError, match="telcollm start-model"):
        switch.check()
    switch.set(stopped=False, by="bob", at=NOON)
    assert not switch.stopped() and switch.state().changed_by == "bob"
    assert switch.state().changed_time == NOON


def test_where_output_becomes_durable_a_stop_of_this_very_moment_is_seen(database: Database) -> None:
    hand = Hand()
    here, there = StopSwitch(database, hand), StopSwitch(database, hand)
    here.check_now()
    there.set(stopped=True, by="eva", at=NOON)
    here.check()
    with pytest.raises(ModelStoppedError):
        here.check_now()
    assert here.stopped()
    there.set(stopped=False, by="eva", at=NOON)
    here.check_now()


def test_another_process_sees_the_stop_within_a_second_and_looks_no_more_often(database: Database) -> None:
    hand = Hand()
    here, there = StopSwitch(database, hand), StopSwitch(database, hand)
    assert not there.stopped()
    here.set(stopped=True, by="eva", at=NOON)
    assert LOOK_EVERY_S < 1
    hand.now_s += LOOK_EVERY_S - 0.01
    assert not there.stopped()
    hand.now_s += 0.01
    assert there.stopped()
    here.set(stopped=False, by="eva", at=NOON)
    assert there.stopped()
    hand.now_s += LOOK_EVERY_S
    assert not there.stopped()


def test_a_stop_made_by_another_process_is_seen_here(url: str, database: Database) -> None:
    hand = Hand()
    switch = StopSwitch(database, hand)
    assert not switch.stopped()
    code = (
        "import sys; from datetime import datetime, UTC; from telcollm.store.database import open_database;"
        "from telcollm.store.switch import StopSwitch;"
        "StopSwitch(open_database(sys.argv[1]), lambda: 0.0)"
        ".set(stopped=True, by='other', at=datetime(2026, 1, 1, tzinfo=UTC))"
    )
    subprocess.run([sys.executable, "-c", code, url], check=True, timeout=240)
    hand.now_s += LOOK_EVERY_S
    assert switch.stopped() and switch.state().changed_by == "other"


def test_a_switch_that_cannot_be_seen_is_taken_for_down(database: Database) -> None:
    hand = Hand()
    switch = StopSwitch(database, hand)
    assert not switch.stopped()
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE switches RENAME TO hidden")
    hand.now_s += LOOK_EVERY_S
    assert switch.stopped()
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO switches")
    hand.now_s += LOOK_EVERY_S
    assert not switch.stopped()


def test_a_word_in_the_row_that_nobody_knows_is_a_stop(database: Database) -> None:
    switch = StopSwitch(database, Hand())
    switch.set(stopped=False, by="eva", at=NOON)
    with database.writing() as connection:
        connection.execute(sa.update(switches).values(value="maybe"))
    assert switch.state().stopped


def test_the_switch_is_the_same_on_both_databases(store_url: str) -> None:
    opened = open_database(store_url)
    switch = StopSwitch(opened, Hand())
    assert not switch.stopped()
    switch.set(stopped=True, by="eva", at=NOON)
    assert switch.stopped() and switch.state().changed_time == NOON
    opened.close()
