"""Syslog as it was before RFC 5424: what RFC 3164 describes, and what network elements make of it.

Leniently: sequence numbers, `*` and `.` before a time whose clock is not set by NTP, years, zones UTC and GMT
after the clock, ISO times, no time, no host. What is not recognised stays in the text; nothing is invented.
It deliberately does not know when the message came nor in which zone it was written.
Source: RFC 3164 clause 4; the forms of Cisco IOS and of rsyslog.
"""

from __future__ import annotations

import re
from typing import Final

from streams.receivers.message import SyslogMessage, is_iso, refused

_CLOCK: Final = re.compile(
    r"(?:\d{1,10}: )?(?:(?P<origin>[^\s:]{1,255}): )?[*.]?"
    r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}(?P<day>\d{1,2})"
    r"(?: (?P<year>\d{4}))? (?P<clock>\d\d:\d\d:\d\d)(?P<fraction>\.\d{1,6})?\d*"
    r"(?: (?P<zone>UTC|GMT))?:?(?: |\Z)",
    re.ASCII,
)
_MONTHS: Final = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_TAG: Final = re.compile(r"([A-Za-z0-9_./-]{1,64})(?:\[([^\]\s]{1,128})\])?:(?: |\Z)")
_MNEMONIC: Final = re.compile(r"%([A-Z0-9_]+(?:-[A-Z0-9_]+)*-[0-7]-[A-Z0-9_]+) ?:")


def parse_bsd(rest: str, facility: str, severity: str) -> SyslogMessage:
    """Return the message that follows a PRI; `text` is all that follows the host, its tag with it.

    A mnemonic as Cisco writes it, %FACILITY-SEVERITY-MNEMONIC, is the `msg_id`.

    >>> found = parse_bsd("Oct 11 22:14:15 core1 rpd[71]: BGP peer down", "daemon", "warning")
    >>> found.hostname, found.app_name, found.proc_id, found.text
    ('core1', 'rpd', '71', 'rpd[71]: BGP peer down')

    Raises:
        DecodeError: there is nothing after the PRI.
    """
    if not rest.strip():
        raise refused(rest, "MSG", "a message after its PRI is needed")
    stamp, no_year, host, text = _time(rest)
    if stamp and not host:
        word, blank, after = text.partition(" ")
        # A tag and no host: as some write it who are sent on by nobody.
        if blank and word and len(word) <= 255 and word[-1] != ":" and "[" not in word and word[0] != "%":
            host, text = word, after
    tag = _TAG.match(text)
    mnemonic = _MNEMONIC.search(text[:255])
    return SyslogMessage(
        facility,
        severity,
        stamp,
        no_year,
        host,
        tag[1] if tag else "",
        (tag[2] or "") if tag else "",
        mnemonic[1] if mnemonic else "",
        (),
        text,
    )


def _time(rest: str) -> tuple[str, bool, str, str]:
    """Return the time as it came ("" for none), whether its year is missing, a host before it, the rest."""
    word, _, after = rest.partition(" ")
    if len(word) <= 64 and is_iso(word):
        return word, False, "", after
    found = _CLOCK.match(rest)
    if found is None:
        return "", False, "", rest
    clock = found["clock"] + (found["fraction"] or "") + ("Z" if found["zone"] else "")
    text = rest[found.end() :]
    if found["year"]:
        day = f"{found['year']}-{_MONTHS[found['month']]}-{int(found['day']):02}"
        return f"{day}T{clock}", False, found["origin"] or "", text
    return f"{found['month']} {found['day']} {clock}", True, found["origin"] or "", text
