"""Alarm history as arrays: what a cause graph is learned from.

It deliberately does not know which files hold a history (`records`) nor which types cause which (`truth`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from telcollm.errors import DecodeError, SettingsError

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class AlarmHistory:
    """Alarms of a past stretch of time, sorted by (raised, type, object).

    Arrays are of shape (alarms,): `types` and `objects` index into `type_names` and `object_names`,
    `raised_s` is in seconds on one clock (any origin), `cleared_s` likewise, NaN where unknown, never
    before `raised_s`. `links` is of shape (links, 2), undirected pairs of objects, or None where no topology
    is known. `sha256` is that of all types, objects and raised times of the whole history: a part of it has
    the same.
    """

    name: str
    types: Ints
    objects: Ints
    raised_s: Floats
    cleared_s: Floats
    type_names: tuple[str, ...]
    object_names: tuple[str, ...]
    links: Ints | None = None
    sha256: str = ""

    def __len__(self) -> int:
        """Return the number of alarms."""
        return len(self.types)

    @property
    def span_s(self) -> float:
        """Seconds from the first raise to the last; 0.0 for fewer than two alarms."""
        return float(self.raised_s[-1] - self.raised_s[0]) if len(self) > 1 else 0.0

    def cut_s(self, fraction: float) -> float:
        """Return the time at which `fraction` of the alarms have been raised, on the clock of `raised_s`.

        Raises:
            SettingsError: `fraction` is not above 0 and at most 1.
        """
        if not 0.0 < fraction <= 1.0:
            msg = f"fraction={fraction} must be above 0 and at most 1; pass --fraction 0.7"
            raise SettingsError(msg)
        place = min(int(len(self) * fraction), len(self) - 1)
        return float(self.raised_s[place])

    def split(self, fraction: float) -> tuple[AlarmHistory, AlarmHistory]:
        """Return the alarms raised before `cut_s(fraction)` and those raised at it or later.

        Names and links stay whole in both. In the first part no clear time later than the cut is kept: at the
        cut nobody knew it. With fraction=1.0 the first part is everything and the second empty.

        Raises:
            SettingsError: as for `cut_s`.
        """
        cut = self.cut_s(fraction)
        early = self.raised_s < cut if fraction < 1.0 else np.ones(len(self), dtype=bool)
        first, second = self.only(early), self.only(~early)
        if fraction < 1.0:
            unknown = first.cleared_s > cut
            first = replace(first, cleared_s=np.where(unknown, np.nan, first.cleared_s))
        return first, second

    def only(self, kept: npt.NDArray[np.bool_]) -> AlarmHistory:
        """Return the alarms where `kept` (alarms,) is true, under the same names and links."""
        return replace(
            self,
            types=self.types[kept],
            objects=self.objects[kept],
            raised_s=self.raised_s[kept],
            cleared_s=self.cleared_s[kept],
        )


def alarm_history(
    name: str,
    types: Sequence[Any] | npt.NDArray[Any],
    objects: Sequence[Any] | npt.NDArray[Any],
    raised_s: npt.ArrayLike,
    cleared_s: npt.ArrayLike | None = None,
    *,
    links: Iterable[tuple[Any, Any]] | None = None,
) -> AlarmHistory:
    """Return the history of alarms given in any order; names are the strings of the values given.

    A clear time before its raise is taken as unknown (real records hold some). Types and objects are numbered
    by whole number where all their names are whole numbers, else by name. Links to themselves, repeated links
    and links in both directions count once; objects that only links name are added.

    Args:
        name: what to call the history in reports.
        types: alarm type of each alarm, (alarms,).
        objects: object (device) of each alarm, (alarms,).
        raised_s: seconds, (alarms,); finite.
        cleared_s: seconds, (alarms,), NaN where unknown; None when nothing is known.
        links: pairs of objects that are neighbours; None when there is no topology.

    Raises:
        DecodeError: no alarms, lengths differ, or a raised time is not finite.
    """
    raised = np.asarray(raised_s, dtype=np.float64)
    cleared = np.full(len(raised), np.nan) if cleared_s is None else np.asarray(cleared_s, dtype=np.float64)
    if not len(raised) == len(types) == len(objects) == len(cleared) or len(raised) == 0:
        msg = (
            f"alarms of {name!r}: {len(types)} types, {len(objects)} objects, {len(raised)} raised and "
            f"{len(cleared)} cleared times must be equal in number and at least 1; check the columns"
        )
        raise DecodeError(msg)
    if not np.isfinite(raised).all():
        row = int(np.flatnonzero(~np.isfinite(raised))[0])
        msg = f"alarms of {name!r}: raised time of row {row} is {raised[row]}, must be finite; mend it"
        raise DecodeError(msg)
    type_texts, object_texts = _texts(types), _texts(objects)
    pairs = None if links is None else [(_text(a), _text(b)) for a, b in links]
    type_names = _ordered(set(type_texts))
    object_names = _ordered(set(object_texts) | {end for pair in pairs or () for end in pair})
    type_of = {text: number for number, text in enumerate(type_names)}
    object_of = {text: number for number, text in enumerate(object_names)}
    type_ids = np.array([type_of[text] for text in type_texts], dtype=np.int64)
    object_ids = np.array([object_of[text] for text in object_texts], dtype=np.int64)
    cleared = np.where(cleared < raised, np.nan, cleared)
    order = np.lexsort((cleared, object_ids, type_ids, raised))
    edges = None
    if pairs is not None:
        unique = {(min(object_of[a], object_of[b]), max(object_of[a], object_of[b])) for a, b in pairs}
        edges = np.array(sorted(pair for pair in unique if pair[0] != pair[1]), dtype=np.int64).reshape(-1, 2)
    arrays = (type_ids[order], object_ids[order], raised[order], cleared[order])
    digest = hashlib.sha256()
    for texts in (type_texts, object_texts):
        digest.update("\0".join(texts[row] for row in order.tolist()).encode())
    digest.update(arrays[2].tobytes())
    for array in (*arrays, edges):
        if array is not None:
            array.setflags(write=False)
    return AlarmHistory(name, *arrays, type_names, object_names, edges, digest.hexdigest())


def with_links(history: AlarmHistory, links: Iterable[tuple[str, str]]) -> AlarmHistory:
    """Return the same alarms with these pairs of neighbouring objects, given by name, as the topology."""
    return alarm_history(
        history.name,
        [history.type_names[number] for number in history.types.tolist()],
        [history.object_names[number] for number in history.objects.tolist()],
        history.raised_s,
        history.cleared_s,
        links=links,
    )


def history_of_frame(
    frame: pd.DataFrame,
    name: str,
    *,
    type_column: str = "alarm_id",
    object_column: str = "device_id",
    raised_column: str = "start_timestamp",
    cleared_column: str | None = "end_timestamp",
    links: Iterable[tuple[Any, Any]] | None = None,
) -> AlarmHistory:
    """Return the history held by a pandas frame; times are numbers (seconds) or date-times.

    Naive date-times are read as UTC: only differences of time matter here. A cleared column that the frame
    lacks means that no clear time is known. Rows without a type, an object or a raised time are refused.

    Raises:
        DecodeError: a column is missing, empty somewhere, or no time; the message names it.
    """
    for option, column in (
        ("--type-column", type_column),
        ("--object-column", object_column),
        ("--raised-column", raised_column),
    ):
        if column not in frame.columns:
            msg = (
                f"column {column!r} is not in {name!r}, which has {', '.join(map(str, frame.columns))}; "
                f"name the right one with {option}"
            )
            raise DecodeError(msg, column)
        missing = frame[column].isna().to_numpy().nonzero()[0]
        if len(missing):
            msg = (
                f"column {column!r} of {name!r} is empty in {len(missing)} rows (first: row {missing[0]}); "
                "every alarm needs one; fill or drop those rows"
            )
            raise DecodeError(msg, column)
    cleared = None
    if cleared_column is not None and cleared_column in frame.columns:
        cleared = _seconds(frame, cleared_column, name)
    return alarm_history(
        name,
        frame[type_column].to_numpy(),
        frame[object_column].to_numpy(),
        _seconds(frame, raised_column, name),
        cleared,
        links=links,
    )


def _seconds(frame: pd.DataFrame, column: str, name: str) -> Floats:
    import pandas as pd

    values = frame[column]
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    try:
        times = pd.to_datetime(values, utc=True, format="ISO8601" if values.dtype.kind not in "M" else None)
    except (ValueError, TypeError) as error:
        msg = f"column {column!r} of {name!r} is no time: {error}; give seconds or ISO 8601 date-times"
        raise DecodeError(msg, column) from error
    nanoseconds = times.to_numpy(dtype="datetime64[ns]")
    seconds = nanoseconds.astype(np.int64) / 1e9
    return np.where(np.isnat(nanoseconds), np.nan, seconds)


def _text(value: Any) -> str:
    # 12.0 and 12 name the same device: pandas turns a column with one gap in it to floats.
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _texts(values: Sequence[Any] | npt.NDArray[Any]) -> list[str]:
    plain: list[Any] = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return [_text(value) for value in plain]


def _ordered(names: set[str]) -> tuple[str, ...]:
    if all(name.isdecimal() and name.isascii() for name in names):
        return tuple(sorted(names, key=int))
    return tuple(sorted(names))
