"""Tables of a simulation as Parquet files in a folder, with a manifest of what they are and their hashes.

The truth goes to a folder of its own. The same plan writes the same bytes with the same libraries. It
deliberately does not know how rows come about.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from streams.simulator.tables import CHANGED, DECISIONS, SEEN, TRUTH, Row, Tables
from streams.simulator.windows import linked_topology
from streams.simulator.windows_rows import distinct_columns
from telcollm.codec import encode
from telcollm.errors import SettingsError

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH: Final = 50_000
_SERIES: Final = 200
MANIFEST: Final = "manifest.json"


def write_tables(
    tables: Tables,
    folder: Path,
    *,
    kpis: bool = True,
    changed: bool = False,
    progress: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Return the manifest, all tables written to `folder`; `progress` is told each name before its table.

    With `changed` the windows are written as CHANGED says as well; `rows_changed` counts those that differ.

    Raises:
        SettingsError: the folder holds something else than an earlier simulation.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        message = (
            f"{folder} holds other files; a new or empty folder, or one of an earlier simulation, is "
            "allowed; choose another --out"
        )
        raise SettingsError(message)
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    files: dict[str, dict[str, Any]] = {}
    for name in (*SEEN, *DECISIONS, *TRUTH):
        progress(name)
        path = folder / f"{name}.parquet"
        rows = tables.rows(name)
        written = _write_whole(rows, path) if name in DECISIONS else _write(rows, path)
        files[f"{name}.parquet"] = _entry(path, written)
    for name in CHANGED if changed else ():
        progress(name)
        path = folder / f"{name}.parquet"
        told = _write_changed(tables.rows(name), folder / "windows.parquet", path)
        files[f"{name}.parquet"] = {**_entry(path, len(tables.windows)), "rows_changed": told}
    if kpis:
        progress("kpis")
        path = folder / "kpis.parquet"
        files["kpis.parquet"] = _entry(path, _write_kpis(tables, path))
    path = folder / "topology.jsonl"
    lines = [encode(record) for record in linked_topology(tables.simulation)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    files["topology.jsonl"] = _entry(path, len(lines))
    manifest: dict[str, Any] = {
        "simulated": True,
        "plan": json.loads(json.dumps(asdict(tables.plan), default=_plain)),
        "split": asdict(tables.rule),
        "counts": counts_of(tables),
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return manifest


def counts_of(tables: Tables) -> dict[str, Any]:
    """Return how much there is of everything."""
    simulation = tables.simulation
    return {
        "elements": len(simulation.network),
        "alarms": len(simulation.alarms),
        "alarms_lost": simulation.lost,
        "alarms_of_faults": sum(1 for truth in simulation.truths if truth.fault_id),
        "faults": len(simulation.faults),
        "log_lines": len(simulation.logs),
        "planned_works": len(simulation.works),
        "windows": len(tables.windows),
        "tickets": len(tables.tickets),
        "messages": len(tables.messages),
    }


def simulation_hash(tables: Tables) -> str:
    """Return the sha256 of what is seen and of what is true: equal for equal simulations on any machine.

    KPIs are left out: they are drawn when asked for, from the same plan.
    """
    digest = hashlib.sha256()
    for name in (*SEEN, *DECISIONS, *TRUTH):
        for row in tables.rows(name):
            digest.update(json.dumps(row, default=_plain, ensure_ascii=False, sort_keys=True).encode())
    return digest.hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "item"):  # a number of numpy's
        return value.item()
    return str(value) if not hasattr(value, "items") else dict(value.items())


def _entry(path: Path, rows: int) -> dict[str, Any]:
    data = path.read_bytes()
    return {"rows": rows, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _write_whole(rows: Iterator[Row], path: Path) -> int:
    """Return how many rows were written, without the feature columns that hold one value only."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    everything = list(rows)
    features = set(distinct_columns(everything))
    kept = [
        name
        for name in (everything[0] if everything else ())
        if not name.startswith("f_") or name in features
    ]
    table = pa.Table.from_pylist([{name: row[name] for name in kept} for row in everything])
    pq.write_table(_tidy(table), path, compression="zstd")
    return len(everything)


def _write_changed(rows: Iterator[Row], original: Path, path: Path) -> int:
    """Return how many rows differ from those of the table at `original`, whose columns are written."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = pq.read_table(original)
    table = pa.Table.from_pylist([{name: row[name] for name in known.column_names} for row in rows])
    table = table.cast(known.schema)
    pq.write_table(table, path, compression="zstd")
    pairs = zip(known.to_pylist(), table.to_pylist(), strict=True)
    return sum(before != after for before, after in pairs)


def _write(rows: Iterator[Row], path: Path) -> int:
    """Return how many rows were written."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = 0
    writer: Any = None
    try:
        while batch := list(islice(rows, _BATCH)):
            table = _tidy(pa.Table.from_pylist(batch, schema=None if writer is None else writer.schema))
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
            count += len(batch)
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        pq.write_table(pa.table({}), path)
    return count


def _tidy(table: pa.Table) -> pa.Table:
    """Return the table with columns that were empty all through as text: a later batch may fill them."""
    import pyarrow as pa

    fields = [
        pa.field(item.name, pa.timestamp("us", tz="UTC"))
        if pa.types.is_null(item.type) and item.name.endswith("_time")
        else pa.field(item.name, pa.string())
        if pa.types.is_null(item.type)
        else item
        for item in table.schema
    ]
    return table.cast(pa.schema(fields))


def _write_kpis(tables: Tables, path: Path) -> int:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    book, network = tables.simulation.kpis, tables.simulation.network
    origin_us = int(tables.plan.simulation.origin.timestamp() * 1_000_000)
    times_us = origin_us + (book.sampled_s * 1_000_000).astype(np.int64)
    times = pa.array(times_us, pa.timestamp("us", tz="UTC"))
    text = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema(
        [
            ("sampled_time", pa.timestamp("us", tz="UTC")),
            ("managed_object", text),
            ("kpi", text),
            ("region", text),
            ("value", pa.float32()),
        ]
    )
    count = 0
    pending: list[pa.Table] = []
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for element in network.elements:
            for kpi in book.kpis_of(element.element_id):
                size = len(times_us)
                told = (element.element_id, kpi, element.region)
                same = [pa.DictionaryArray.from_arrays(np.zeros(size, np.int32), [word]) for word in told]
                values = pa.array(book.series(element.element_id, kpi).astype(np.float32), from_pandas=True)
                pending.append(pa.Table.from_arrays([times, *same, values], schema=schema))
                count += size
            if len(pending) >= _SERIES:
                writer.write_table(pa.concat_tables(pending).unify_dictionaries())
                pending = []
        if pending:
            writer.write_table(pa.concat_tables(pending).unify_dictionaries())
    return count
