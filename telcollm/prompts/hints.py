"""What bears on a window beside its alarms, in words: KPIs off their usual, log lines, work, the place.

One wording for whoever trains on windows and whoever asks about them. Does not know where hints come from.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

HintKind = Literal["kpi", "log", "work", "place"]

_VARIABLE: Final = re.compile(r"[A-Za-z]*[0-9][\w./:\-]*|0x[0-9a-f]+")
_UNITS: Final = ("_ratio", "_celsius", "_count")


class Hint(NamedTuple):
    """Something beside alarms that bears on an object, or on the place where there is none.

    `deviation` is how far the KPI named `kpi` was off its usual, in multiples of its noise.
    """

    managed_object: str
    text: str
    kind: HintKind = "place"
    kpi: str = ""
    deviation: float = 0.0


def kpi_hint(
    managed_object: str, kpi: str, value: float, usual: float, deviation: float, objects: int = 1
) -> Hint:
    """Return a hint on a KPI far off its usual value, on `objects` objects of one type alike.

    >>> kpi_hint("cell-1", "call_drop_ratio", 0.0523, 0.0063, 25.9, 2).text
    'call drop 0.05 usual 0.0063 (2)'
    """
    name = kpi
    for unit in _UNITS:
        name = name.removesuffix(unit)
    many = f" ({objects})" if objects > 1 else ""
    text = f"{name.replace('_', ' ')} {_number(value)} usual {_number(usual)}{many}"
    return Hint(managed_object, text, "kpi", kpi, deviation)


def log_hint(managed_object: str, line: str) -> Hint:
    """Return a hint on a line that the object does not write on other days."""
    return Hint(managed_object, f"log {line}", "log")


def work_hint(managed_object: str, description: str, ended_before_min: float) -> Hint:
    """Return a hint on announced work; it goes on where `ended_before_min` is not positive.

    >>> work_hint("r-1", "configuration change", 12.0).text
    'work configuration change ended 10 min before'
    """
    since = round(ended_before_min / 10) * 10
    when = f"ended {since} min before" if since > 0 else "going on"
    return Hint(managed_object, f"work {description} {when}", "work")


def place_hint(text: str) -> Hint:
    """Return a hint on what holds of the place: its weather, whose site it is."""
    return Hint("", text)


@lru_cache(maxsize=65_536)
def line_shape(line: str) -> str:
    """Return what a log line has in common with others of its kind.

    >>> line_shape("port ge-0/0/1  down after 35 s")
    'port ge-# down after # s'
    """
    return " ".join(_VARIABLE.sub("#", line).split())


def _number(value: float) -> str:
    """Return a number in two or three digits.

    >>> _number(0.98765), _number(-112.7), _number(53.61)
    ('0.99', '-113', '54')
    """
    size = abs(value)
    if size >= 10:
        return f"{value:.0f}"
    if size >= 1:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.01 else f"{value:.4f}".rstrip("0").rstrip(".")
