"""Foreign times to aware UTC times.

It deliberately does not know which time of a record means what.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from streams.formats.wire import refusal
from telcollm.errors import DecodeError

FIRST_YEAR = 1990
LAST_YEAR = 2099
"""A time outside these years is a clock that was never set, or a wrong unit: it is refused."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_S = int(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp())
_END_S = int(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp())
_ALLOWED = (
    f"an ISO 8601 date and time in the years {FIRST_YEAR} to {LAST_YEAR}, or seconds, milliseconds or "
    "microseconds since 1970 in those years, is allowed"
)


def time_of(value: Any, field: str, time_zone: str) -> datetime:
    """Return the aware UTC time that a foreign field holds.

    Numbers, and texts of digits only, are seconds, milliseconds or microseconds since 1970: in the years
    1990 to 2099 the three do not overlap. A naive time is read in the source's `time_zone` (IANA name). Where
    clocks are put back, an ambiguous time is the earlier of the two; where they are put forward, a time that
    does not exist is read with the offset from before the gap, so 02:30 becomes 03:30.

    Raises:
        DecodeError: no time, out of the years allowed, or naive in a source without a time zone.

    >>> time_of("2026-03-29T02:30:00", "eventTime", "Europe/Berlin").isoformat()
    '2026-03-29T01:30:00+00:00'
    >>> time_of(1767225600000, "eventTime", "").isoformat()
    '2026-01-01T00:00:00+00:00'
    """
    if type(value) is str:
        if 10 < len(value) < 64 and (value[10] in "Tt " or value[8] in "Tt "):
            moment = _parsed(value, field)
            if moment.tzinfo is not UTC:
                moment = _in_utc(moment, value, field, time_zone)
            if FIRST_YEAR <= moment.year <= LAST_YEAR:
                return moment
        elif value.isascii() and value.isdecimal() and len(value) < 20:
            return _since_epoch(int(value), value, field)
    elif type(value) is int or type(value) is float:
        return _since_epoch(value, value, field)
    raise refusal(value, field, _ALLOWED)


def _parsed(value: str, field: str) -> datetime:
    # msgspec first: it rounds what is finer than a microsecond, and the typed pass over TMF642 reads by it.
    try:
        return msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise refusal(value, field, _ALLOWED) from error


def _since_epoch(number: float, value: Any, field: str) -> datetime:
    for unit in (1, 1_000, 1_000_000):
        if _FIRST_S * unit <= number < _END_S * unit:
            return _EPOCH + timedelta(microseconds=round(number * (1_000_000 // unit)))
    raise refusal(value, field, _ALLOWED)


def _in_utc(moment: datetime, value: str, field: str, time_zone: str) -> datetime:
    if moment.tzinfo is None:
        if not time_zone:
            message = (
                f"{field}={value!r} has no time zone and neither has its source; a time with an offset, or a "
                "naive one in a source with a zone, is allowed; set sources.time_zone (an IANA name) in "
                "telcollm.toml, then replay it with telcollm dlq replay"
            )
            raise DecodeError(message, field=field)
        moment = moment.replace(tzinfo=_zone(time_zone))
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise refusal(value, field, _ALLOWED) from error


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
