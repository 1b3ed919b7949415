"""Times as people ask for them, in English and Chinese, read against a given now and time zone.

Reads no clock. Does not know what happened then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final, NamedTuple

from agents.questions.calendar import Days, Moment, Span, last_night, one_day, point, span
from agents.questions.expressions import EXPRESSIONS, Now


class Told(NamedTuple):
    """A stretch of time that a question names, the words that name it, and whether it is the present."""

    span: Span
    words: tuple[tuple[int, int], ...]
    present: bool = False


class _Piece(NamedTuple):
    """One expression of time: where it stands, and what it gives: a moment, or a stretch of its own."""

    start: int
    end: int
    moment: Moment | None = None
    span: Span | None = None
    present: bool = False


_PRESENT: Final = re.compile(
    r"\b(?:right now|now|currently|at the moment|at present)\b|现在|目前|当前|此刻|这会儿"
)
_WITHIN: Final = re.compile(r"[\s,]*(?:(?:at|on|in|of|the|around|about|between|from)\s+|的|在|从)*[\s,]*")
_BETWEEN: Final = re.compile(
    r"\s*(?:-|–|—|~|to|until|till|through|到|至)\s*(?:(?:the|at|around)\s+)*"  # noqa: RUF001
)
_AND: Final = re.compile(r"\s*(?:and|和|与)\s*(?:(?:the|at)\s+)*")
_SINCE_BEFORE: Final = re.compile(r"\b(?:since|starting)\s+(?:(?:the|at|from)\s+)*$|(?:自|自从)$")
_SINCE_AFTER: Final = re.compile(r"(?:以来|之后|以后|开始|起)")


def find_time(text: str, now: datetime, zone: tzinfo) -> Told | None:
    """Return the stretch of time that `text` (lower case, NFKC) names; None where it names none.

    Raises:
        ValueError: it names a time that no calendar has, as the 31st of February.

    >>> from datetime import UTC
    >>> now = datetime(2026, 1, 2, 9, tzinfo=UTC)
    >>> told = find_time("why did cell 1042 drop last night?", now, UTC)
    >>> told.span.since.isoformat(), told.span.until.isoformat()
    ('2026-01-01T20:00:00+00:00', '2026-01-02T06:00:00+00:00')
    """
    try:
        return _find(text, now, zone)
    except OverflowError as error:
        message = f"a time in {text!r} lies outside the calendar ({error})"
        raise ValueError(message) from error


def _find(text: str, now: datetime, zone: tzinfo) -> Told | None:
    asked = Now(now, zone)
    pieces = _told(_joined(list(_pieces(text, asked)), text), text)
    if not pieces:
        found = _PRESENT.search(text)
        return Told(Span(now, now), (found.span(),), present=True) if found else None
    first = pieces[0]
    if len(pieces) > 1:
        gap = text[first.end : pieces[1].start]
        if first.moment and pieces[1].moment and (_BETWEEN.fullmatch(gap) or _AND.fullmatch(gap)):
            return Told(_range(first.moment, pieces[1].moment, asked), ((first.start, pieces[1].end),))
    alone = first.span or _alone(first.moment or Moment(), asked)
    begun = _SINCE_BEFORE.search(text[: first.start])
    ended = _SINCE_AFTER.match(text[first.end :])
    words = ((begun.start() if begun else first.start, first.end + (ended.end() if ended else 0)),)
    if (begun or ended) and alone.since < now:
        since = (first.moment and point(first.moment, now, zone)) or alone.since
        return Told(Span(since, now), words)
    return Told(alone, words)


def _alone(moment: Moment, now: Now) -> Span:
    if moment.part == "night" and moment.clock is None and moment.days == one_day(_yesterday(now)):
        return last_night(now.time, now.zone)
    return span(moment, now.time, now.zone)


def _yesterday(now: Now) -> date:
    return now.today - timedelta(days=1)


def _range(first: Moment, second: Moment, now: Now) -> Span:
    """Return the stretch from one moment to another; a day told with one of them holds for both."""
    if first.days is None and first.exact is None and second.days is not None:
        first = first._replace(days=second.days, part=first.part or second.part)
    elif second.days is None and second.exact is None and first.days is not None:
        second = second._replace(days=first.days, part=second.part or first.part)
    elif first.part and not second.part and second.clock is not None:
        second = second._replace(part=first.part)
    since = point(first, now.time, now.zone) or span(first, now.time, now.zone).since
    until = point(second, now.time, now.zone) or span(second, now.time, now.zone).until
    if until <= since and first.exact is None and second.exact is None:
        # From 22:00 to 02:00 goes over midnight; without a day the later of the two was yesterday's.
        named = first.days is not None
        since, until = (since, until + timedelta(days=1)) if named else (since - timedelta(days=1), until)
    return Span(min(since, until), max(since, until))


def _pieces(text: str, now: Now) -> Iterator[_Piece]:
    """Yield the expressions of time in order; of those that overlap, the one named first above."""
    taken: list[_Piece] = []
    for pattern, reader in EXPRESSIONS:
        for found in pattern.finditer(text):
            if any(found.start() < other.end and other.start < found.end() for other in taken):
                continue
            made = reader(found, now)
            if isinstance(made, Span):
                taken.append(_Piece(*found.span(), span=made))
            elif made is not None:
                taken.append(_Piece(*found.span(), moment=made))
    yield from sorted(taken)


def _joined(pieces: Sequence[_Piece], text: str) -> list[_Piece]:
    """Return the pieces with those that tell of one moment made one: a day, a part of it, a clock time."""
    joined: list[_Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last and last.moment and piece.moment and _WITHIN.fullmatch(text[last.end : piece.start]):
            both = _both(last.moment, piece.moment)
            if both is not None:
                joined[-1] = _Piece(last.start, piece.end, moment=both)
                continue
        joined.append(piece)
    return joined


def _told(pieces: Sequence[_Piece], text: str) -> list[_Piece]:
    """Return the pieces without numbers that are no time: "at 8" may name an object, unless a day is by."""
    days = any(piece.moment and (piece.moment.days or piece.moment.part) for piece in pieces)
    joined = any(_AND.fullmatch(text[one.end : two.start]) for one, two in pairwise(pieces))
    return [
        piece
        for piece in pieces
        if not (piece.moment and piece.moment.clock and piece.moment.clock.bare)
        or piece.moment.days
        or piece.moment.part
        or (days and joined)
    ]


def _both(first: Moment, second: Moment) -> Moment | None:
    """Return what two neighbouring moments tell together; None where they tell of two."""
    clash = (
        (first.days and second.days)
        or (first.part and second.part)
        or (first.clock and second.clock)
        or first.exact
        or second.exact
    )
    if clash:
        return None
    return Moment(_days(first, second), first.part or second.part, first.clock or second.clock)


def _days(first: Moment, second: Moment) -> Days | None:
    return first.days or second.days
