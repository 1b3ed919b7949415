from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.causes.history import alarm_history
from streams.formats import decode_alarms
from streams.replay.row import DEFAULT_START, AlarmRow, AlarmTable, alarm_table, epoch_ms
from streams.replay.schedule import ReplayPlan, alarm_at, chosen, deliveries, schedule, system_of
from telcollm.errors import SettingsError
from telcollm.records import Mode, NotificationType, PerceivedSeverity
from telcollm.settings import SourceSettings

SOURCE = SourceSettings()
FLAT = ReplayPlan(flat_out=True)


@st.composite
def tables(draw: st.DrawFn) -> AlarmTable:
    """Alarms on a few objects, some momentary, some never cleared, some cleared before they were raised."""
    spans = draw(
        st.lists(
            st.tuples(
                st.sampled_from("abc"),
                st.sampled_from("12"),
                st.integers(0, 3_600_000),
                st.none() | st.integers(0, 3_600_000),
            ),
            min_size=1,
            max_size=30,
        )
    )
    return alarm_table("drawn", (AlarmRow(n, *span) for n, span in enumerate(spans)))


@st.composite
def plans(draw: st.DrawFn) -> ReplayPlan:
    """Flat-out plans with every fault of delivery."""
    return ReplayPlan(
        flat_out=True,
        late_ratio=draw(st.sampled_from((0.0, 0.3, 1.0))),
        late_s=draw(st.sampled_from((1.0, 60.0))),
        duplicate_ratio=draw(st.sampled_from((0.0, 0.5, 1.0))),
        shuffle_s=draw(st.sampled_from((0.0, 5.0, 30.0))),
        seed=draw(st.integers(0, 5)),
        form=draw(st.sampled_from(("tmf642", "3gpp"))),
        key=draw(st.sampled_from(("source", "device", "none"))),
    )


def rows(count: int, step_ms: int = 1000) -> AlarmTable:
    return alarm_table(
        "made", (AlarmRow(n, f"d{n % 3}", "7", n * step_ms, n * step_ms + 500) for n in range(count))
    )


@settings(deadline=None)
@given(tables(), plans())
def test_the_same_plan_gives_the_same_deliveries(table: AlarmTable, plan: ReplayPlan) -> None:
    assert list(deliveries(schedule(table, plan))) == list(deliveries(schedule(table, plan)))


@settings(deadline=None)
@given(tables(), plans())
def test_counts_add_up_to_the_messages(table: AlarmTable, plan: ReplayPlan) -> None:
    planned = schedule(table, plan)
    counts = planned.counts

    assert counts.messages == len(planned.steps) == len(list(deliveries(planned)))
    assert counts.alarms == len(table.rows) == counts.momentary + counts.clears + counts.never_cleared
    if plan.late_ratio == 1.0:
        assert counts.late == counts.alarms + counts.clears
    if plan.duplicate_ratio in (0.0, 1.0):
        assert counts.duplicates == plan.duplicate_ratio * (counts.alarms + counts.clears)


@settings(deadline=None)
@given(tables(), plans())
def test_no_message_comes_before_its_time_nor_later_than_was_allowed(
    table: AlarmTable, plan: ReplayPlan
) -> None:
    bound_ms = plan.shuffle_s * 1000 + (plan.late_s * 1000 if plan.late_ratio else 0)
    again_ms = max(plan.shuffle_s, 1.0) * 1000 if plan.duplicate_ratio else 0

    for step in schedule(table, plan).steps:
        assert 0 <= step.position_ms - step.event_ms <= bound_ms + again_ms


@settings(deadline=None)
@given(tables(), plans())
def test_deliveries_come_in_order_of_when_they_are_due(table: AlarmTable, plan: ReplayPlan) -> None:
    for paced in (
        plan,
        replace(plan, flat_out=False, speed=600.0),
        replace(plan, flat_out=False, minutes=0.5),
    ):
        due = [message.due_s for message in deliveries(schedule(table, paced))]
        assert due == sorted(due)
        assert due[0] == 0.0


@settings(deadline=None)
@given(tables(), plans())
def test_every_message_is_read_at_the_edge_as_the_alarm_it_tells_of(
    table: AlarmTable, plan: ReplayPlan
) -> None:
    planned = schedule(table, plan)

    for step, message in zip(planned.steps, deliveries(planned), strict=True):
        [alarm] = decode_alarms(message.value, SOURCE)
        told = alarm_at(planned, step.row, clear=step.clear)
        assert (alarm.alarm_id, alarm.key) == (told.alarm_id, told.key)
        assert alarm.alarm_cleared_time == told.alarm_cleared_time
        assert alarm.notification_type == told.notification_type
        assert alarm.mode is Mode.REPLAY
        assert alarm.perceived_severity is PerceivedSeverity.INDETERMINATE


@settings(deadline=None)
@given(tables())
def test_without_faults_a_clear_comes_after_its_raise_and_exactly_once(table: AlarmTable) -> None:
    seen: Counter[tuple[int, bool]] = Counter()

    for step in schedule(table, FLAT).steps:
        if step.clear:
            assert seen[step.row.number, False] == 1
            assert step.event_ms > step.row.raised_ms
        seen[step.row.number, step.clear] += 1

    assert set(seen.values()) == {1}
    assert sum(clear for _, clear in seen) == schedule(table, FLAT).counts.clears


def test_a_momentary_alarm_is_one_message_with_both_times() -> None:
    planned = schedule(alarm_table("made", [AlarmRow(0, "d", "7", 5000, 5000)]), FLAT)

    [message] = deliveries(planned)

    [alarm] = decode_alarms(message.value, SOURCE)
    assert alarm.notification_type is NotificationType.NEW_ALARM
    assert alarm.alarm_raised_time == alarm.alarm_cleared_time == DEFAULT_START + timedelta(seconds=5)


def test_a_clear_before_its_raise_is_momentary_and_counted() -> None:
    table = alarm_table("made", [AlarmRow(0, "d", "7", 5000, 4000)])

    assert table.cleared_before_raised == 1
    assert schedule(table, FLAT).counts.momentary == 1


def test_nothing_is_invented_that_the_record_does_not_tell() -> None:
    [message] = deliveries(schedule(alarm_table("made", [AlarmRow(0, "55", "11", 0, None)]), FLAT))

    assert json.loads(message.value) == {
        "id": json.loads(message.value)["id"],
        "state": "raised",
        "alarmType": "other",
        "perceivedSeverity": "indeterminate",
        "alarmedObject": {"id": "55"},
        "sourceSystemId": system_of("made", "55", 4),
        "alarmRaisedTime": "2026-01-05T00:00:00Z",
        "specificProblem": "11",
        "externalAlarmId": "made-0",
        "mode": "replay",
    }


def test_what_the_record_tells_is_passed_on() -> None:
    row = AlarmRow(0, "d", "x", 0, None, "equipmentAlarm", "lossOfSignal", "major", "ems-9", "dark")
    [message] = deliveries(schedule(alarm_table("made", [row]), FLAT))

    [alarm] = decode_alarms(message.value, SOURCE)

    assert (alarm.alarm_type, alarm.perceived_severity) == ("EQUIPMENT_ALARM", "MAJOR")
    assert (alarm.probable_cause.code, alarm.source_system_id) == (29, "ems-9")
    assert alarm.additional_text == "dark"


@pytest.mark.parametrize(("key", "expected"), [("source", b"made-ems"), ("device", b"d0"), ("none", None)])
def test_messages_are_keyed_as_asked(key: Any, expected: bytes | None) -> None:
    first = next(iter(deliveries(schedule(rows(1), replace(FLAT, key=key)))))

    assert first.key == expected or (expected and first.key and first.key.startswith(expected))


def test_times_and_ids_start_where_they_are_told_to() -> None:
    start = datetime(2025, 3, 1, 12, tzinfo=UTC)
    own = replace(rows(3), origin=datetime(2024, 1, 1, tzinfo=UTC))

    assert schedule(rows(3), FLAT).start == DEFAULT_START
    assert schedule(own, FLAT).start == own.origin
    moved = schedule(own, replace(FLAT, start=start))
    assert alarm_at(moved, own.rows[2]).alarm_raised_time == start + timedelta(seconds=2)
    assert moved.last_event_time == start + timedelta(milliseconds=2500)


def test_speed_is_a_multiple_of_real_time_and_minutes_squeeze() -> None:
    table = rows(61)

    fast = schedule(table, ReplayPlan(speed=10))
    squeezed = schedule(table, ReplayPlan(minutes=0.5))

    assert list(deliveries(fast))[-1].due_s == pytest.approx(fast.span_s / 10)
    assert squeezed.duration_s == pytest.approx(30.0)
    assert schedule(table, ReplayPlan()).duration_s == pytest.approx(180.0)
    assert {message.due_s for message in deliveries(schedule(table, FLAT))} == {0.0}


def test_a_record_of_one_moment_is_told_at_once() -> None:
    planned = schedule(alarm_table("made", [AlarmRow(0, "d", "7", 5, 5)]), ReplayPlan(minutes=3))

    assert [message.due_s for message in deliveries(planned)] == [0.0]


def test_slices_share_no_alarm_and_leave_none_out() -> None:
    table = rows(100)
    cuts = (0.0, 0.3, 0.7, 0.75, 1.0)

    parts = [chosen(table, ReplayPlan(from_fraction=a, to_fraction=b)) for a, b in pairwise(cuts)]

    assert [len(part) for part in parts] == [30, 40, 5, 25]
    assert [row for part in parts for row in part] == list(table.rows)


@settings(deadline=None)
@given(tables(), st.sampled_from((0.1, 0.5, 0.7, 0.9)))
def test_a_slice_starts_where_what_was_learned_from_ends(table: AlarmTable, fraction: float) -> None:
    history = alarm_history(
        "drawn",
        [row.specific_problem for row in table.rows],
        [row.managed_object for row in table.rows],
        [row.raised_ms / 1000 for row in table.rows],
    )
    learned, _ = history.split(fraction)

    assert len(chosen(table, ReplayPlan(from_fraction=fraction))) == len(table.rows) - len(learned)


def test_a_limit_keeps_the_first_alarms_with_their_clears() -> None:
    planned = schedule(rows(100), replace(FLAT, from_fraction=0.5, limit=3))

    assert sorted({step.row.number for step in planned.steps}) == [50, 51, 52]
    assert planned.counts.messages == 6


def test_ids_do_not_depend_on_the_slice() -> None:
    whole = schedule(rows(10), FLAT)
    part = schedule(rows(10), replace(FLAT, from_fraction=0.5))

    assert alarm_at(whole, whole.table.rows[7]) == alarm_at(part, part.table.rows[7])


def test_a_slice_without_alarms_is_refused() -> None:
    table = alarm_table("made", (AlarmRow(n, "d", "7", 1000, None) for n in range(4)))

    with pytest.raises(SettingsError, match=r"holds no alarm from fraction 0 to 0\.5"):
        schedule(table, ReplayPlan(to_fraction=0.5))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"late_ratio": 1.1, "late_s": 1}, "late_ratio=1.1"),
        ({"late_ratio": 0.1}, "late_s=0.0"),
        ({"duplicate_ratio": -0.1}, "--duplicate-ratio"),
        ({"shuffle_s": -1}, "shuffle_s=-1"),
        ({"from_fraction": 0.8, "to_fraction": 0.8}, "less than to_fraction=0.8"),
        ({"limit": 0}, "limit=0"),
        ({"speed": 0}, "speed=0"),
        ({"minutes": -3}, "minutes=-3"),
        ({"minutes": float("nan")}, "minutes=nan"),
        ({"speed": 2, "flat_out": True}, "only one of speed, minutes and flat_out"),
        ({"systems": 0}, "systems=0"),
        ({"start": datetime(2026, 1, 1)}, "a time with its zone"),  # noqa: DTZ001
    ],
)
def test_a_plan_out_of_range_is_refused_with_the_option_to_change(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError) as raised:
        ReplayPlan(**fields)

    assert says in str(raised.value)
    assert "is allowed; change --" in str(raised.value)


def test_epoch_ms_counts_whole_milliseconds() -> None:
    assert epoch_ms(datetime(1970, 1, 1, 0, 0, 1, 999, tzinfo=UTC)) == 1000
