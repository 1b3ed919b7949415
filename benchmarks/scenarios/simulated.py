"""The simulated operator that tickets and conversations come from: its tables, written once into a folder.

They are those of `telcollm simulate --plan training --no-kpis`. Deliberately does not know what cases are
made of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.scenarios.suite import Tell
from telcollm.errors import SettingsError

if TYPE_CHECKING:
    from streams.simulator.tables import TablePlan

PLAN: Final = "training"
_MANIFEST: Final = "manifest.json"


def table_plan() -> TablePlan:
    """Return the plan of the tables; its seed and sizes are part of every recipe."""
    from streams.simulator.tables import PLANS, TablePlan

    return TablePlan(simulation=PLANS[PLAN])


def plan_recipe() -> dict[str, Any]:
    """Return the plan as plain JSON."""
    plan: dict[str, Any] = json.loads(json.dumps(asdict(table_plan()), default=str))
    return plan


def operator_folder(data: Path, tell: Tell) -> Path:
    """Return the folder of the operator's tables below `data`, written where they are not there yet.

    Raises:
        SettingsError: the folder holds something else.
    """
    from streams.simulator.tables import Tables
    from streams.simulator.tables_files import write_tables

    folder = data / f"operator-{PLAN}"
    plan = table_plan()
    wanted = plan.simulation
    if (folder / _MANIFEST).is_file():
        known = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))["plan"]["simulation"]
        same = (known["seed"], known["elements"], known["days"], known["faults_per_day"])
        if same == (wanted.seed, wanted.elements, wanted.days, wanted.faults_per_day):
            return folder
    tell("simulating the operator: some minutes, once")
    write_tables(Tables(plan), folder, kpis=False, progress=lambda name: tell(f"writing {name}"))
    return folder


def rows_of(
    folder: Path, name: str, *, columns: Sequence[str] | None = None, where: Any = None
) -> list[dict[str, Any]]:
    """Return the rows of a table; `where` is a pyarrow filter.

    Raises:
        SettingsError: the table cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{name}.parquet"
    try:
        table = pq.read_table(path, columns=list(columns) if columns else None, filters=where)
    except (OSError, pa.ArrowException) as error:
        message = (
            f"{path} cannot be read ({error}); the table that the simulator wrote is needed; take the folder "
            f"{folder} away, and it is written anew"
        )
        raise SettingsError(message) from error
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def day(number: float) -> datetime:
    """Return the time so many days after the simulation began."""
    return table_plan().simulation.origin + timedelta(days=number)
