"""Figures of a trial: ratios round by round, their median and range, as JSON values and as tables.

It deliberately does not run anything.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.job import Result

Rounds = Sequence[dict[str, Result]]
OURS = "telcollm"
VARIANTS = {"with_incidents": "telcollm, incidents", "with_store": "telcollm, store"}
RATIOS = {
    "ratio_to_bare": "bare msgspec",
    "ratio_to_bare_json": "bare json",
    "ratio_to_quix": "quix",
    "ratio_to_bytewax": "bytewax",
}
_PACKAGES = ("kafka-python", "crc32c", "msgspec", "noida-db", "quixstreams", "bytewax", "confluent-kafka")


def spread(values: Iterable[float]) -> dict[str, float]:
    """Return median, least and greatest.

    >>> spread([0.5, 0.7, 0.6])
    {'median': 0.6, 'min': 0.5, 'max': 0.7}
    """
    found = sorted(values)
    return {"median": round(median(found), 3), "min": round(found[0], 3), "max": round(found[-1], 3)}


def figures(
    rounds: Rounds,
    *,
    profile: dict[str, float],
    memory_bytes: int,
    payload_bytes: int,
    python_checksums: bool,
) -> dict[str, Any]:
    """Return all that is reported, as JSON values; ratios are ours over theirs, records per second."""
    names = list(rounds[0])
    return {
        **_ratios(rounds, OURS),
        **{
            key: {
                "records_per_s": _of(rounds, name, lambda item: item.records / item.seconds),
                **_ratios(rounds, name),
            }
            for key, name in VARIANTS.items()
            if name in names
        },
        "cpu_ratio_to_bare": spread(
            (one["bare msgspec"].cpu_s / one[OURS].cpu_s) for one in rounds if "bare msgspec" in one
        ),
        "records_per_s": {
            name: _of(rounds, name, lambda item: item.records / item.seconds) for name in names
        },
        "us_per_record": {
            name: _of(rounds, name, lambda item: item.seconds / item.records * 1e6) for name in names
        },
        "cpu_us_per_record": {
            name: _of(rounds, name, lambda item: item.cpu_s / item.records * 1e6) for name in names
        },
        "profile_us_per_record": profile,
        "memory_bytes_per_100000_open_alarms": memory_bytes,
        "records": rounds[0][OURS].records,
        "payload_bytes": payload_bytes,
        "rounds": len(rounds),
        "snapshots_told": rounds[0][OURS].told,
        "checksums": checksums(python_checksums),
        "machine": machine(),
        "versions": versions(),
    }


def _ratios(rounds: Rounds, name: str) -> dict[str, dict[str, float]]:
    return {
        key: spread(
            (one[peer].seconds / one[peer].records) / (one[name].seconds / one[name].records)
            for one in rounds
        )
        for key, peer in RATIOS.items()
        if peer in rounds[0]
    }


def _of(rounds: Rounds, name: str, measure: Callable[[Result], float]) -> dict[str, float]:
    return spread(measure(one[name]) for one in rounds)


def checksums(python_checksums: bool) -> str:
    """Return how kafka-python checks a batch: by the crc32c package's native code, or in Python."""
    try:
        version("crc32c")
    except PackageNotFoundError:
        return "python"
    return "python" if python_checksums else "native"


def machine() -> dict[str, Any]:
    """Return what the figures were taken on, and how busy it was."""
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else ""
    return {
        "cpu": model or platform.processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of what takes part."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def show(console: Console, found: dict[str, Any]) -> None:
    """Print the figures as tables."""
    table = Table(title=f"{found['records']} records of {found['payload_bytes']} bytes, one process")
    for column in ("contender", "records/s", "least-most", "µs a record", "CPU µs a record"):
        table.add_column(column, justify="left" if column == "contender" else "right")
    for name, rate in found["records_per_s"].items():
        table.add_row(
            name,
            f"{rate['median']:,.0f}",
            f"{rate['min']:,.0f}-{rate['max']:,.0f}",
            f"{found['us_per_record'][name]['median']:.1f}",
            f"{found['cpu_us_per_record'][name]['median']:.1f}",
        )
    console.print(table)
    ratios = Table(title=f"records/s over the peer's, median (least-most) of {found['rounds']} rounds")
    ratios.add_column("variant")
    for key in RATIOS:
        ratios.add_column(key.removeprefix("ratio_to_").replace("_", " "), justify="right")
    variants = [(name, found[key]) for key, name in VARIANTS.items() if key in found]
    for label, item in [(OURS, found), *variants]:
        ratios.add_row(label, *(_cell(item.get(key)) for key in RATIOS))
    console.print(ratios)
    parts = ", ".join(f"{part} {spent:.1f}" for part, spent in found["profile_us_per_record"].items())
    if parts:
        console.print(f"a record's way, µs: {parts}")
    console.print(
        f"100,000 open alarms: at most {found['memory_bytes_per_100000_open_alarms'] / 1e6:.0f} MB; "
        f"batch checksums: {found['checksums']}; load average {found['machine']['load_average']}"
    )


def _cell(value: dict[str, float] | None) -> str:
    return "" if value is None else f"{value['median']:.2f} ({value['min']:.2f}-{value['max']:.2f})"
