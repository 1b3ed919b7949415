"""Laws of watermarks: they follow records, never clocks or wild times, and nobody's silence holds them."""

from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.watermark import PartitionWatermark, SourceTicks

TICK_MS, FUTURE_MS, LATENESS_MS = 5_000, 300_000, 20_000
APPEND_MS = 1_000_000_000
RECORDS = st.lists(
    st.tuples(st.integers(-400_000, 800_000), st.integers(0, 60_000)).map(
        lambda pair: (APPEND_MS + pair[0], APPEND_MS + pair[1])
    ),
    max_size=30,
)


def observe(ticks: SourceTicks, event_ms: int, append_ms: int = APPEND_MS) -> int | None:
    return ticks.observe(event_ms, append_ms, future_ms=FUTURE_MS, tick_ms=TICK_MS)


def mark(*, lateness_ms: int = LATENESS_MS) -> PartitionWatermark:
    return PartitionWatermark(lateness_ms=lateness_ms, sources={})


@given(RECORDS)
def test_ticks_rise_and_follow_the_latest_believable_time(records: list[tuple[int, int]]) -> None:
    ticks = SourceTicks()
    told = []
    believable: list[int] = []
    for event_ms, append_ms in records:
        if event_ms <= append_ms + FUTURE_MS:
            believable.append(event_ms)
        tick = observe(ticks, event_ms, append_ms)
        if tick is not None:
            told.append(tick)
            assert tick == max(believable)
    assert ticks.max_event_ms == max(believable, default=None)
    assert all(after // TICK_MS > before // TICK_MS for before, after in pairwise(told))
    if believable:
        assert told[-1] // TICK_MS == max(believable) // TICK_MS


@given(RECORDS, st.integers(FUTURE_MS + 1, 10**13))
def test_a_time_too_far_ahead_changes_nothing(records: list[tuple[int, int]], ahead_ms: int) -> None:
    plain, disturbed = SourceTicks(), SourceTicks()
    for event_ms, append_ms in records:
        assert observe(disturbed, append_ms + ahead_ms, append_ms) is None
        assert observe(plain, event_ms, append_ms) == observe(disturbed, event_ms, append_ms)
    assert plain == disturbed


def test_a_time_as_far_ahead_as_allowed_still_counts() -> None:
    assert observe(SourceTicks(), APPEND_MS + FUTURE_MS) == APPEND_MS + FUTURE_MS
    assert observe(SourceTicks(), APPEND_MS + FUTURE_MS + 1) is None


@given(RECORDS, st.integers(0, 30))
def test_ticks_depend_on_the_records_alone_wherever_reading_was_broken_off(
    records: list[tuple[int, int]], stop: int
) -> None:
    whole, first = SourceTicks(), SourceTicks()
    expected = [observe(whole, *record) for record in records]
    told = [observe(first, *record) for record in records[:stop]]
    second = msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=SourceTicks)
    told += [observe(second, *record) for record in records[stop:]]
    assert (told, second) == (expected, whole)


def test_the_watermark_is_unknown_until_every_source_has_told() -> None:
    partition = mark()
    assert partition.tell("a/0", 100_000, 0, ["a/0", "a/1", "b/0"]) is None
    assert partition.tell("a/1", 200_000, 0, ["a/0", "a/1", "b/0"]) is None
    assert partition.tell("b/0", 150_000, 0, ["a/0", "a/1", "b/0"]) == 100_000 - LATENESS_MS


def test_a_source_whose_events_came_and_whose_time_did_not_keeps_it_unknown() -> None:
    partition = mark()
    assert partition.is_new("a/1", 0, 0)
    assert partition.tell("a/0", 100_000, 0, ["a/0", "a/1"]) is None
    assert partition.latest_event_ms() == 100_000
    assert partition.tell("a/1", 90_000, 0, ["a/0", "a/1"]) == 90_000 - LATENESS_MS


def test_a_silent_source_does_not_hold_it() -> None:
    partition = mark()
    partition.tell("a/0", 10_000, 0, ["a/0", "a/1", "a/2"])
    partition.tell("a/1", None, 0, ["a/0", "a/1", "a/2"])
    assert partition.tell("a/2", 500_000, 0, ["a/0", "a/1", "a/2"]) is None
    assert partition.tell("a/1", None, 30_000, ["a/0", "a/1", "a/2"]) == 10_000 - LATENESS_MS
    assert partition.tell("a/0", 10_000, 30_000, ["a/0", "a/1", "a/2"]) == 500_000 - LATENESS_MS


def test_a_source_that_speaks_again_holds_it_again() -> None:
    partition = mark()
    partition.tell("a/0", 10_000, 30_000, ["a/0", "a/1"])
    assert partition.tell("a/1", 90_000, 0, ["a/0", "a/1"]) == 90_000 - LATENESS_MS
    assert partition.tell("a/0", 20_000, 0, ["a/0", "a/1"]) == 20_000 - LATENESS_MS


def test_when_all_are_silent_it_goes_on_as_time_passes() -> None:
    partition = mark()
    partition.tell("a/0", 10_000, 30_000, ["a/0", "a/1"])
    assert partition.tell("a/1", 90_000, 30_000, ["a/0", "a/1"]) == 120_000 - LATENESS_MS
    assert partition.tell("a/1", 90_000, 60_000, ["a/0", "a/1"]) == 150_000 - LATENESS_MS


def test_a_source_that_was_removed_is_forgotten() -> None:
    partition = mark()
    partition.tell("old/0", 1_000, 0, ["old/0", "a/0"])
    assert partition.tell("a/0", 90_000, 0, ["old/0", "a/0"]) == 1_000 - LATENESS_MS
    assert partition.tell("a/0", 90_000, 0, ["a/0"]) == 90_000 - LATENESS_MS


def test_silence_before_the_first_record_tells_nothing() -> None:
    partition = mark()
    assert partition.tell("a/0", None, 30_000, ["a/0"]) is None
    assert partition.latest_event_ms() is None


TOLD = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10**6)), max_size=30)


@given(TOLD)
def test_it_never_falls_while_nobody_is_silent(told: list[tuple[str, int]]) -> None:
    partition = mark()
    known = [
        value for source, at in told if (value := partition.tell(source, at, 0, ["a", "b", "c"])) is not None
    ]
    assert known == sorted(known)


@given(TOLD, st.randoms())
def test_the_order_in_which_sources_tell_does_not_matter(told: list[tuple[str, int]], chance: object) -> None:
    shuffled = list(told)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = mark(), mark()
    for partition, order in ((one, told), (other, shuffled)):
        for source, at_ms in order:
            partition.tell(source, at_ms, 0, ["a", "b", "c"])
    assert one.current() == other.current()


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 3)), max_size=40))
def test_of_each_source_a_place_is_new_once_and_only_if_later_than_all_before(
    places: list[tuple[str, int, int]],
) -> None:
    partition = mark()
    latest: dict[str, tuple[int, int]] = {}
    for source, offset, place in places:
        expected = (offset, place) > latest.get(source, (-1, 0))
        assert partition.is_new(source, offset, place) == expected
        if expected:
            latest[source] = (offset, place)
