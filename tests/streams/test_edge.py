"""Laws of the edge: every record becomes events or a dead letter, and events go wherever they are needed."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from streams.cut import Cut
from streams.edge import EdgeStage, decode_events
from streams.envelope import Envelope, unpack
from streams.event import AlarmEvent, EventKind
from streams.kafka.source import RawRecord
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.refusals import MAX_RECORD_BYTES, dead_letter_message
from streams.testing import consume_all, produce_all
from streams.topics import DEAD_LETTERS, EVENTS, lane_of, on_wire
from telcollm.errors import DecodeError
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import Store
from telcollm.records import SEVERITY_RANK, Link, PerceivedSeverity, TopologyElement
from telcollm.settings import Settings, SourceSettings, StreamSettings
from telcollm.state import DeadLetter
from telcollm.store import open_store
from telcollm.topology import Topology

NOW_MS = 1_767_268_800_000
# Reached only where something never comes: a machine may be slow.
WITHIN_S = 120.0


class StillClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at_ms = NOW_MS

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_s(self) -> float:
        return self.at_ms / 1000


def payload(managed_object: str, second: int = 0, **changes: Any) -> bytes:
    alarm = {
        "alarmType": "communicationsAlarm",
        "perceivedSeverity": "major",
        "probableCause": "lossOfSignal",
        "alarmedObject": {"id": managed_object},
        "sourceSystemId": "ems",
        "state": "raised",
        "alarmRaisedTime": f"2026-01-01T12:{second // 60:02}:{second % 60:02}Z",
    }
    return json.dumps({**alarm, **changes}).encode()


def record(value: bytes | None, **changes: Any) -> RawRecord:
    fields: dict[str, Any] = {
        "topic": "alarms",
        "partition": 0,
        "offset": 7,
        "timestamp_ms": NOW_MS,
        "key": None,
        "value": value,
        "headers": (),
    }
    return RawRecord(**{**fields, **changes})


SOURCE = SourceSettings()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "record"),
        (b"", "record"),
        (b"{not json", "JSON"),
        (b"[1, 2]", "record"),
        (payload("n0", alarmRaisedTime="2026-01-01T12:00:00"), "zone"),
        (payload(""), "alarmedObject"),
        (b" " * (MAX_RECORD_BYTES + 1), "too large; at most 524288 bytes are allowed"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused_with_its_reason(value: bytes | None, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode_events(record(value), SOURCE)


def test_a_notice_of_a_rebuilt_list_without_the_list_closes_nothing() -> None:
    notice = {
        "notificationType": "notifyAlarmListRebuilt",
        "alarmId": "x",
        "sourceSystemId": "ems",
        "managedObject": "ems",
        "alarmRaisedTime": "2026-01-01T12:00:00Z",
    }
    listed = {**notice, "additionalInformation": {"alarmIds": [], "keys": []}}
    source = SourceSettings(format="telcollm")
    assert decode_events(record(json.dumps(notice).encode()), source) == []
    (event,) = decode_events(record(json.dumps(listed).encode()), source)
    assert (event.kind, event.listed) == (EventKind.REBUILT, frozenset())


def test_an_alarm_without_a_severity_stays_indeterminate() -> None:
    with_none = json.loads(payload("n0"))
    del with_none["perceivedSeverity"]
    (event,) = decode_events(record(json.dumps(with_none).encode()), SOURCE)
    assert event.severity == SEVERITY_RANK[PerceivedSeverity.INDETERMINATE]


def test_a_dead_letter_tells_what_the_record_was_and_why_it_was_refused() -> None:
    letter = DeadLetter("alarms", 1, 7, b"\xff", b"{", "no JSON", "alarmType", NOW_MS)
    message = dead_letter_message(letter, "dlq")
    assert (message.message_id, message.lane, message.topic) == ("dlq:alarms:1:7", "alarms/1", "dlq")
    assert (message.value, message.key) == (b"{", "alarms/1")
    assert dict(message.headers) == {
        "value-bytes": "1",
        "has-value": "1",
        "reason": "no JSON",
        "field": "alarmType",
        "source-topic": "alarms",
        "source-partition": "1",
        "source-offset": "7",
        "source-append-ms": str(NOW_MS),
        "source-key": "ff",
        "has-key": "1",
    }


def test_a_value_that_fits_no_message_stays_in_the_store_and_the_letter_says_so() -> None:
    letter = DeadLetter("alarms", 0, 7, None, b"x" * 900_001, "too large", "", NOW_MS)
    headers = dict(dead_letter_message(letter, "dlq").headers)
    assert dead_letter_message(letter, "dlq").value == b""
    assert (headers["has-value"], headers["value-bytes"], headers["has-key"]) == ("0", "900001", "0")


# From here on against a real broker and a real store.


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'telcollm.db'}")
    yield opened
    opened.close()


PAIR = [
    TopologyElement(tenant="default", element_id="n0", links=(Link(target="n1"),)),
    TopologyElement(tenant="default", element_id="n1"),
    TopologyElement(tenant="default", element_id="far"),
]


class Edge:
    """An edge over one source topic of its own and an internal topic of three partitions."""

    def __init__(self, kafka: KafkaSettings, store: Store, source_partitions: int = 1) -> None:
        self.kafka = kafka
        self.store = store
        self.topic = kafka.topic("alarms")
        self.clock = StillClock()
        self.cut = Cut(Topology(PAIR), 3, 1)
        self.source_partitions = source_partitions
        self.settings = Settings(
            kafka=kafka,
            sources=(SourceSettings(topic=self.topic),),
            streams=StreamSettings(partitions=3, lateness_s=20, idle_s=5),
        )
        ensure_topics(
            kafka,
            {
                self.topic: TopicSpec(source_partitions),
                on_wire(kafka, EVENTS): TopicSpec(3),
                on_wire(kafka, DEAD_LETTERS): TopicSpec(1),
            },
        )

    def write(self, values: Sequence[bytes | None]) -> None:
        produce_all(self.kafka, self.topic, [(b"key", value) for value in values])

    def stage(self, **options: Any) -> EdgeStage:
        return EdgeStage(
            self.settings,
            self.store,
            self.cut,
            self.clock,
            source_lanes=[lane_of(self.topic, number) for number in range(self.source_partitions)],
            **options,
        )

    def read(self, stage: EdgeStage, count: int) -> None:
        """Step until so many records were read: joining the group takes a few polls."""
        end_s = time.monotonic() + WITHIN_S
        while time.monotonic() < end_s:
            if stage.records >= count:
                return
            stage.step(100)
        pytest.fail(f"only {stage.records} of {count} records were read")

    def written(self) -> list[tuple[int, Envelope]]:
        records = consume_all(self.kafka, on_wire(self.kafka, EVENTS))
        return [(item.partition, unpack(item.value)) for item in records]

    def events(self) -> list[tuple[int, AlarmEvent]]:
        return [(place, item.event) for place, item in self.written() if item.event is not None]

    def ticks(self) -> list[tuple[int, Envelope]]:
        return [(place, item) for place, item in self.written() if item.event is None]


@pytest.fixture
def edge(kafka_settings: KafkaSettings, store: Store) -> Edge:
    return Edge(kafka_settings, store)


@pytest.mark.broker
def test_bad_records_are_dead_lettered_and_the_others_go_on(edge: Edge) -> None:
    edge.write([payload("n0"), b"{not json", payload("far", 1), b"[]", b"", payload("n1", 2)])
    with closing(edge.stage()) as stage:
        edge.read(stage, 6)
        assert (stage.records, stage.dead_letters, stage.drained()) == (6, 3, True)
        lanes = stage.lanes
    assert lanes == [lane_of(edge.topic, 0)]
    letters = edge.store.dead_letters(edge.topic)
    assert [(item.partition, item.offset, item.value, item.key) for item in letters] == [
        (0, 1, b"{not json", b"key"),
        (0, 3, b"[]", b"key"),
        (0, 4, b"", b"key"),
    ]
    assert all(item.reason and item.append_ms > 0 for item in letters)
    waiting = edge.store.pending_outbox(lanes, 10)
    assert [dict(item.headers)["source-offset"] for item in waiting] == ["1", "3", "4"]
    assert {item.topic for item in waiting} == {on_wire(edge.kafka, DEAD_LETTERS)}
    home = {event.managed_object for _, event in edge.events() if event.home}
    assert home == {"n0", "n1", "far"}


@pytest.mark.broker
def test_an_event_goes_home_and_as_a_copy_wherever_a_neighbour_lives(edge: Edge) -> None:
    edge.write([payload("n0"), payload("far", 1), payload("unknown", 2)])
    with closing(edge.stage()) as stage:
        edge.read(stage, 3)
    seen: dict[str, dict[int, AlarmEvent]] = {}
    for place, event in edge.events():
        seen.setdefault(event.managed_object, {})[place] = event
    assert {name: set(found) for name, found in seen.items()} == {
        name: set(edge.cut.targets(name)) for name in ("n0", "far", "unknown")
    }
    assert len(seen["n0"]) == 2 and len(seen["far"]) == 1
    for place, event in seen["n0"].items():
        assert event.home == (place == edge.cut.home("n0"))
        assert event.boundary and bool(event.body) == event.home
    (far,) = seen["far"].values()
    assert far.home and not far.boundary


@pytest.mark.broker
def test_a_rebuilt_list_goes_to_every_partition(edge: Edge) -> None:
    notice = {
        "notificationType": "notifyAlarmListRebuilt",
        "alarmId": "x",
        "sourceSystemId": "ems",
        "managedObject": "ems",
        "alarmRaisedTime": "2026-01-01T12:00:00Z",
        "additionalInformation": {"alarmIds": [], "keys": []},
    }
    edge.write([json.dumps(notice).encode()])
    with closing(edge.stage()) as stage:
        edge.read(stage, 1)
    assert sorted((place, event.kind, event.home) for place, event in edge.events()) == [
        (place, EventKind.REBUILT, True) for place in range(3)
    ]


@pytest.mark.broker
def test_every_partition_is_told_how_far_the_source_is_and_a_wild_time_tells_nothing(edge: Edge) -> None:
    wild = payload("n0", alarmRaisedTime="2199-01-01T00:00:00Z")
    edge.write([payload("n0", 0), payload("n0", 1), wild, payload("n0", 30)])
    with closing(edge.stage()) as stage:
        edge.read(stage, 4)
    told = {place: [] for place in range(3)}
    for place, tick in edge.ticks():
        told[place].append((tick.offset, tick.max_event_ms, len(tick.expected)))
    expected = [(0, NOW_MS, 1), (3, NOW_MS + 30_000, 1)]
    assert told == {place: expected for place in range(3)}


@pytest.mark.broker
def test_of_a_silent_source_it_is_told_again_and_again_how_long_it_is_so(edge: Edge) -> None:
    edge.write([payload("n0")])
    with closing(edge.stage()) as stage:
        edge.read(stage, 1)
        before = len(edge.ticks())
        for at_s in (4, 5, 8, 11):
            edge.clock.at_ms = NOW_MS + at_s * 1000
            stage.step(1)
    silent = [tick.idle_ms for place, tick in edge.ticks()[:] if place == 0 and tick.idle_ms]
    assert silent == [5_000, 11_000]
    assert len(edge.ticks()) == before + 2 * 3
    assert {tick.max_event_ms for _, tick in edge.ticks()} == {NOW_MS}


@pytest.mark.broker
def test_a_crash_before_the_offsets_are_stored_doubles_records_that_the_reader_can_tell(edge: Edge) -> None:
    class Crash(BaseException):
        pass

    def reached(point: str) -> None:
        if point == "before edge store":
            raise Crash

    edge.write([payload("n0"), b"{", payload("far", 1)])
    with closing(edge.stage(reached=reached)) as stage, pytest.raises(Crash):
        edge.read(stage, 3)
    assert edge.store.count_dead_letters() == 0
    with closing(edge.stage()) as stage:
        edge.read(stage, 3)
    times = Counter((place, item.source, item.offset, item.place) for place, item in edge.written())
    assert len(times) == 2 + 1 + 3 and set(times.values()) == {2}
    assert edge.store.count_dead_letters() == 1


@pytest.mark.broker
def test_what_was_stored_is_not_read_again(edge: Edge) -> None:
    edge.write([payload("n0"), b"{"])
    with closing(edge.stage()) as stage:
        edge.read(stage, 2)
    edge.write([payload("far", 1)])
    owned: list[str] = []
    with closing(edge.stage(on_owned=owned.extend)) as stage:
        edge.read(stage, 1)
        assert (stage.dead_letters, stage.lag()) == (0, 0)
    assert owned == [lane_of(edge.topic, 0)]
    assert sorted({event.managed_object for _, event in edge.events()}) == ["far", "n0"]
    assert edge.store.count_dead_letters() == 1
