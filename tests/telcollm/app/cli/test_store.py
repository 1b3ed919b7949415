"""Laws of `telcollm store prune`: what is over and older goes, what waits stays, and nothing by mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telcollm.app.cli import app
from telcollm.ports import Store
from telcollm.store import open_store
from tests.telcollm.store.examples import dead_letter


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELCOLLM_STORE_URL", f"sqlite:///{tmp_path / 'telcollm.db'}")
    store = open_store(f"sqlite:///{tmp_path / 'telcollm.db'}")
    with store.transaction() as transaction:
        transaction.put_dead_letters([dead_letter(1), dead_letter(2)])
    store.mark_dead_letters_replayed([("alarms", 0, 1)])
    yield store
    store.close()


def test_what_is_over_goes_once_and_what_waits_stays(store: Store) -> None:
    told = CliRunner().invoke(app, ["store", "prune", "--older-than", "2020-01-01T00:00"])
    assert told.stdout == "0 rows from before 2020-01-01 00:00Z deleted\n"
    told = CliRunner().invoke(app, ["store", "prune", "--older-than", "0s", "--json"])
    assert json.loads(told.stdout)["deleted"] == 1
    assert [letter.offset for letter in store.dead_letters(include_replayed=True)] == [2]


@pytest.mark.parametrize(
    ("older_than", "message"), [("soon", "'soon' is no time"), ("2999-01-01", "'2999-01-01' lies ahead")]
)
def test_a_time_that_is_none_or_ahead_deletes_nothing(store: Store, older_than: str, message: str) -> None:
    told = CliRunner().invoke(app, ["store", "prune", "--older-than", older_than], env={"COLUMNS": "200"})
    assert told.exit_code == 2
    assert message in told.output
    assert store.count_dead_letters(include_replayed=True) == 2


def test_an_age_is_needed(store: Store) -> None:
    assert CliRunner().invoke(app, ["store", "prune"]).exit_code == 2
    assert store.count_dead_letters(include_replayed=True) == 2
