"""Dialects: the wordings of alarms by vendor, and what each vendor makes of cause, type and severity.

It deliberately does not know which fault is behind a symptom.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from streams.simulator.symptom import SYMPTOMS


class Wording(NamedTuple):
    """An alarm as a vendor words it."""

    specific_problem: str
    probable_cause: str
    alarm_type: str
    severity: str


def word(vendor: str, symptom: str, draw: float) -> Wording:
    """Return how `vendor` words `symptom`; `draw` in [0, 1) chooses among several wordings."""
    options = _options(vendor, symptom)
    return options[int(draw * len(options))]


@lru_cache(maxsize=4096)
def _options(vendor: str, symptom: str) -> tuple[Wording, ...]:
    what = SYMPTOMS[symptom]
    return (Wording(f"{vendor}: {symptom}", what.probable_cause, what.alarm_type, what.severity),)


class Line(NamedTuple):
    """A log line as a vendor writes it."""

    text: str
    severity: str
    facility: str


def line(vendor: str, event: str, element_id: str, draws: Sequence[float]) -> Line:
    """Return the line `vendor` writes for `event`; `draws` are four numbers in [0, 1) for what varies."""
    return Line(f"{vendor} {event} {element_id} {draws[0]:.3f}", "INFO", "system")
