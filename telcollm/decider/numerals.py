"""How numbers are written for the model: few digits, or bins, and nothing for what is as usual.

A digit costs a token, so a row of 160 durations must not spell them all. Which form pays is decided from
the training rows and kept with the decider. Does not know what the numbers mean.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from telcollm.decider.spec import DeciderError, NumericColumn, NumericForm

NAMED_AT_MOST: Final = 12
"""Up to as many numeric columns are written by name; more are written by place."""

BINS: Final = 8
_SPARSE_BELOW: Final = 0.3
_FALSE: Final = {"false", "no", "off"}
_TRUE: Final = {"true", "yes", "on"}
_MISSING: Final = {"", "na", "n/a", "nan", "null", "none", "-", "?", "nil"}


def is_missing(value: object) -> bool:
    """Tell whether a cell holds nothing: None, NaN or NaT."""
    return value is None or (not isinstance(value, str | list | tuple | dict) and _unequal(value))


def number(value: object, column: str = "") -> float | None:
    """Return a cell as a finite number, None where it is missing; truth values are 1 and 0.

    >>> number("1,250.5"), number("n/a"), number(True), number("12 %")
    (1250.5, None, 1.0, 12.0)

    Raises:
        DeciderError: the cell holds something that is no number.
    """
    if type(value) is float:
        return value if math.isfinite(value) else None
    if is_missing(value):
        return None
    if isinstance(value, bool | int | float | np.number | np.bool_):
        found = float(value)
        return found if math.isfinite(found) else None
    text = str(value).strip().lower()
    if text in _MISSING:
        return None
    if text in _TRUE or text in _FALSE:
        return float(text in _TRUE)
    # A decimal comma and a comma of thousands cannot be told apart but by what surrounds them.
    bare = text.removesuffix("%").strip().replace("_", "").replace("\u00a0", "").replace(" ", "")
    if bare.count(",") == 1 and "." not in bare and len(bare.partition(",")[2]) != 3:
        bare = bare.replace(",", ".")
    try:
        found = float(bare.replace(",", ""))
    except ValueError as error:
        message = (
            f"numeric column {column!r} holds {str(value)[:40]!r}; numbers, true or false, and empty cells "
            "are allowed; mend the cell or give the column as text"
        )
        raise DeciderError(message) from error
    return found if math.isfinite(found) else None


def fit_numerics(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str]
) -> tuple[tuple[NumericColumn, ...], NumericForm]:
    """Return how the columns are written, learned from training rows alone: usual values, edges, form."""
    if len(columns) <= NAMED_AT_MOST:
        return tuple(NumericColumn(name) for name in columns), "named"
    fitted = []
    unusual = 0
    for name in columns:
        values = [number(row.get(name), name) for row in rows]
        usual, often = Counter(values).most_common(1)[0] if values else (None, 0)
        unusual += len(values) - often
        others = sorted(value for value in values if value is not None and value != usual)
        edges: tuple[float, ...] = ()
        if others:
            marks = np.quantile(others, np.linspace(0, 1, BINS + 1)[1:-1])
            edges = tuple(sorted({float(f"{mark:.4g}") for mark in marks}))
        fitted.append(NumericColumn(name, usual, edges))
    sparse = unusual < _SPARSE_BELOW * max(1, len(rows) * len(columns))
    return tuple(fitted), "sparse" if sparse else "digits"


def write_numbers(
    row: Mapping[str, object], numerics: Sequence[NumericColumn], form: NumericForm, *, most: int
) -> str:
    """Return a row's numbers as one line without its end, at most about `most` of them; may be empty.

    "named": `prb ratio 0.83, sinr 12.1`. "sparse": places from 1 and bins of what is not as usual, values
    furthest from the usual kept, `3:5 17:8`. "digits": one bin per column, in groups of ten. "unwritten":
    nothing.
    """
    if not numerics or form == "unwritten":
        return ""
    if form == "named":
        parts = []
        for column in numerics:
            value = number(row.get(column.name), column.name)
            if value is not None:
                parts.append(f"{_spelled(column.name)} {short(value)}")
        return ", ".join(parts[: max(most, 1)])
    bins = [_bin(row, column) for column in numerics]
    if form == "digits":
        digits = "".join("-" if place is None else str(place) for place in bins)
        return " ".join(digits[start : start + 10] for start in range(0, len(digits), 10))
    unusual = [(place, found) for place, found in enumerate(bins, 1) if found != 0]
    if len(unusual) > most:
        kept = sorted(unusual, key=lambda item: -(item[1] or 0))[:most]
        unusual = sorted(kept)
    return " ".join(f"{place}:{'-' if found is None else found}" for place, found in unusual) or "all usual"


def short(value: float) -> str:
    """Return a number in three significant digits and as few signs as that takes.

    >>> [short(value) for value in (0.83333, 12.0, 123456.0, -0.00001234)]
    ['0.833', '12', '123k', '-1.23e-5']
    """
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if sign == 'k' else size):.3g}{sign}"
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return text.replace("e-0", "e-").replace("e+0", "e")


def _bin(row: Mapping[str, object], column: NumericColumn) -> int | None:
    """Return 0 for the usual value, 1 to `BINS` for others by size, None for a missing one."""
    value = number(row.get(column.name), column.name)
    if value == column.usual:
        return 0
    if value is None:
        return None
    return 1 + int(np.searchsorted(column.edges, value, side="right"))


def _spelled(name: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).replace("_", " ").split())[
        :40
    ]


def _unequal(value: object) -> bool:
    """Tell whether a value differs from itself, as NaN and NaT do."""
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return False
