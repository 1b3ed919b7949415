"""Slots: what a script may leave open, of which kind each is, and how a value is written for a customer.

A value that does not look like its kind is no value, so nothing a record holds can bring markup, a link, or
another slot into a reply. Does not know from which record a value comes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Final

PLACE: Final = re.compile(r"\{([a-z0-9_]+)\}")
_BRACES: Final = re.compile(r"[{}]")
_NAME: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'’·\-](?=[^\W_])){0,79}\.?")  # noqa: RUF001
_LABEL: Final = re.compile(r"[^\W_](?:[^\W_]|[_ .+/\-](?=[^\W_])){0,59}\+?")
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|[._:#\-](?=[A-Za-z0-9])){0,79}")
_WEB: Final = re.compile(r"(?i)https?|www\.|://|@")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

SLOTS: Final[Mapping[str, str]] = {
    "customer_name": "name",
    "incident_reference": "identifier",
    "incident_started": "time",
    "incident_estimate": "time",
    "ticket_reference": "identifier",
    "ticket_due": "time",
    "work_start": "time",
    "work_end": "time",
    "line_ending": "ending",
    "plan_name": "label",
    "plan_price": "amount",
    "plan_limit_gb": "quantity",
    "data_used_gb": "quantity",
    "refuel_price_per_gb": "amount",
    "bill_reference": "identifier",
    "bill_amount": "amount",
    "bill_due": "date",
    "contract_end": "date",
}
"""Every slot that a script may use, and its kind."""

SLOT_NEEDS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "incident_reference": {"incident": frozenset({"open", "resolved"})},
    "incident_started": {"incident": frozenset({"open", "resolved"})},
    "incident_estimate": {"incident": frozenset({"open"}), "estimate": frozenset({"given"})},
    "ticket_reference": {"ticket": frozenset({"open"})},
    "ticket_due": {"ticket": frozenset({"open"})},
    "work_start": {"planned_work": frozenset({"announced", "running"})},
    "work_end": {"planned_work": frozenset({"announced", "running"})},
}
"""In which cases alone a slot can be filled."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A value as a record holds it, and the id of that record."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its slots filled, the values as they were written, and the records they came from."""

    text: str
    values: Mapping[str, str]
    sources: Mapping[str, str]


def places(text: str) -> tuple[str, ...]:
    """Return the names of the slots in a text, each once, in order.

    >>> places("Dear {customer_name}, {plan_name} ends; bye {customer_name}")
    ('customer_name', 'plan_name')
    """
    return tuple(dict.fromkeys(PLACE.findall(text)))


def stray_braces(text: str) -> bool:
    """Tell whether braces stand in a text that are no slot's."""
    return bool(_BRACES.search(PLACE.sub("", text)))


def fill(text: str, slots: Mapping[str, Slot], language: str, zone: tzinfo) -> Filled | None:
    """Return the text with every slot filled, in one pass; None where a slot has no value of its kind.

    >>> from datetime import UTC
    >>> fill("Your plan is {plan_name}.", {"plan_name": Slot("Basic", "P1")}, "en", UTC).text
    'Your plan is Basic.'
    >>> fill("Dear {customer_name}", {"customer_name": Slot("<b>{x}</b>", "C1")}, "en", UTC)
    """
    values, sources = {}, {}
    for name in places(text):
        slot = slots.get(name)
        written = None if slot is None or not slot.source else write(name, slot.value, language, zone)
        if slot is None or not written:
            return None
        values[name], sources[name] = written, slot.source
    return Filled(PLACE.sub(lambda found: values[found[1]], text), values, sources)


def write(name: str, value: Any, language: str, zone: tzinfo) -> str | None:
    """Return a value as a customer reads it, None where it is not of its slot's kind."""
    kind = SLOTS.get(name)
    if kind is None or value is None or isinstance(value, bool):
        return None
    if kind == "time":
        return _time(value, language, zone)
    return _WRITERS[kind](value, language)


def _plain(value: Any, pattern: re.Pattern[str]) -> str | None:
    if not isinstance(value, str):
        return None
    text = " ".join(unicodedata.normalize("NFC", value).split())
    return text if pattern.fullmatch(text) and not _WEB.search(text) else None


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float) or not -1e9 < value < 1e9:
        return None
    return float(value)


def _quantity(value: Any, language: str) -> str | None:
    number = _number(value)
    return None if number is None else f"{number:.2f}".rstrip("0").rstrip(".")


def _amount(value: Any, language: str) -> str | None:
    """Return an amount of money: a number, or (number, ISO 4217 code)."""
    number, currency = value if isinstance(value, tuple) and len(value) == 2 else (value, "")
    amount = _number(number)
    if amount is None:
        return None
    code = currency if isinstance(currency, str) and _CURRENCY.fullmatch(currency) else ""
    return f"{amount:.2f} {code}".rstrip()


def _date(value: Any, language: str) -> str | None:
    if not isinstance(value, date):
        return None
    if language == "zh":
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def _time(value: Any, language: str, zone: tzinfo) -> str | None:
    """Return a time of day with its day, in the customer's zone, which is named where it is UTC."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    local = value.astimezone(zone)
    named = " UTC" if local.tzname() == "UTC" else ""
    clock = f"{local.hour:02d}:{local.minute:02d}"
    if language == "zh":
        return f"{local.month}月{local.day}日{clock}{named}"
    return f"{clock}{named} on {local.day} {_MONTHS[local.month - 1]}"


def _ending(value: Any, language: str) -> str | None:
    """Return the last four digits of a number: enough for its owner to know it by."""
    digits = re.sub(r"\D", "", value) if isinstance(value, str) else ""
    return digits[-4:] if 7 <= len(digits) <= 15 else None


_WRITERS: Final[Mapping[str, Callable[[Any, str], str | None]]] = {
    "name": lambda value, _: _plain(value, _NAME),
    "label": lambda value, _: _plain(value, _LABEL),
    "identifier": lambda value, _: _plain(value, _IDENTIFIER),
    "quantity": _quantity,
    "amount": _amount,
    "date": _date,
    "ending": _ending,
}
