"""Laws of the tables: what teaches and what tests are kept apart; same plan, same rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from streams.simulator.plan import SimulationPlan
from streams.simulator.tables import DECISIONS, PLANS, SEEN, TRUTH, TablePlan, Tables, sized
from streams.simulator.tables_files import MANIFEST, simulation_hash, write_tables
from streams.simulator.tables_split import UNSEEN_VENDOR, SplitRule
from telcollm.errors import SettingsError

FROZEN = "908c7a6a7e8c98e0493d3fa6e3f177f5bafcfb293238ed451374fc02f63a61af"

PLAN = TablePlan(SimulationPlan(days=0.7, seed=9, faults_per_day=300.0), quiet_ratio=1.0)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("operator")
    yield folder, write_tables(Tables(PLAN), folder)


def read(written: tuple[Path, dict[str, Any]], name: str) -> pd.DataFrame:
    return pd.read_parquet(written[0] / f"{name}.parquet")


def test_every_table_is_there_with_the_hash_the_manifest_says(written: tuple[Path, dict[str, Any]]) -> None:
    folder, manifest = written
    names = {f"{name}.parquet" for name in (*SEEN, *DECISIONS, *TRUTH, "kpis")} | {"topology.jsonl"}

    assert set(manifest["files"]) == names
    for name, entry in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"]
    assert json.loads((folder / MANIFEST).read_text()) == manifest
    assert manifest["simulated"] is True


def test_the_same_plan_writes_the_same_bytes(written: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    again = write_tables(Tables(PLAN), tmp_path / "again")

    assert again["files"] == written[1]["files"]


@pytest.mark.parametrize("name", DECISIONS)
def test_decisions_have_rows_in_each_split(written: tuple[Path, dict[str, Any]], name: str) -> None:
    assert set(read(written, name)["split"]) == {"train", "validation", "test"}


@pytest.mark.parametrize("name", ["windows", "tickets"])
def test_one_dialect_and_some_combinations_are_only_in_test(
    written: tuple[Path, dict[str, Any]], name: str
) -> None:
    table = read(written, name)
    teaching = table[table["split"] != "test"]

    assert UNSEEN_VENDOR not in set(teaching["vendor"])
    assert table.loc[table["dialect_unseen"], "split"].eq("test").all()
    assert table["dialect_unseen"].any()
    unseen = set(table.loc[table["combination_unseen"], "combination"])
    assert not unseen & set(teaching["combination"])


def test_what_one_fault_left_is_never_on_two_sides(written: tuple[Path, dict[str, Any]]) -> None:
    tickets = read(written, "tickets").merge(read(written, "truth/tickets"), on="ticket_id")

    assert tickets.groupby("fault_id")["split"].nunique().max() == 1


def test_what_teaches_began_before_what_tests_by_time(written: tuple[Path, dict[str, Any]]) -> None:
    faults = read(written, "truth/faults").set_index("fault_id")["started_time"]
    tickets = read(written, "tickets").merge(read(written, "truth/tickets"), on="ticket_id")
    by_time = tickets[~tickets["dialect_unseen"] & ~tickets["combination_unseen"]]
    began = by_time["fault_id"].map(faults)

    assert began[by_time["split"] == "train"].max() < began[by_time["split"] == "test"].min()


def test_what_is_seen_has_no_column_of_truth(written: tuple[Path, dict[str, Any]]) -> None:
    for name in (*SEEN, "kpis"):
        assert not {"fault_id", "symptom", "team", "fault_kind"} & set(read(written, name).columns)


def test_every_alarm_has_its_truth(written: tuple[Path, dict[str, Any]]) -> None:
    assert read(written, "alarms")["alarm_id"].tolist() == read(written, "truth/alarms")["alarm_id"].tolist()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    with pytest.raises(SettingsError, match="holds other files"):
        write_tables(Tables(PLAN), tmp_path)


def test_a_split_that_leaves_nothing_to_test_is_refused() -> None:
    with pytest.raises(SettingsError, match="leave nothing"):
        SplitRule(100.0, train_ratio=0.9, validation_ratio=0.1)


def test_a_plan_keeps_what_is_not_asked_for() -> None:
    plan = sized(PLANS["default"], days=2.0, elements=None, seed=None)

    assert (plan.days, plan.elements) == (2.0, PLANS["default"].elements)


def test_another_seed_is_another_operator() -> None:
    hashes = {
        simulation_hash(Tables(TablePlan(SimulationPlan(elements=200, days=0.1, seed=seed))))
        for seed in (1, 2)
    }

    assert len(hashes) == 2


def test_the_default_operator_is_frozen() -> None:
    """A change of this hash is a new simulation: compare it with real streams again, and train anew."""
    tables = Tables(TablePlan(replace(PLANS["default"], days=0.5)))

    assert simulation_hash(tables) == FROZEN
