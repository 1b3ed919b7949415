"""Syslog messages: bytes to fields, or the reason why not.

RFC 5424 is read here, what is older by `streams.receivers.bsd`. A little more is taken than RFC 5424 allows:
fractions of a second of up to nine digits, times without an offset, longer names.
It deliberately does not know sockets, nor what a message means.
Source: RFC 5424 clauses 6 and 7; the words for numbers are those of RFC 5424 clause 6.2.1.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

import msgspec

from streams.formats.instant import FIRST_YEAR, time_of
from telcollm.codec import excerpt
from telcollm.errors import DecodeError

FACILITIES: Final = (
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
    "ntp",
    "audit",
    "console",
    "cron2",
    *(f"local{number}" for number in range(8)),
)
"""What the facilities 0 to 23 are called."""

SEVERITIES: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
"""What the severities 0 to 7 are called: the lower the number, the worse."""

NEXT_STEP: Final = "mend what the sender writes, or leave it: it is kept with the dead letters"

_PRI: Final = re.compile(r"<(\d{1,3})>", re.ASCII)
_HEADER: Final = re.compile(r"1 (\S{1,64}) (\S{1,255}) (\S{1,255}) (\S{1,255}) (\S{1,255})(?: |\Z)")
_ELEMENT: Final = re.compile(r'\[([^\s="\]]{1,255})')
_PARAM: Final = re.compile(r' +([^\s="\]]{1,255})="((?:[^"\\\]]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\\]])')
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


def parse_syslog(data: bytes) -> SyslogMessage:
    r"""Return the message in `data`, one datagram or frame.

    Bytes that are no UTF-8 become `\xNN`, and NUL characters `#000`, as no database keeps them.

    >>> parse_syslog(b"<34>1 2003-10-11T22:14:15.003Z host su - ID47 - 'su root' failed").msg_id
    'ID47'

    Raises:
        DecodeError: no syslog; `field` names the part at fault as RFC 5424 does.
    """
    from streams.receivers.bsd import parse_bsd

    text = data.rstrip(b"\x00\r\n").decode("utf-8", "backslashreplace").replace("\x00", "#000")
    found = _PRI.match(text)
    if found is None or int(found[1]) > 191:
        raise refused(
            text[:40], "PRI", "a message that begins with <0> to <191> (RFC 5424 clause 6.2.1) is allowed"
        )
    number = int(found[1])
    facility, severity = FACILITIES[number >> 3], SEVERITIES[number & 7]
    rest = text[found.end() :]
    if rest.startswith("1 "):
        return _rfc5424(rest, facility, severity)
    return parse_bsd(rest, facility, severity)


def _rfc5424(rest: str, facility: str, severity: str) -> SyslogMessage:
    header = _HEADER.match(rest)
    if header is None:
        raise refused(
            rest[:120], "HEADER", "TIMESTAMP HOSTNAME APP-NAME PROCID MSGID, - for what is nil, are needed"
        )
    stamp, host, app, process, message_id = ("" if part == "-" else part for part in header.groups())
    if stamp and not is_iso(stamp):
        raise refused(stamp, "TIMESTAMP", "a time such as 2003-10-11T22:14:15.003Z, or -, is allowed")
    data, end = _structured_data(rest, header.end())
    return SyslogMessage(
        facility,
        severity,
        stamp,
        False,
        host,
        app,
        process,
        message_id,
        data,
        rest[end + 1 :].removeprefix("\ufeff"),
    )


def _structured_data(rest: str, start: int) -> tuple[Elements, int]:
    """Return the elements that begin at `start`, and where they end."""
    if rest[start : start + 1] == "-":
        end = start + 1
        elements: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    else:
        elements, end = [], start
        while (element := _ELEMENT.match(rest, end)) is not None:
            params, end = [], element.end()
            while (param := _PARAM.match(rest, end)) is not None:
                params.append((param[1], _ESCAPED.sub(r"\1", param[2])))
                end = param.end()
            if rest[end : end + 1] != "]":
                raise refused(
                    rest[element.start() : element.start() + 120],
                    "STRUCTURED-DATA",
                    '[ID NAME="VALUE" ...] with ", \\ and ] escaped by \\ is allowed',
                )
            elements.append((element[1], tuple(params)))
            end += 1
    if end == start or rest[end : end + 1] not in ("", " "):
        raise refused(rest[start : start + 120], "STRUCTURED-DATA", "- or [ID ...], then a blank, is allowed")
    return tuple(elements), end


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
