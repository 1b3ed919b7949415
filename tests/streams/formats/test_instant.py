from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.formats.instant import time_of
from telcollm.errors import DecodeError
from tests.strategies import JSON_VALUES, MOMENTS

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-01-01 00:00:00+00:00",
        "2026-01-01T05:30:00+05:30",
        "2026-01-01T00:00Z",
        "20260101T000000Z",
        1767225600,
        1767225600.0,
        1767225600_000,
        1767225600_000_000,
        "1767225600",
        "1767225600000",
    ],
)
def test_one_instant_is_read_however_it_is_written(value: object) -> None:
    assert time_of(value, "eventTime", "") == NEW_YEAR
    assert time_of(value, "eventTime", "").tzinfo is UTC


def test_what_is_finer_than_a_microsecond_is_rounded() -> None:
    assert time_of("2026-01-01T00:00:00.1234567Z", "eventTime", "").microsecond == 123457


def test_a_naive_time_is_read_in_the_zone_of_its_source() -> None:
    assert time_of("2026-01-01T08:00:00", "eventTime", "Asia/Shanghai") == NEW_YEAR


def test_an_ambiguous_time_is_the_earlier_of_the_two() -> None:
    found = time_of("2026-10-25T02:30:00", "eventTime", "Europe/Berlin")

    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_time_that_was_skipped_is_read_with_the_offset_before_the_gap() -> None:
    found = time_of("2026-03-29T02:30:00", "eventTime", "Europe/Berlin")

    assert found == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_naive_time_without_a_zone_names_the_field_and_the_setting() -> None:
    with pytest.raises(DecodeError) as raised:
        time_of("2026-01-01T08:00:00", "alarmRaisedTime", "")

    assert raised.value.field == "alarmRaisedTime"
    assert "alarmRaisedTime='2026-01-01T08:00:00'" in str(raised.value)
    assert "sources.time_zone" in str(raised.value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2026-01-01",
        "2026-W01-1",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:00:00+25:00",
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2150-01-01T00:00:00Z",
        "9" * 30,
        "٢٠٢٦-01-01T00:00:00Z",
        "x" * 5000,
        0,
        -1,
        1e300,
        10**30,
        1767225600 * 10**9,
        True,
        None,
        [],
        {},
    ],
)
def test_what_is_no_time_of_our_years_is_refused_with_what_is_allowed(value: Any) -> None:
    with pytest.raises(DecodeError) as raised:
        time_of(value, "eventTime", "Europe/Berlin")

    assert raised.value.field == "eventTime"
    assert "1990 to 2099" in str(raised.value)
    assert len(str(raised.value)) < 600


@settings(deadline=None)
@given(MOMENTS)
def test_a_time_written_as_iso_8601_is_read_as_the_same_instant(moment: datetime) -> None:
    in_utc = moment.astimezone(UTC)
    if 1990 <= in_utc.year <= 2099:
        assert time_of(moment.isoformat(), "eventTime", "") == moment
    else:
        with pytest.raises(DecodeError):
            time_of(moment.isoformat(), "eventTime", "")


@settings(deadline=None, max_examples=500)
@given(JSON_VALUES | st.text(alphabet="0123456789-:TZ+. W", max_size=30))
def test_any_value_is_a_time_in_utc_or_refused(value: Any) -> None:
    try:
        found = time_of(value, "eventTime", "Europe/Berlin")
    except DecodeError:
        return
    assert found.tzinfo is UTC
