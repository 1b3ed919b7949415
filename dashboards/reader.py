"""Who reads: in which language, in which time zone. What is said and told to them goes through here.

`say` is for labels, in which Streamlit reads Markdown; `tell` for places that show text as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import streamlit as st

from dashboards.plain import Figure
from dashboards.wording import LANGUAGES, Language, catalogue, filled, wording
from telcollm.records import SEVERITY_RANK

NONE: Final = "-"
LANGUAGE: Final = "lang"
"""The name of the language in the URL and in the session."""


def language() -> Language:
    """Return the language chosen: in the session, in the URL, by the browser; English without any."""
    for chosen in (st.session_state.get(LANGUAGE), st.query_params.get(LANGUAGE)):
        if chosen in LANGUAGES:
            return "zh" if chosen == "zh" else "en"
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def say(key: str, **values: object) -> str:
    """Return an entry of the catalogue for a label; strings among the values are shown as code."""
    return filled(language(), key, values, markdown=True)


def tell(key: str, **values: object) -> str:
    """Return an entry of the catalogue for a place that shows text as it is."""
    return filled(language(), key, values, markdown=False)


def word(group: str, value: str | StrEnum) -> str:
    """Return the word for a value of an enumeration; for one that the catalogue lacks, a word that says so.

    The value itself is not shown: it may come from outside.
    """
    entries = catalogue()
    key = f"words.{group} {value}"
    return wording(language(), key if key in entries else f"words.{group} other")


def zone() -> tzinfo:
    """Return the time zone of the browser, UTC where it does not tell."""
    name = st.context.timezone
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def zone_name() -> str:
    """Return what the times on the page are in."""
    return str(zone())


def clock(time: datetime | None, *, seconds: bool = False) -> str:
    """Return a point in time for people: date and time of day in their zone; a hyphen for none."""
    if time is None:
        return NONE
    return Figure(time.astimezone(zone()).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"))


def moment(ms: int) -> datetime:
    """Return the point in time that lies so many ms after the Unix epoch."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def severity_name(rank: int) -> str:
    """Return the word for a severity by its number."""
    names = {number: name for name, number in SEVERITY_RANK.items()}
    return word("severity", names.get(rank, "INDETERMINATE"))


def age(span: timedelta) -> str:
    """Return how long something lasts, in the two largest units; what is below a minute is told as such."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return tell("frame.age now")
    if minutes < 60:
        return tell("frame.age minutes", minutes=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return tell("frame.age hours", hours=hours, minutes=minutes)
    return tell("frame.age days", days=hours // 24, hours=hours % 24)


def percent(ratio: float) -> str:
    """Return a share of 0 to 1 in whole per cent."""
    return Figure(f"{ratio:.0%}")


def number(value: float | None, places: int = 0) -> str:
    """Return a number with its thousands apart; a hyphen for none."""
    return Figure(NONE if value is None else f"{value:,.{places}f}")
