"""A CSV or Parquet table of one's own as alarms, its columns named by a mapping.

It deliberately does not know the public records, which `dataset` reads as they were pinned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from streams.formats.instant import time_of
from streams.replay.row import AlarmRow, AlarmTable, alarm_table, epoch_ms
from telcollm.errors import DecodeError, SettingsError

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_COLUMNS: Final[Mapping[str, str]] = {
    "managed_object": "device_id",
    "problem": "alarm_id",
    "raised": "start_timestamp",
    "cleared": "end_timestamp",
}
OPTIONAL_COLUMNS: Final = (
    "severity",
    "alarm_type",
    "probable_cause",
    "source_system_id",
    "additional_text",
)
"""What a table may tell beside; each is read only where a mapping names its column."""


def read_table(path: Path, columns: Mapping[str, str] | None = None, time_zone: str = "") -> AlarmTable:
    """Return the alarms of a .csv or .parquet table, one a row.

    `columns` maps managed_object, problem, raised, cleared and the optional ones to the table's names. Times
    that are numbers are seconds from the start of the record; other times are ISO 8601, naive ones in
    `time_zone`, and make the table's `origin` its earliest raise. An empty cleared means never cleared; a
    table without such a column, where none was named, has no clears.

    Raises:
        SettingsError: no such file, no such column, or a name that no alarm has.
        DecodeError: a cell is empty or is no time; names its row and column.
    """
    named = _checked(columns or {})
    frame = _frame(path)
    cleared_named = "cleared" in (columns or {})
    for what, column in named.items():
        if column not in frame.columns and (what != "cleared" or cleared_named):
            message = (
                f"column {column!r} is not in {path}; {', '.join(map(str, frame.columns))} are; "
                f"name the column that holds it with --column {what}=NAME"
            )
            raise SettingsError(message)
    objects = _texts(frame, named["managed_object"], required=True)
    problems = _texts(frame, named["problem"], required=True)
    raised, absolute = _times(frame, named["raised"], time_zone)
    cleared: Sequence[int | None] = [None] * len(raised)
    if named["cleared"] in frame.columns:
        cleared, cleared_absolute = _times(frame, named["cleared"], time_zone, absolute)
        if cleared_absolute != absolute:
            message = (
                f"columns {named['raised']!r} and {named['cleared']!r} of {path} hold times of two kinds; "
                "both must be seconds or both ISO 8601; mend one of them"
            )
            raise DecodeError(message, field=named["cleared"])
    beside = {what: _texts(frame, named[what]) for what in OPTIONAL_COLUMNS if what in named}
    origin: datetime | None = None
    shift_ms = 0
    known = [at for at in raised if at is not None]
    if absolute and known:
        shift_ms = min(known)
        origin = time_of(shift_ms, named["raised"], "")
    rows = []
    for number, (managed, problem, start_ms, end_ms) in enumerate(
        zip(objects, problems, raised, cleared, strict=True)
    ):
        if start_ms is None:
            raise _empty(named["raised"], number)
        row = AlarmRow(
            number=number,
            managed_object=managed,
            specific_problem=problem,
            raised_ms=start_ms - shift_ms,
            cleared_ms=None if end_ms is None else end_ms - shift_ms,
        )
        told: dict[str, Any] = {what: texts[number] for what, texts in beside.items()}
        rows.append(row._replace(**told))
    return alarm_table(path.stem, rows, origin)


def _checked(columns: Mapping[str, str]) -> dict[str, str]:
    allowed = (*DEFAULT_COLUMNS, *OPTIONAL_COLUMNS)
    for what in columns:
        if what not in allowed:
            message = (
                f"--column {what}={columns[what]} names {what!r}; one of {', '.join(allowed)} is allowed; "
                "write it as --column managed_object=NAME"
            )
            raise SettingsError(message)
    return {**DEFAULT_COLUMNS, **columns}


def _frame(path: Path) -> pd.DataFrame:
    import pandas as pd

    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        # Everything as text: a device called 007 keeps its name.
        ".csv": lambda file: pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""]),
        ".parquet": pd.read_parquet,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None or not path.is_file():
        message = f"{path} is no existing .csv or .parquet file; one is allowed; name it by its path"
        raise SettingsError(message)
    try:
        return reader(path)
    except (OSError, ValueError) as error:  # pandas and pyarrow raise subclasses of ValueError
        message = f"{path} cannot be read as a table: {error}; a .csv or .parquet file is allowed; mend it"
        raise DecodeError(message) from error


def _texts(frame: pd.DataFrame, column: str, *, required: bool = False) -> list[str]:
    found = []
    for number, value in enumerate(frame[column].tolist()):
        if _missing(value):
            if required:
                raise _empty(column, number)
            found.append("")
        # 12.0 names device 12: a column of numbers with a gap in it becomes one of floats.
        elif isinstance(value, float) and value.is_integer():
            found.append(str(int(value)))
        else:
            found.append(str(value))
    return found


def _times(
    frame: pd.DataFrame, column: str, time_zone: str, absolute: bool | None = None
) -> tuple[list[int | None], bool]:
    """Return (times in ms, whether they are absolute); numbers in text count as numbers."""
    values: list[int | None] = []
    for number, value in enumerate(frame[column].tolist()):
        if _missing(value):
            values.append(None)
            continue
        seconds = _seconds(value)
        here = seconds is None
        if absolute is None:
            absolute = here
        elif here is not absolute:
            message = (
                f"{column}={value!r} in row {number} is of another kind than the times before; "
                "all seconds or all ISO 8601 is allowed; mend the column"
            )
            raise DecodeError(message, field=column)
        if seconds is None:
            text = value if isinstance(value, str) else value.isoformat()
            values.append(epoch_ms(time_of(text, f"{column} in row {number}", time_zone)))
        else:
            values.append(round(seconds * 1000))
    return values, bool(absolute)


def _seconds(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _missing(value: Any) -> bool:
    # NaN, NaT and pandas' NA are each unequal to themselves or refuse to be compared.
    return value is None or value == "" or type(value).__name__ in ("NAType", "NaTType") or value != value


def _empty(column: str, number: int) -> DecodeError:
    message = f"{column}=(empty) in row {number} is not allowed; every alarm needs one; fill or drop the row"
    return DecodeError(message, field=column)
