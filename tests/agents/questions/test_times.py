"""Laws of times in questions: the same words mean the same time against the same now, in either language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.questions.times import find_time

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 8, 9, 20, tzinfo=UTC)
"""A Thursday, 10:20 in Berlin."""


def told(text: str, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> tuple[str, str] | None:
    found = find_time(text, now, zone)
    if found is None:
        return None
    since, until = (time.astimezone(zone).strftime("%m-%d %H:%M") for time in found.span)
    return since, until


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("why did cell 1042 drop last night?", "01-07 20:00", "01-08 06:00"),
        ("小区1042昨晚为什么掉线", "01-07 20:00", "01-08 06:00"),
        ("yesterday 14:00-16:00", "01-07 14:00", "01-07 16:00"),
        ("between 14:00 and 16:00 yesterday", "01-07 14:00", "01-07 16:00"),
        ("yesterday between 10 and 12", "01-07 10:00", "01-07 12:00"),
        ("yesterday from 2pm to 4 p.m. on cell 7", "01-07 14:00", "01-07 16:00"),
        ("昨天下午3点到5点", "01-07 15:00", "01-07 17:00"),
        ("昨天14点30分到16点半", "01-07 14:30", "01-07 16:30"),
        ("2 hours ago", "01-08 07:50", "01-08 08:50"),
        ("半小时前", "01-08 09:20", "01-08 10:20"),
        ("三个半小时前", "01-08 06:20", "01-08 07:20"),
        ("10 minutes ago", "01-08 10:00", "01-08 10:20"),
        ("过去三小时", "01-08 07:20", "01-08 10:20"),
        ("over the last 3 hours", "01-08 07:20", "01-08 10:20"),
        ("二十四小时内", "01-07 10:20", "01-08 10:20"),
        ("last half hour", "01-08 09:50", "01-08 10:20"),
        ("the last couple of days", "01-06 10:20", "01-08 10:20"),
        ("今天早上", "01-08 05:00", "01-08 12:00"),
        ("this morning", "01-08 05:00", "01-08 12:00"),
        ("last night at 2", "01-08 01:30", "01-08 02:30"),
        ("昨晚2点", "01-08 01:30", "01-08 02:30"),
        ("last night at 11", "01-07 22:30", "01-07 23:30"),
        ("昨晚8点到凌晨2点", "01-07 20:00", "01-08 02:00"),
        ("from 22:00 to 02:00", "01-07 22:00", "01-08 02:00"),
        ("yesterday 22:00 to 02:00", "01-07 22:00", "01-08 02:00"),
        ("since yesterday", "01-07 00:00", "01-08 10:20"),
        ("从昨天开始", "01-07 00:00", "01-08 10:20"),
        ("since 08:00", "01-08 08:00", "01-08 10:20"),
        ("last week", "12-29 00:00", "01-05 00:00"),
        ("上周", "12-29 00:00", "01-05 00:00"),
        ("past week", "01-01 10:20", "01-08 10:20"),
        ("last month", "12-01 00:00", "01-01 00:00"),
        ("上周三", "12-31 00:00", "01-01 00:00"),
        ("周三下午", "01-07 12:00", "01-07 18:00"),
        ("on monday", "01-05 00:00", "01-06 00:00"),
        ("5 january", "01-05 00:00", "01-06 00:00"),
        ("1月5日 14:30", "01-05 14:00", "01-05 15:00"),
        ("2026-01-05t14:00z to 2026-01-05t16:00z", "01-05 15:00", "01-05 17:00"),
        ("2026-01-05", "01-05 00:00", "01-06 00:00"),
        ("at 3 am", "01-08 02:30", "01-08 03:30"),
        ("at 14:00", "01-07 13:30", "01-07 14:30"),
        ("前天", "01-06 00:00", "01-07 00:00"),
        ("3 days ago", "01-05 00:00", "01-06 00:00"),
        ("tomorrow", "01-09 00:00", "01-10 00:00"),
    ],
)
def test_a_time_means_what_a_person_on_shift_means_by_it(text: str, since: str, until: str) -> None:
    assert told(text) == (since, until)


@pytest.mark.parametrize(
    "text", ["what is wrong at 8", "cells 10 and 12", "up to 5 hours", "may I ask", "at 25:00"]
)
def test_what_is_no_time_is_not_taken_for_one(text: str) -> None:
    assert find_time(text, NOW, BERLIN) is None


@pytest.mark.parametrize("text", ["30 february", "last 99999 months", "2026-13-01"])
def test_a_time_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        find_time(text, NOW, BERLIN)


def test_at_three_in_the_morning_last_night_is_the_night_that_is_on() -> None:
    now = datetime(2026, 1, 8, 2, tzinfo=UTC)
    assert told("last night", now) == ("01-07 20:00", "01-08 03:00")
    assert told("tonight", now) == ("01-07 20:00", "01-08 03:00")
    assert told("tonight") == ("01-08 20:00", "01-09 06:00")


def test_the_present_is_told_as_such() -> None:
    for text in ("what is wrong now?", "现在怎么样"):
        found = find_time(text, NOW, BERLIN)
        assert found is not None and found.present


def test_days_are_those_of_the_time_zone_even_where_clocks_change() -> None:
    now = datetime(2026, 3, 29, 10, tzinfo=UTC)
    found = find_time("today", now, BERLIN)
    assert found is not None
    assert found.span.until - found.span.since == timedelta(hours=23)


def test_the_words_of_a_time_are_where_it_stands() -> None:
    text = "why did cell 1042 drop last night?"
    found = find_time(text, NOW, BERLIN)
    assert found is not None
    assert [text[start:end] for start, end in found.words] == ["last night"]


WORDS = (
    "last night|yesterday|at|14:00|to|-|and|between|2|hours|ago|past|week|since|tonight|noon|99999|months|31|"
    "february|2026-01-05|00:30|pm|昨晚|过去|三|小时|前|点|半|到|周|日|5月|天|上|今天|下午"
).split("|")


@given(
    st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join) | st.text(max_size=60),
    st.integers(0, 40_000),
)
def test_any_text_gives_a_stretch_of_time_or_none_and_never_runs_backwards(text: str, days: int) -> None:
    try:
        found = find_time(text, NOW + timedelta(hours=7 * days), BERLIN)
    except ValueError:
        return
    assert found is None or found.span.since <= found.span.until
