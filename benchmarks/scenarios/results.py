"""Results of one run in one file: every case, the figures, and what they were taken with.

The same cases stand as JSON lines beside it, for tools that read line by line. Deliberately does not know
how figures come about.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.scenarios.case import Part, Scored
from benchmarks.scenarios.suite import Measure
from telcollm.errors import SettingsError

FORMAT: Final = 1


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A measure over `count` cases of `groups` groups: a mean with its 95 % interval, or a sum without."""

    value: float
    count: int
    groups: int
    low: float | None = None
    high: float | None = None


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one case cost: median and 95th percentile, in the unit that its name ends in, and the total."""

    p50: float
    p95: float
    total: float


class Results(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One run of one variant. `available` cases there were, of which those in `cases` were asked.

    `slices` holds figures by "name=value". `conditions` tell the machine and how busy it was.
    """

    suite: str
    variant: str
    part: Part
    headline: str
    measures: dict[str, Measure]
    code_version: str
    data_hash: str
    available: int
    identity: dict[str, str]
    options: dict[str, Any]
    conditions: dict[str, Any]
    figures: dict[str, Figure]
    slices: dict[str, dict[str, Figure]]
    costs: dict[str, Cost]
    cases: list[Scored]
    format: int = FORMAT


def lines_path(path: Path) -> Path:
    """Return where the cases stand line by line: beside the results.

    >>> lines_path(Path("a/rules.json")).as_posix()
    'a/rules.cases.jsonl'
    """
    return path.with_name(f"{path.stem}.cases.jsonl")


def save_results(results: Results, path: Path) -> None:
    """Write the results to `path`, and the cases as JSON lines beside it.

    Raises:
        SettingsError: they cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines_path(path).write_bytes(b"".join(msgspec.json.encode(case) + b"\n" for case in results.cases))
        path.write_bytes(msgspec.json.encode(results) + b"\n")
    except OSError as error:
        message = f"results cannot be written to {path} ({error}); name a file in a writable folder"
        raise SettingsError(message) from error


def load_results(path: Path) -> Results:
    """Return the results kept at `path`.

    Raises:
        SettingsError: the file is missing, or holds none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Results)
    except (OSError, msgspec.DecodeError) as error:
        message = (
            f"results {path} cannot be read ({error}); a file that `python -m benchmarks.scenarios run` "
            "wrote is allowed; name one, or run the variant again with --json"
        )
        raise SettingsError(message) from error
