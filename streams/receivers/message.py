"""One syslog message, its fields as they came, and when it was written.

It deliberately does not know how bytes become fields, nor what a message means. Source: RFC 5424 clause 6.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

import msgspec

from streams.formats.instant import FIRST_YEAR, time_of
from telcollm.codec import excerpt
from telcollm.errors import DecodeError

NEXT_STEP: Final = "mend what the sender writes, or leave it: it is kept with the dead letters"

_ISO: Final = re.compile(
    r"(\d{4})-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)


Elements = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Structured data: (SD-ID, ((PARAM-NAME, PARAM-VALUE), ...)) in order."""


class SyslogMessage(msgspec.Struct, frozen=True):
    """One message. What it leaves out, or says is nil, is empty.

    `timestamp` is as it came, an ISO 8601 time; with `no_year` its year is missing, and it begins with the
    month. `text` is untrusted.
    """

    facility: str
    severity: str
    timestamp: str = ""
    no_year: bool = False
    hostname: str = ""
    app_name: str = ""
    proc_id: str = ""
    msg_id: str = ""
    structured_data: Elements = ()
    text: str = ""


def is_iso(stamp: str) -> bool:
    """Tell whether a text is written as an ISO 8601 time is.

    >>> is_iso("2003-10-11T22:14:15.003Z"), is_iso("Oct 11 22:14:15")
    (True, False)
    """
    return _ISO.fullmatch(stamp) is not None


def logged_time(message: SyslogMessage, received: datetime, time_zone: str) -> datetime:
    """Return when the message was written, in UTC.

    A nil time, and one of a clock that was never set (before 1990), are the time of receipt. A time without
    an offset is read in `time_zone` (IANA name); one without a year is in the year nearest to the receipt.

    >>> from datetime import UTC
    >>> told = SyslogMessage("user", "info", "Dec 31 23:59:59", no_year=True)
    >>> logged_time(told, datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC), "UTC").isoformat()
    '2025-12-31T23:59:59+00:00'

    Raises:
        DecodeError: it is no time, or has no offset and there is no `time_zone`.
    """
    stamp = message.timestamp
    if not stamp or (not message.no_year and stamp[:4].isdecimal() and int(stamp[:4]) < FIRST_YEAR):
        return received
    if message.no_year:
        stamp = _with_year(stamp, received)
    if not time_zone and stamp[-1:] not in "Zz" and not re.search(r"[+-]\d\d:?\d\d\Z", stamp[19:]):
        reason = (
            f"TIMESTAMP={excerpt(message.timestamp)} has no time zone; a time with its offset, or a zone for "
            "its sender, is needed; set time_zone (an IANA name), or time: received, for its address under "
            "sources of the mapping file"
        )
        raise DecodeError(reason, field="TIMESTAMP")
    try:
        return time_of(stamp, "TIMESTAMP", time_zone)
    except DecodeError as error:
        reason = f"{str(error).partition('; mend the producer')[0]}; {NEXT_STEP}"
        raise DecodeError(reason, field="TIMESTAMP") from error


_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}


def _with_year(stamp: str, received: datetime) -> str:
    """Return `Mmm dd hh:mm:ss...` as an ISO time in the year that brings it nearest to the receipt."""
    month, day, clock = stamp.split(None, 2)
    naive = received.replace(tzinfo=None)
    best: tuple[Any, str] | None = None
    for year in (naive.year - 1, naive.year, naive.year + 1):
        text = f"{year:04}-{_MONTHS[month]:02}-{int(day):02}T{clock}"
        try:
            distance = abs(datetime.fromisoformat(text[:19]) - naive)
        except ValueError:
            continue  # the 29th of February of another year
        if best is None or distance < best[0]:
            best = (distance, text)
    if best is None:
        raise refused(stamp, "TIMESTAMP", "a day and time that exist are allowed")
    return best[1]


def refused(value: str, part: str, allowed: str) -> DecodeError:
    """Return the DecodeError that names the part at fault, what was there and what is allowed."""
    return DecodeError(f"{part}={excerpt(value)} is not allowed; {allowed}; {NEXT_STEP}", field=part)
