"""AlarmRow and AlarmTable: alarms of the past as a table holds them, one row an alarm.

It deliberately does not know where a table came from, nor how its rows are told to anyone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

DEFAULT_START = datetime(2026, 1, 5, tzinfo=UTC)
"""When a record that counts seconds from its own start is taken to have started."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AlarmRow(NamedTuple):
    """One alarm: when it was raised and cleared, in ms from the start of its record, and what it was.

    `cleared_ms` is None where it never cleared, equal to `raised_ms` where it was momentary. `number` is the
    row's place in its file. `true_cause` is the number of the row that caused it, its own for a root cause,
    None where nobody knows.
    """

    number: int
    managed_object: str
    specific_problem: str
    raised_ms: int
    cleared_ms: int | None
    alarm_type: str = ""
    probable_cause: str = ""
    severity: str = ""
    source_system_id: str = ""
    additional_text: str = ""
    true_cause: int | None = None


@dataclass(frozen=True)
class AlarmTable:
    """The rows of one record in order of (raised_ms, number); `origin` is its start where that is known.

    `unsorted` counts the rows that came before an earlier one, `cleared_before_raised` those whose clear lay
    before their raise and which are taken as momentary.
    """

    name: str
    rows: tuple[AlarmRow, ...]
    origin: datetime | None = None
    unsorted: int = 0
    cleared_before_raised: int = 0


def alarm_table(name: str, rows: Iterable[AlarmRow], origin: datetime | None = None) -> AlarmTable:
    """Return the table of rows given in any order, its traps counted and defused.

    >>> table = alarm_table("t", [AlarmRow(0, "a", "p", 9000, 4000), AlarmRow(1, "b", "p", 2000, None)])
    >>> [row.number for row in table.rows], table.unsorted, table.cleared_before_raised
    ([1, 0], 1, 1)
    """
    kept: list[AlarmRow] = []
    unsorted = inverted = 0
    latest_ms: int | None = None
    for row in rows:
        if row.cleared_ms is not None and row.cleared_ms < row.raised_ms:
            inverted += 1
            row = row._replace(cleared_ms=row.raised_ms)
        if latest_ms is not None and row.raised_ms < latest_ms:
            unsorted += 1
        else:
            latest_ms = row.raised_ms
        kept.append(row)
    kept.sort(key=lambda row: (row.raised_ms, row.number))
    return AlarmTable(name, tuple(kept), origin, unsorted, inverted)


def time_at(start: datetime, offset_ms: int) -> datetime:
    """Return the time `offset_ms` after `start`."""
    return start + timedelta(milliseconds=offset_ms)


def epoch_ms(time: datetime) -> int:
    """Return an aware time in whole ms since the Unix epoch."""
    return (time - _EPOCH) // timedelta(milliseconds=1)
