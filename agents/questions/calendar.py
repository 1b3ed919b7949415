"""Days, parts of days and clock times as wall clocks of one time zone count them, made into aware UTC times.

Does not know how people word them: `times` does.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

PARTS: Final = {
    "small hours": (0, 6),
    "morning": (5, 12),
    "noon": (11, 14),
    "afternoon": (12, 18),
    "evening": (18, 24),
    "night": (20, 30),
}
"""Parts of a day, in hours from its midnight; a night goes on into the next day."""

AROUND: Final = timedelta(minutes=30)
"""What "at 14:00" looks at on either side."""


class Span(NamedTuple):
    """A stretch of time [since, until), both aware and in UTC."""

    since: datetime
    until: datetime


class Days(NamedTuple):
    """Whole days of the calendar: the first, and the first that is no longer among them."""

    first: date
    end: date


class Clock(NamedTuple):
    """A time of day; `half` says that it was told on a twelve-hour clock that may mean either half.

    `bare`: told as a number alone, which is a time only beside a day or a part of one.
    """

    hour: int
    minute: int
    half: bool = False
    bare: bool = False


class Moment(NamedTuple):
    """A time as far as it was told; what is None was not. `exact` is a time that needs no calendar."""

    days: Days | None = None
    part: str = ""
    clock: Clock | None = None
    exact: datetime | None = None
    around: timedelta = AROUND


def at(day: date, hours: float, zone: tzinfo) -> datetime:
    """Return the time so many hours of the wall clock after midnight, in UTC.

    >>> from zoneinfo import ZoneInfo
    >>> at(date(2026, 1, 2), 26, ZoneInfo("Europe/Berlin")).isoformat()
    '2026-01-03T01:00:00+00:00'
    """
    midnight = datetime.combine(day, time())
    return (midnight + timedelta(hours=hours)).replace(tzinfo=zone).astimezone(UTC)


def whole_days(days: Days, zone: tzinfo) -> Span:
    """Return the stretch that the days cover."""
    return Span(at(days.first, 0, zone), at(days.end, 0, zone))


def part_of(day: date, part: str, zone: tzinfo) -> Span:
    """Return a part of a day."""
    first, end = PARTS[part]
    return Span(at(day, first, zone), at(day, end, zone))


def last_night(now: datetime, zone: tzinfo) -> Span:
    """Return the night that ended last, or the one that is on: at three in the morning that one is meant."""
    today = now.astimezone(zone).date()
    night = part_of(today - timedelta(days=1), "night", zone)
    return Span(night.since, min(night.until, now))


def point(moment: Moment, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the time that a moment with a clock names, in UTC; None where it names none.

    Without a day it is the latest such time that has been.
    """
    if moment.exact is not None:
        return moment.exact
    if moment.clock is None:
        return None
    clock = moment.clock
    hour = clock.hour
    if clock.half and _after_noon(moment.part, hour):
        hour += 12
    hours = hour + clock.minute / 60
    if moment.days is not None:
        # "Last night at 2" is in the morning after.
        return at(moment.days.first, hours + (24 if moment.part == "night" and hour < 12 else 0), zone)
    today = now.astimezone(zone).date()
    found = at(today, hours, zone)
    return found if found <= now else at(today - timedelta(days=1), hours, zone)


def _after_noon(part: str, hour: int) -> bool:
    """Tell whether an hour of a twelve-hour clock is after noon, by the part of the day told with it."""
    if part == "night":
        return 6 <= hour <= 12
    return (part in ("afternoon", "evening") and 1 <= hour < 12) or (part == "noon" and 1 <= hour <= 2)


def span(moment: Moment, now: datetime, zone: tzinfo) -> Span:
    """Return the stretch of time that a moment alone stands for."""
    told = point(moment, now, zone)
    if told is not None:
        return Span(told - moment.around, told + moment.around)
    if moment.days is not None:
        if moment.part:
            return part_of(moment.days.first, moment.part, zone)
        return whole_days(moment.days, zone)
    today = now.astimezone(zone).date()
    found = part_of(today, moment.part or "small hours", zone)
    return found if found.since <= now else part_of(today - timedelta(days=1), moment.part, zone)


def week_of(day: date, weeks_back: int = 0) -> Days:
    """Return the week from Monday on that holds the day, or one so many weeks before.

    >>> week_of(date(2026, 1, 1), 1).first.isoformat()
    '2025-12-22'
    """
    monday = day - timedelta(days=day.weekday() + 7 * weeks_back)
    return Days(monday, monday + timedelta(days=7))


def month_of(day: date, months_back: int = 0) -> Days:
    """Return the month that holds the day, or the one before it."""
    first = day.replace(day=1)
    for _ in range(months_back):
        first = (first - timedelta(days=1)).replace(day=1)
    return Days(first, (first + timedelta(days=32)).replace(day=1))


def one_day(day: date) -> Days:
    """Return one day."""
    return Days(day, day + timedelta(days=1))
