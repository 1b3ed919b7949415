"""Single expressions of time, in English and Chinese, and how each is read: as a moment, or as a stretch.

Does not know how expressions join to "yesterday from 14:00 to 16:00": `times` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from agents.questions.calendar import AROUND, Clock, Moment, Span, month_of, one_day, week_of
from agents.questions.numerals import CHINESE_NUMBER, ENGLISH_NUMBER, number

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHINESE_WEEKDAYS: Final = "一二三四五六日"
_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_UNIT_S: Final = {
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 7 * 86_400,
    "month": 30 * 86_400,
}
_ENGLISH_UNIT: Final = r"minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|months?"
_CHINESE_UNIT: Final = r"分钟|小时|钟头|天|日|周|星期|礼拜|月"
_CHINESE_UNITS: Final = {
    "分钟": "m",
    "小时": "h",
    "钟头": "h",
    "天": "d",
    "日": "d",
    "周": "w",
    "星期": "w",
    "礼拜": "w",
    "月": "month",
}
_PART_WORDS: Final = {
    "凌晨": "small hours",
    **dict.fromkeys(("早上", "早晨", "清晨", "上午", "早间"), "morning"),
    "中午": "noon",
    **dict.fromkeys(("下午", "午后"), "afternoon"),
    **dict.fromkeys(("傍晚", "晚上", "晚间"), "evening"),
    **dict.fromkeys(("夜里", "夜间", "深夜", "半夜"), "night"),
    **{name: name for name in ("morning", "afternoon", "evening", "night")},
    "small hours": "small hours",
}
_CHINESE_PARTS: Final = "|".join(word for word in _PART_WORDS if not word.isascii())
_MINUTES: Final = {"半": 30, "一刻": 15, "三刻": 45, "整": 0, "钟": 0, "": 0}


class Now(NamedTuple):
    """The time a question is asked at, and in which time zone's days."""

    time: datetime
    zone: tzinfo

    @property
    def today(self) -> date:
        """The day it is in the zone."""
        return self.time.astimezone(self.zone).date()


_Reader = Callable[[re.Match[str], Now], "Moment | Span | None"]


def _exact(found: re.Match[str], now: Now) -> Moment:
    time = datetime.fromisoformat(found[0].replace(" ", "T").replace("/", "-").upper())
    time = time if time.tzinfo else time.replace(tzinfo=now.zone)
    return Moment(exact=time.astimezone(UTC))


def _iso_day(found: re.Match[str], now: Now) -> Moment:
    year, month, day = (int(part) for part in re.split(r"[-/]", found[0]))
    return Moment(one_day(date(year, month, day)))


def _calendar_day(year: str | None, month: int, day: int, now: Now) -> Moment:
    """Return the day of a month; without a year the latest one that has begun."""
    made = date(int(year) if year else now.today.year, month, day)
    if not year and made > now.today:
        made = date(made.year - 1, month, day)
    return Moment(one_day(made))


def _ago(count: float, unit: str, now: Now) -> Moment:
    if unit in ("d", "w", "month"):
        day = (now.time - timedelta(seconds=count * _UNIT_S[unit])).astimezone(now.zone).date()
        return Moment(one_day(day))
    around = AROUND if unit == "h" else timedelta(minutes=10)
    return Moment(exact=now.time - timedelta(seconds=count * _UNIT_S[unit]), around=around)


def _back(count: float, unit: str, now: Now) -> Span:
    return Span(now.time - timedelta(seconds=count * _UNIT_S[unit]), now.time)


def _unit(word: str) -> str:
    return "month" if word.startswith("mo") else word[0]


def _english_past(found: re.Match[str], now: Now) -> Moment | Span:
    unit, count = _unit(found["unit"]), found["count"]
    if count is None and found["which"] == "last" and unit in ("w", "month"):
        return Moment(week_of(now.today, 1) if unit == "w" else month_of(now.today, 1))
    return _back(number(count or "1"), unit, now)


def _weekday(name: int, week: int | None, now: Now) -> Moment:
    """Return a day of the week: of the present week less `week`, or without one the latest before today."""
    if week is not None:
        day = week_of(now.today, week).first + timedelta(days=name)
        return Moment(one_day(day))
    back = (now.today.weekday() - name) % 7 or 7
    return Moment(one_day(now.today - timedelta(days=back)))


def _chinese_weekday(found: re.Match[str], now: Now) -> Moment:
    name = _CHINESE_WEEKDAYS.index(found["day"].replace("天", "日"))
    week = found["week"] or ""
    return _weekday(name, 1 if week.startswith("上") else 0 if week else None, now)


def _clock(hour: str, minute: str | None, half: str | None, *, chinese: bool = False) -> Moment | None:
    hours = int(number(hour))
    minutes = int(minute or 0) if not chinese else _chinese_minutes(minute or "")
    if hours > 24 or minutes > 59:
        return None
    if half:
        hours = hours % 12 + (12 if half.startswith("p") else 0)
    return Moment(clock=Clock(hours, minutes, half=not half and hours <= 12))


def _bare_clock(hour: int) -> Moment | None:
    return Moment(clock=Clock(hour, 0, half=hour <= 12, bare=True)) if hour <= 24 else None


def _chinese_minutes(text: str) -> int:
    return _MINUTES[text] if text in _MINUTES else int(number(text.removesuffix("分")))


def _day(offset: int, part: str = "") -> _Reader:
    return lambda found, now: Moment(one_day(now.today + timedelta(days=offset)), part)


def _tonight(found: re.Match[str], now: Now) -> Moment:
    before_dawn = now.time.astimezone(now.zone).hour < 6
    return Moment(one_day(now.today - timedelta(days=before_dawn)), "night")


_READERS: Final[Sequence[tuple[str, _Reader]]] = (
    (r"\d{4}[-/]\d\d[-/]\d\d[t ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:z|[+-]\d\d:?\d\d)?(?![\d:])", _exact),
    (r"(?<![\w-])\d{4}[-/]\d{1,2}[-/]\d{1,2}(?![\w-])", _iso_day),
    (
        r"(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]",
        lambda found, now: _calendar_day(found["year"], int(found["month"]), int(found["day"]), now),
    ),
    (
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?(?:,?\s+(?P<year>20\d\d))?",
        lambda found, now: _calendar_day(
            found["year"], 1 + _MONTHS.index(found["month"][:3]), int(found["day"]), now
        ),
    ),
    (
        rf"\b(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,?\s+(?P<year>20\d\d))?",
        lambda found, now: _calendar_day(
            found["year"], 1 + _MONTHS.index(found["month"][:3]), int(found["day"]), now
        ),
    ),
    (
        rf"\b(?P<count>{ENGLISH_NUMBER})\s*(?:of\s+)?(?:an?\s+)?(?P<unit>{_ENGLISH_UNIT})\s+ago\b",
        lambda found, now: _ago(number(found["count"]), _unit(found["unit"]), now),
    ),
    (
        rf"(?P<count>{CHINESE_NUMBER})\s*个?(?P<half>半)?(?P<unit>{_CHINESE_UNIT})(?:之|以)?前",
        lambda found, now: _ago(
            number(found["count"]) + (0.5 if found["half"] else 0), _CHINESE_UNITS[found["unit"]], now
        ),
    ),
    (
        rf"\b(?P<which>last|past|previous)\s+(?:(?P<count>{ENGLISH_NUMBER})\s*(?:of\s+)?(?:an?\s+)?)?"
        rf"(?P<unit>{_ENGLISH_UNIT})\b",
        _english_past,
    ),
    (
        rf"(?:过去|最近|近|前)的?\s*(?P<count>{CHINESE_NUMBER})\s*个?(?P<half>半)?(?P<unit>{_CHINESE_UNIT})"
        r"(?:以来|之?内|里|中)?",
        lambda found, now: _back(
            number(found["count"]) + (0.5 if found["half"] else 0), _CHINESE_UNITS[found["unit"]], now
        ),
    ),
    (
        rf"(?P<count>{CHINESE_NUMBER})\s*个?(?P<unit>{_CHINESE_UNIT})(?:以内|之内|内|以来)",
        lambda found, now: _back(number(found["count"]), _CHINESE_UNITS[found["unit"]], now),
    ),
    (r"\b(?:just now|a moment ago)\b|刚才|刚刚", lambda found, now: _back(30, "m", now)),
    (r"\b(?:last night|overnight)\b|昨晚|昨夜|昨儿晚上", _day(-1, "night")),
    (r"\btonight\b|今晚|今夜", _tonight),
    (
        r"\bthis (?P<part>morning|afternoon|evening)\b",
        lambda found, now: Moment(one_day(now.today), found["part"]),
    ),
    (r"今早|今晨", _day(0, "morning")),
    (r"\bthe day before yesterday\b|前天", _day(-2)),
    (r"\byesterday\b|昨天|昨日", _day(-1)),
    (r"\btoday\b|今天|今日", _day(0)),
    (r"\btomorrow\b|明天|明日", _day(1)),
    (
        rf"\b(?:(?P<which>last|this)\s+)?(?P<day>{'|'.join(_WEEKDAYS)})\b",
        lambda found, now: _weekday(
            _WEEKDAYS.index(found["day"]), 0 if found["which"] == "this" else None, now
        ),
    ),
    (r"(?P<week>上个?|这个?|本)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])", _chinese_weekday),
    (r"\bthis week\b|[这本](?:周|个?星期|个?礼拜)", lambda found, now: Moment(week_of(now.today))),
    (r"上(?:周|个?星期|个?礼拜)", lambda found, now: Moment(week_of(now.today, 1))),
    (r"\bthis month\b|本月|这个月", lambda found, now: Moment(month_of(now.today))),
    (r"上个?月", lambda found, now: Moment(month_of(now.today, 1))),
    (r"\bmidnight\b|午夜", lambda found, now: Moment(clock=Clock(0, 0))),
    (r"\bnoon\b|正午", lambda found, now: Moment(clock=Clock(12, 0))),
    (
        rf"\b(?:small hours|morning|afternoon|evening|night)\b|{_CHINESE_PARTS}",
        lambda found, now: Moment(part=_PART_WORDS[found[0]]),
    ),
    (
        r"(?<![\d:.])(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d)?(?![\d:])\s*(?P<half>[ap]\.?m\b\.?)?",
        lambda found, now: _clock(found["hour"], found["minute"], found["half"]),
    ),
    (
        r"(?<![\d:.])(?P<hour>\d{1,2})\s*(?P<half>[ap]\.?m\b\.?)",
        lambda found, now: _clock(found["hour"], None, found["half"]),
    ),
    (r"\b(?P<hour>\d{1,2})\s*o'?clock\b", lambda found, now: _clock(found["hour"], None, None)),
    (
        r"(?P<hour>\d{1,2}|[零一二两三四五六七八九十]{1,3})点"
        r"(?P<minute>半|一刻|三刻|整|钟|(?:\d{1,2}|[一二三四五六七八九十]{1,3})分?(?![\d点]))?",
        lambda found, now: _clock(found["hour"], found["minute"], None, chinese=True),
    ),
    (
        r"(?:(?<=\bat )|(?<=\bbetween )|(?<=\bbetween \d and )|(?<=\bbetween \d\d and ))"
        r"(?P<hour>\d{1,2})(?![\d:.\w-])",
        lambda found, now: _bare_clock(int(found["hour"])),
    ),
)
EXPRESSIONS: Final = tuple((re.compile(pattern), reader) for pattern, reader in _READERS)
"""Patterns over lower case text and their readers; of expressions that overlap the first one named holds."""
