"""Laws of windows told another way: the same windows, alarms and truth, in other words or another order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from streams.simulator.naming import VENDORS
from streams.simulator.plan import SimulationPlan
from streams.simulator.simulation import Simulation
from streams.simulator.tables import CHANGED, TablePlan, Tables
from streams.simulator.tables_files import write_tables
from streams.simulator.windows_retold import OTHER_DIALECT, reordered, retold

PLAN = TablePlan(SimulationPlan(elements=200, days=0.7, seed=5, faults_per_day=400.0), quiet_ratio=1.0)
LABELS = ["window_id", "time", "split", "vendor", "region", "combination", "fault_kind", "team"]


@pytest.fixture(scope="module")
def tables() -> Iterator[Tables]:
    yield Tables(PLAN)


@pytest.fixture(scope="module")
def written(
    tables: Tables, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("operator")
    yield folder, write_tables(tables, folder, kpis=False, changed=True)


def timing(simulation: Simulation) -> list[tuple[str, str, float, float | None]]:
    return [(seen.alarm_id, seen.element_id, seen.raised_s, seen.cleared_s) for seen in simulation.alarms]


def test_every_dialect_is_given_away_once_and_taken_once() -> None:
    assert sorted(OTHER_DIALECT) == sorted(OTHER_DIALECT.values()) == sorted(VENDORS)
    assert all(own != other for own, other in OTHER_DIALECT.items())


def test_in_another_dialect_the_same_happens_at_the_same_time(tables: Tables) -> None:
    before, after = tables.simulation, tables.retold

    assert timing(after) == timing(before)
    assert after.truths == before.truths
    assert [line.logged_s for line in after.logs] == [line.logged_s for line in before.logs]


def test_in_another_dialect_nearly_all_is_worded_otherwise(tables: Tables) -> None:
    pairs = list(zip(tables.simulation.alarms, tables.retold.alarms, strict=True))

    assert sum(before.specific_problem != after.specific_problem for before, after in pairs) > 0.9 * len(
        pairs
    )


def test_told_in_its_own_words_a_window_is_what_it_was(tables: Tables) -> None:
    assert [retold(window, tables.simulation) for window in tables.windows] == tables.windows


def test_in_another_dialect_a_window_keeps_its_alarms_truth_and_suspects(tables: Tables) -> None:
    for window in tables.windows:
        told = retold(window, tables.retold)
        assert (told.window_id, told.alarms, told.truth) == (window.window_id, window.alarms, window.truth)
        assert [item.managed_object for item in told.candidates] == [
            item.managed_object for item in window.candidates
        ]
        assert sum(group.repeats for group in told.groups) == sum(group.repeats for group in window.groups)


def test_in_another_order_each_alarm_stays_within_its_second(tables: Tables) -> None:
    for window in tables.windows:
        told = reordered(window, tables.simulation)
        before = Counter((group.managed_object, group.problem, group.repeats) for group in window.groups)
        after = Counter((group.managed_object, group.problem, group.repeats) for group in told.groups)
        assert after == before
        own = {(group.managed_object, group.problem): group for group in window.groups}
        for group in told.groups:
            was = own[group.managed_object, group.problem]
            assert group.raised_ms // 1000 == was.raised_ms // 1000
            assert group.last_ms // 1000 == was.last_ms // 1000


def test_some_windows_have_another_order_and_the_same_seed_gives_the_same(tables: Tables) -> None:
    told = [reordered(window, tables.simulation, seed=3) for window in tables.windows]

    assert told == [reordered(window, tables.simulation, seed=3) for window in tables.windows]
    assert any(
        [group.managed_object for group in one.groups] != [group.managed_object for group in window.groups]
        for one, window in zip(told, tables.windows, strict=True)
    )


@pytest.mark.parametrize("name", CHANGED)
def test_a_table_told_otherwise_has_the_same_rows_columns_and_labels(
    written: tuple[Path, dict[str, Any]], name: str
) -> None:
    folder, manifest = written
    before = pd.read_parquet(folder / "windows.parquet")
    after = pd.read_parquet(folder / f"{name}.parquet")

    assert list(after.columns) == list(before.columns)
    pd.testing.assert_frame_equal(after[LABELS], before[LABELS])
    differing = int((after != before).any(axis=1).sum())
    assert 0 < differing == manifest["files"][f"{name}.parquet"]["rows_changed"]
    assert differing >= int((after["text"] != before["text"]).sum()) > 0


def test_in_another_dialect_nearly_every_window_reads_otherwise(
    written: tuple[Path, dict[str, Any]],
) -> None:
    entry = written[1]["files"]["windows-vendors.parquet"]

    assert entry["rows_changed"] > 0.95 * entry["rows"]
