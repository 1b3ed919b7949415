"""Laws of a partition: stopped anywhere and taken up from the store, it goes on as if nothing had been."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from streams.component import Snapshot
from streams.correlation import Delta
from streams.envelope import TICK_PLACE, VERSION, Envelope, pack, unpack
from streams.event import AlarmEvent, EventKind, event_of
from streams.partition import Partition, PartitionSettings, component_rows
from streams.watermark import SourceTicks
from telcollm.codec import encode
from telcollm.errors import DecodeError
from telcollm.ports import Store
from telcollm.records import Alarm, NotificationType, PerceivedSeverity
from telcollm.state import Progress
from telcollm.store import open_store
from tests.streams.network import GAP_MS, GRAPH, LATENESS_MS, chain_topology, histories, make_event
from tests.streams.test_correlation import deliver

TOPOLOGY = chain_topology()
WINDOW = PartitionSettings(gap_ms=GAP_MS, lateness_ms=LATENESS_MS)
TOPIC = "events"
SOURCE = "alarms/0"
NUMBERS = itertools.count()


def make(number: int) -> Partition:
    return Partition(number, WINDOW, graph=GRAPH, topology=TOPOLOGY)


def envelopes(events: Sequence[AlarmEvent]) -> list[Envelope]:
    """What the edge would write of one source partition: events, and ticks after those that began one."""
    found: list[Envelope] = []
    ticks = SourceTicks()
    for offset, event in enumerate(events):
        copy = AlarmEvent(**{name: getattr(event, name) for name in event.__struct_fields__})
        copy.offset, copy.append_ms = offset, 1_000_000 + offset
        found.append(Envelope(VERSION, SOURCE, offset, 1, copy))
        told = ticks.observe(event.event_ms, 10**12, future_ms=0, tick_ms=5_000)
        if told is not None:
            found.append(Envelope(VERSION, SOURCE, offset, TICK_PLACE, None, told, 0, [SOURCE]))
    return [unpack(pack(item)) for item in found]


class Owner:
    """One worker's hold on a partition: what it tells, and how it saves, like the correlating stage."""

    def __init__(self, store: Store, number: int) -> None:
        self.store = store
        self.number = number
        self.progress = store.claim(TOPIC, number)
        self.partition = make(number)
        self.partition.restore_blob(self.progress.blob)
        self.partition.restore_rows(store.load_partition(number, self.partition.since_ms))
        self.told: list[Snapshot] = []

    def feed(self, items: Sequence[Envelope]) -> None:
        for item in items:
            self.told += self.partition.apply(item)

    def save(self, next_offset: int) -> None:
        delta, blob = self.partition.take()
        self.write(delta, blob, next_offset)

    def write(self, delta: Delta, blob: bytes, next_offset: int) -> None:
        progress = Progress(TOPIC, self.number, self.progress.owner_epoch, next_offset, blob)
        with self.store.transaction() as transaction:
            transaction.fence([progress])
            transaction.put_components(component_rows(delta, self.number))
            transaction.put_alarms([*delta.alarms.values(), *delta.too_late])
            transaction.clear_alarms(self.number, delta.orphan_clears)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('partition') / 'telcollm.db'}")
    yield opened
    opened.close()


def run(store: Store, items: Sequence[Envelope], stops: Sequence[int]) -> tuple[list[Snapshot], Owner]:
    """Feed one partition, its owner dying after each of the places where it has just saved."""
    number = next(NUMBERS)
    owner = Owner(store, number)
    told: list[Snapshot] = []
    for start, end in itertools.pairwise([0, *sorted(stops), len(items)]):
        owner.feed(items[start:end])
        owner.save(end)
        told += owner.told
        owner = Owner(store, number)
        assert owner.progress.next_offset == end
    told += owner.partition.finish()
    owner.save(len(items))
    return told, owner


# Shrinking a whole history takes minutes; the first that fails is small enough to read.
QUICK = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def plain(told: Sequence[Snapshot]) -> list[dict[str, object]]:
    """What was told, whatever number the partition had."""
    found = []
    for item in told:
        values = {name: getattr(item, name) for name in item.__struct_fields__ if name != "partition"}
        found.append(values)
    return found


@given(histories(), st.integers(0, 2**32), st.lists(st.integers(0, 60), max_size=4))
@settings(QUICK, max_examples=60)
def test_saved_and_taken_up_anywhere_it_tells_what_it_would_have_told(
    store: Store, events: list[AlarmEvent], seed: int, stops: list[int]
) -> None:
    items = envelopes(deliver(events, seed))
    calm, calm_owner = run(store, items, [])
    told, owner = run(store, items, [min(stop, len(items)) for stop in stops])
    assert plain(told) == plain(calm)
    for one, other in zip(rows(store, owner), rows(store, calm_owner), strict=True):
        assert one == other
    assert owner.partition.late_count == calm_owner.partition.late_count


def rows(store: Store, owner: Owner) -> tuple[object, ...]:
    loaded = store.load_partition(owner.number, -(2**62))
    alarms = {
        alarm.alarm_id: (
            alarm.component_id,
            alarm.cleared_ms,
            alarm.facts,
            alarm.severity,
            alarm.suppressed,
            alarm.changed_ms,
        )
        for alarm in loaded.alarms
    }
    components = {item.component_id: (item.complete, item.resolved) for item in loaded.components}
    return alarms, components, owner.partition.correlator.watermark_ms


@given(histories(), st.integers(0, 2**32), st.integers(0, 40))
@settings(QUICK, max_examples=40)
def test_records_that_come_again_after_a_crash_of_the_edge_do_nothing(
    store: Store, events: list[AlarmEvent], seed: int, again: int
) -> None:
    items = envelopes(deliver(events, seed))
    calm, _ = run(store, items, [])
    doubled = [*items[:again], *items[max(0, again - 7) : again], *items[again:]]
    told, owner = run(store, doubled, [min(again, len(doubled))])
    assert plain(told) == plain(calm)
    copies = [item for item in items[max(0, again - 7) : again] if item.event is not None]
    assert owner.partition.duplicate_count == len(copies)


def loss(at_ms: int, **changes: object) -> AlarmEvent:
    return make_event(EventKind.RAISE, "n0", "loss", at_ms, **changes)  # type: ignore[arg-type]


def clear(at_ms: int, raised_ms: int) -> AlarmEvent:
    return make_event(EventKind.CLEAR, "n0", "loss", at_ms, raised_ms=raised_ms, cleared_ms=at_ms)


@pytest.mark.parametrize(
    ("events", "ends"),
    [
        ([clear(7_000, 1_000), loss(1_000)], [7_000]),
        ([make_event(EventKind.REBUILT, "ems", "list", 5_000), loss(1_000)], [5_000]),
        ([loss(1_000), clear(9_000, 1_000), clear(7_000, 1_000), loss(8_000)], [7_000, 9_000]),
        # The first alarm is done with and forgotten while its clear can still end the second.
        ([loss(0), clear(35_000, 0), loss(33_000)], [35_000, 35_000]),
    ],
)
def test_what_waits_for_its_raise_is_saved_too(
    store: Store, events: list[AlarmEvent], ends: list[int]
) -> None:
    items = envelopes(events)
    for stop in range(len(items) + 1):
        _, owner = run(store, items, [stop])
        found = [alarm.cleared_ms for alarm in store.load_partition(owner.number, -(2**62)).alarms]
        assert found == ends


def test_an_earlier_clear_without_its_problem_finds_its_alarm_after_a_restart_too(store: Store) -> None:
    raised = Alarm(
        tenant="t",
        alarm_id="alm-1",
        notification_id="1",
        external_alarm_id="x1",
        source_system_id="ems",
        managed_object="n0",
        specific_problem="loss",
        perceived_severity=PerceivedSeverity.MAJOR,
        alarm_raised_time=datetime.fromtimestamp(1, UTC),
        notification_type=NotificationType.NEW_ALARM,
    )
    events = [event_of(raised, body=encode(raised))]
    for ended_s in (9, 7):
        ended = msgspec.structs.replace(
            raised,
            specific_problem="",
            notification_type=NotificationType.CLEARED_ALARM,
            alarm_cleared_time=datetime.fromtimestamp(ended_s, UTC),
        )
        events.append(event_of(ended))
    items = envelopes(events)
    for stop in range(len(items) + 1):
        _, owner = run(store, items, [stop])
        found = [alarm.cleared_ms for alarm in store.load_partition(owner.number, -(2**62)).alarms]
        assert found == [7_000]


@pytest.mark.parametrize("shelved", [False, True])
def test_one_event_that_changes_and_clears_an_alarm_counts_each_once(store: Store, shelved: bool) -> None:
    change = make_event(EventKind.CHANGE, "n0", "loss", 1_000, raised_ms=0, cleared_ms=1_000, severity=6)
    items = envelopes([loss(0, shelved=shelved), change])
    partition = make(0)
    for item in items:
        partition.apply(item)
    restarted, _ = run(store, items, [1, 2])
    for told in (partition.finish(), restarted):
        assert [(item.revision, item.active, item.severity) for item in told if item.complete] == [(4, 0, 6)]


def test_an_alarm_that_stays_open_for_days_is_cleared_by_a_later_owner(store: Store) -> None:
    day_ms = 86_400_000
    items = envelopes([loss(0), loss(2 * day_ms), clear(3 * day_ms, 0)])
    told, owner = run(store, items, [1, 2, 3])
    ends = {
        alarm.raised_ms: alarm.cleared_ms for alarm in store.load_partition(owner.number, -(2**62)).alarms
    }
    assert ends == {0: 3 * day_ms, 2 * day_ms: 3 * day_ms}
    assert [(item.first_ms, item.active) for item in told if item.complete] == [
        (0, 1),
        (0, 0),
        (2 * day_ms, 0),
    ]
    assert owner.partition.correlator.life.open_alarms == 0


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 10**6), st.sampled_from((0, 0, 30_000))), max_size=30
    )
)
def test_the_watermark_never_goes_back_not_even_when_a_silent_source_speaks_again(
    told: list[tuple[str, int, int]],
) -> None:
    partition = make(0)
    seen = []
    for offset, (source, at_ms, idle_ms) in enumerate(told):
        partition.apply(Envelope(VERSION, source, offset, TICK_PLACE, None, at_ms, idle_ms, ["a", "b"]))
        seen.append(partition.correlator.watermark_ms)
    assert seen == sorted(seen)


def test_nothing_was_read_so_there_is_nothing_to_finish() -> None:
    assert make(0).finish() == []


def test_a_change_makes_the_group_of_its_alarm_more_severe_before_a_restart_as_after() -> None:
    partition = make(0)
    change = make_event(EventKind.CHANGE, "n0", "loss", 1_000, raised_ms=0, severity=6)
    for offset, event in enumerate((loss(0), change)):
        partition.apply(Envelope(VERSION, SOURCE, offset, 0, event))
    (told,) = partition.finish()
    assert (told.severity, [group.severity for group in told.groups]) == (6, [6])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "internal record is not readable"),
        (b"", "internal record is not readable"),
        (b"{}", "only telcollm's edge may write the internal topic"),
        (pack(Envelope(2, SOURCE, 0, 0)), "internal record has version 2; version 1 is allowed; run one"),
    ],
)
def test_an_internal_record_that_telcollm_did_not_write_is_refused(data: bytes | None, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        unpack(data)


def partition_after(*raised_ms: int, tick_ms: int | None) -> Partition:
    partition = make(0)
    for offset, at_ms in enumerate(raised_ms):
        event = make_event(EventKind.RAISE, "n0", "loss", at_ms)
        partition.apply(Envelope(VERSION, SOURCE, offset, 0, event))
    if tick_ms is not None:
        partition.apply(Envelope(VERSION, SOURCE, 99, TICK_PLACE, None, tick_ms, 0, [SOURCE]))
    return partition


@pytest.mark.parametrize("tick_ms", [None, 0])
def test_finish_completes_the_windows_that_no_tick_has_told_of(tick_ms: int | None) -> None:
    partition = partition_after(0, 500_000, 1_000_000, tick_ms=tick_ms)
    told = partition.finish()
    assert [(item.complete, item.first_ms) for item in told] == [
        (True, 0),
        (True, 500_000),
        (True, 1_000_000),
    ]
    assert partition.finish() == []


def test_finish_does_not_move_the_watermark_to_an_alarm_from_the_future() -> None:
    partition = partition_after(0, 86_400_000, tick_ms=0)
    partition.finish()
    assert partition.correlator.watermark_ms == GAP_MS + 1
