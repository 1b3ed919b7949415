"""Dialects: how alarms and log lines are worded by vendor, and what each makes of cause, type and severity.

It deliberately does not know which fault is behind a symptom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from streams.simulator.dialects import castellan, halvorsen, meridian, northgate, qingyun
from streams.simulator.dialects.lines import TEMPLATES, VALUES
from streams.simulator.symptom import SYMPTOMS, Symptom

_SOURCES: Final = {
    "Qingyun": qingyun.WORDINGS,
    "Halvorsen": halvorsen.WORDINGS,
    "Northgate": northgate.WORDINGS,
    "Meridian": meridian.WORDINGS,
    "Castellan": castellan.WORDINGS,
}

_COARSE: Final = {
    "COMMUNICATIONS_ALARM": "communicationsSubsystemFailure",
    "QUALITY_OF_SERVICE_ALARM": "thresholdCrossed",
    "PROCESSING_ERROR_ALARM": "softwareError",
    "EQUIPMENT_ALARM": "equipmentMalfunction",
}
"""What some vendors give as the cause of everything of a type."""

_LESS: Final = {"CRITICAL": "MAJOR", "MAJOR": "MINOR", "MINOR": "WARNING", "WARNING": "WARNING"}
_MORE: Final = {"CRITICAL": "CRITICAL", "MAJOR": "CRITICAL", "MINOR": "MAJOR", "WARNING": "MINOR"}


class Wording(NamedTuple):
    """An alarm as a vendor words it; `probable_cause` is empty where the vendor gives none."""

    specific_problem: str
    probable_cause: str
    alarm_type: str
    severity: str


class Line(NamedTuple):
    """A log line as a vendor writes it."""

    text: str
    severity: str
    facility: str


def wordings(vendor: str) -> Mapping[str, tuple[str, ...]]:
    """Return each symptom's wordings by a vendor, by release."""
    return _wordings(vendor)


def word(vendor: str, symptom: str, draw: float) -> Wording:
    """Return how `vendor` words `symptom`; `draw` in [0, 1) chooses the release, and with it the wording.

    >>> word("Halvorsen", "mains_failure", 0.0).specific_problem
    'AC MAINS LOST'
    """
    options = _options(vendor, symptom)
    return options[int(draw * len(options))]


def line(vendor: str, event: str, element_id: str, draws: Sequence[float]) -> Line:
    """Return the line `vendor` writes for `event`; `draws` are four numbers in [0, 1) for what varies.

    >>> line("Meridian", "port_down", "la03-s07-acc-r1", (0.1, 0.2, 0.3, 0.4)).text
    '%LINK-3-UPDOWN: Interface GigabitEthernet0/3, changed state to down'
    """
    name, least, most = VALUES.get(event, (event, 0.0, 1.0))
    severity, facility, template = _templates(vendor)[name]
    value = least + (most - least) * draws[0]
    text = template.format(
        v=f"{value:.0f}" if abs(value) > 1000 else f"{value:.1f}",
        n=1 + int(draws[1] * 9),
        h=f"{int(draws[2] * 0xFFFF):04x}",
        p=_port(vendor, int(draws[3] * 8)),
        e=element_id,
    )
    return Line(text, severity, facility)


def _port(vendor: str, number: int) -> str:
    return {
        "Qingyun": f"GE0/2/{number}",
        "Halvorsen": f"1/1/{number}",
        "Northgate": f"TN_{number}",
        "Meridian": f"GigabitEthernet0/{number}",
    }.get(vendor, f"Tor {number}")


@lru_cache(maxsize=16)
def _wordings(vendor: str) -> dict[str, tuple[str, ...]]:
    pairs = (text.split(" = ", 1) for text in _SOURCES[vendor].strip().splitlines())
    return {symptom: tuple(words.split(" ; ")) for symptom, words in pairs}


@lru_cache(maxsize=16)
def _templates(vendor: str) -> dict[str, tuple[str, str, str]]:
    parts = (text.split("|", 3) for text in TEMPLATES[vendor].strip().splitlines())
    return {name: (severity, facility, template) for name, severity, facility, template in parts}


@lru_cache(maxsize=4096)
def _options(vendor: str, symptom: str) -> tuple[Wording, ...]:
    what = SYMPTOMS[symptom]
    cause, alarm_type, severity = _terms(vendor, what)
    return tuple(Wording(words, cause, alarm_type, severity) for words in _wordings(vendor)[symptom])


def _terms(vendor: str, what: Symptom) -> tuple[str, str, str]:
    """Return the cause, type and severity a vendor gives: only one of them keeps to the standard in all."""
    if vendor == "Halvorsen":
        return _COARSE.get(what.alarm_type, what.probable_cause), what.alarm_type, what.severity
    if vendor == "Northgate":
        severity = _MORE[what.severity] if what.alarm_type == "EQUIPMENT_ALARM" else what.severity
        return what.probable_cause, what.alarm_type, severity
    if vendor == "Meridian":
        return "", "OTHER" if what.alarm_type.startswith("COMM") else what.alarm_type, _LESS[what.severity]
    if vendor == "Castellan":
        return _COARSE.get(what.alarm_type, what.probable_cause), what.alarm_type, what.severity
    return what.probable_cause, what.alarm_type, what.severity
