"""Syslog messages: bytes to fields, or the reason why not.

RFC 5424 is read here, what is older by `streams.receivers.bsd`. A little more is taken than RFC 5424 allows:
fractions of a second of up to nine digits, times without an offset, longer names.
It deliberately does not know sockets, nor what a message means.
Source: RFC 5424 clauses 6 and 7; the words for numbers are those of RFC 5424 clause 6.2.1.
"""

from __future__ import annotations

import re
from typing import Final

from streams.receivers.bsd import parse_bsd
from streams.receivers.message import Elements, SyslogMessage, is_iso, refused

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

_PRI: Final = re.compile(r"<(\d{1,3})>", re.ASCII)
_HEADER: Final = re.compile(r"1 (\S{1,64}) (\S{1,255}) (\S{1,255}) (\S{1,255}) (\S{1,255})(?: |\Z)")
_ELEMENT: Final = re.compile(r'\[([^\s="\]]{1,255})')
_PARAM: Final = re.compile(r' +([^\s="\]]{1,255})="((?:[^"\\\]]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\\]])')


def parse_syslog(data: bytes) -> SyslogMessage:
    r"""Return the message in `data`, one datagram or frame.

    Bytes that are no UTF-8 become `\xNN`, and NUL characters `#000`, as no database keeps them.

    >>> parse_syslog(b"<34>1 2003-10-11T22:14:15.003Z host su - ID47 - 'su root' failed").msg_id
    'ID47'

    Raises:
        DecodeError: no syslog; `field` names the part at fault as RFC 5424 does.
    """
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
