"""The edge: operators' records decoded once, bad ones dead-lettered, good ones re-keyed by neighbourhood.

Source offsets are stored after what they gave is durable on the internal topic; what a crash in between
doubles there is dropped by the reader, who knows the source offsets. Does not know windows or incidents.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import msgspec

from streams.cut import Cut
from streams.envelope import TICK_PLACE, VERSION, Envelope, pack
from streams.event import AlarmEvent, EventKind, event_of, tells_of_life
from streams.formats import check_mapping, decode_alarms
from streams.kafka.library import TopicPartition
from streams.kafka.sink import RecordSink
from streams.kafka.source import PartitionSource, RawRecord
from streams.outbox import Reached, nothing
from streams.topics import DEAD_LETTERS, EDGE_GROUP, EVENTS, group, lane_of, on_wire
from streams.watermark import SourceTicks
from telcollm.codec import encode
from telcollm.errors import DecodeError
from telcollm.ports import Clock, Store
from telcollm.settings import Settings, SourceSettings
from telcollm.state import DeadLetter, OutboxMessage, Progress

MAX_RECORD_BYTES: Final = 512 * 1024
"""A larger record is dead-lettered: what it becomes must fit a message of Kafka's default size."""

_MAX_MESSAGE_BYTES: Final = 900_000
_MAX_HEADER_CHARACTERS: Final = 4_000


class _Place:
    """One source partition this worker reads."""

    __slots__ = ("idle_since_ms", "progress", "settings", "ticks", "told_idle_ms")

    def __init__(self, progress: Progress, settings: SourceSettings, now_ms: int) -> None:
        self.progress = progress
        self.settings = settings
        self.ticks = (
            msgspec.msgpack.decode(progress.blob, type=SourceTicks) if progress.blob else SourceTicks()
        )
        self.idle_since_ms = now_ms
        self.told_idle_ms = 0


def decode_events(record: RawRecord, source: SourceSettings) -> list[AlarmEvent]:
    """Return the events that one record of an operator's topic tells of.

    Raises:
        DecodeError: the record cannot be read.
    """
    size_bytes = len(record.value or b"")
    if size_bytes > MAX_RECORD_BYTES:
        message = (
            f"record of {size_bytes} bytes is too large; at most {MAX_RECORD_BYTES} bytes are allowed; "
            "have the producer leave attachments out"
        )
        raise DecodeError(message)
    alarms = decode_alarms(record.value or b"", source)
    return [
        event_of(alarm, body=encode(alarm), append_ms=max(0, record.timestamp_ms), offset=record.offset)
        for alarm in alarms
        if tells_of_life(alarm)
    ]


class EdgeStage:
    """Reads the operators' topics as one member of the edge's group and writes the internal topic."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        cut: Cut,
        clock: Clock,
        *,
        source_lanes: Sequence[str],
        open_source: Callable[..., PartitionSource] = PartitionSource,
        open_sink: Callable[..., RecordSink] = RecordSink,
        reached: Reached = nothing,
        on_owned: Callable[[Collection[str]], None] = lambda lanes: None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._on_owned = on_owned
        self._cut = cut
        self._clock = clock
        self._expected = sorted(source_lanes)
        self._reached = reached
        for source in settings.sources:
            check_mapping(source)
        self._sources = {item.topic: item for item in settings.sources}
        self._events_topic = on_wire(settings.kafka, EVENTS)
        self._dead_letter_topic = on_wire(settings.kafka, DEAD_LETTERS)
        self._tick_ms = max(1_000, int(settings.streams.lateness_s * 250))
        self._future_ms = int(settings.streams.future_s * 1000)
        self._idle_ms = int(settings.streams.idle_s * 1000)
        self._places: dict[tuple[str, int], _Place] = {}
        self._sink = open_sink(settings.kafka)
        self._source = open_source(
            settings.kafka,
            group(settings.kafka, EDGE_GROUP),
            sorted(self._sources),
            self._assigned,
            self._gone,
        )
        self.records = 0
        self.dead_letters = 0
        self.written: dict[int, int] = {}
        """The offset after the last record this stage wrote to each internal partition."""

    def _assigned(self, partitions: Collection[Any]) -> Mapping[Any, int | None]:
        offsets: dict[Any, int | None] = {}
        for place in partitions:
            progress = self._store.claim(place.topic, place.partition)
            self._places[(place.topic, place.partition)] = _Place(
                progress, self._sources[place.topic], self._clock.now_ms()
            )
            offsets[place] = progress.next_offset
        self._on_owned([lane_of(place.topic, place.partition) for place in partitions])
        return offsets

    def _gone(self, partitions: Collection[Any]) -> None:
        for place in partitions:
            self._places.pop((place.topic, place.partition), None)

    @property
    def lanes(self) -> list[str]:
        """The lanes whose messages this worker sends."""
        return [lane_of(topic, partition) for topic, partition in self._places]

    def lag(self) -> int:
        """Return how many records of the assigned partitions were not read yet, as the last fetch said."""
        return sum(self._source.lag().values())

    def drained(self) -> bool:
        """Tell whether every record that is on the brokers now was read and stored; asks the brokers."""
        ends = self._source.end_offsets()
        # A broker may list an end that lies too low (Tansu 0.6): what a fetch has said must agree.
        behind = self._source.lag()
        return (
            bool(ends)
            and all(behind.get(place) == 0 for place in ends)
            and all(
                (self._places[(place.topic, place.partition)].progress.next_offset or 0) >= end
                for place, end in ends.items()
                if (place.topic, place.partition) in self._places
            )
        )

    def step(self, timeout_ms: int) -> int:
        """Return how many records were read, routed and made durable.

        Raises:
            TransientError: brokers or database did not answer.
            FencedError: another worker has taken a partition over.
        """
        records = self._source.poll(timeout_ms, self._settings.streams.batch_max_records)
        letters: list[DeadLetter] = []
        touched: dict[tuple[str, int], _Place] = {}
        for record in records:
            place = self._places.get((record.topic, record.partition))
            if place is None:
                continue
            touched[(record.topic, record.partition)] = place
            try:
                self._route(record, decode_events(record, place.settings), place)
            except DecodeError as error:
                letters.append(_letter(record, error))
            place.progress.next_offset = record.offset + 1
            place.idle_since_ms, place.told_idle_ms = self._clock.now_ms(), 0
        self._tell_idle()
        if not touched:
            return 0
        self._flush()
        self._reached("before edge store")
        self._commit(touched, letters)
        self._reached("after edge store")
        self.records += len(records)
        self.dead_letters += len(letters)
        return len(records)

    def _route(self, record: RawRecord, events: Sequence[AlarmEvent], place: _Place) -> None:
        source = lane_of(record.topic, record.partition)
        # On most topics the time is the producer's own, and its clock may be years ahead; -1 is none at all.
        now_ms = self._clock.now_ms()
        believable_ms = now_ms if record.timestamp_ms < 0 else min(record.timestamp_ms, now_ms)
        for number, event in enumerate(events):
            targets = (
                tuple(range(self._cut.partitions))
                if event.kind is EventKind.REBUILT
                else self._cut.targets(event.managed_object)
            )
            event.boundary = len(targets) > 1
            envelope = Envelope(VERSION, source, record.offset, number, event)
            key = self._cut.neighbourhood(event.managed_object).encode("utf-8", "surrogatepass")
            data = pack(envelope)
            if len(data) > _MAX_MESSAGE_BYTES:
                message = (
                    f"record becomes {len(data)} bytes when it is passed on; at most {_MAX_MESSAGE_BYTES} "
                    "are allowed; split the alarm list or leave attachments out"
                )
                raise DecodeError(message)
            self._sink.send(self._events_topic, key, data, partition=targets[0])
            if len(targets) > 1:
                event.home = event.kind is EventKind.REBUILT
                if not event.alias:
                    event.body = b""
                copy = pack(envelope)
                for target in targets[1:]:
                    self._sink.send(self._events_topic, key, copy, partition=target)
            told_ms = place.ticks.observe(
                event.event_ms, believable_ms, future_ms=self._future_ms, tick_ms=self._tick_ms
            )
            if told_ms is not None:
                self._tick(Envelope(VERSION, source, record.offset, TICK_PLACE + number, None, told_ms))

    def _tick(self, envelope: Envelope) -> None:
        envelope.expected = self._expected
        data = pack(envelope)
        for partition in range(self._cut.partitions):
            self._sink.send(self._events_topic, None, data, partition=partition)

    def _tell_idle(self) -> None:
        """Say of silent source partitions how long they have been so, again and again as time passes."""
        now_ms = self._clock.now_ms()
        told = False
        behind = {(at.topic, at.partition): lag for at, lag in self._source.lag().items()}
        for (topic, partition), place in self._places.items():
            if behind.get((topic, partition)) != 0:
                place.idle_since_ms, place.told_idle_ms = now_ms, 0
                continue
            silent_ms = now_ms - place.idle_since_ms
            if silent_ms - place.told_idle_ms < self._idle_ms:
                continue
            place.told_idle_ms = silent_ms
            offset = place.progress.next_offset or 0
            self._tick(
                Envelope(
                    VERSION,
                    lane_of(topic, partition),
                    offset,
                    0,
                    None,
                    place.ticks.max_event_ms,
                    silent_ms,
                )
            )
            told = True
        if told:
            self._flush()

    def _flush(self) -> None:
        self.written.update((place.partition, place.offset + 1) for place in self._sink.flush())

    def _commit(self, touched: Mapping[tuple[str, int], _Place], letters: Sequence[DeadLetter]) -> None:
        progress = []
        for place in touched.values():
            place.progress.blob = msgspec.msgpack.encode(place.ticks)
            progress.append(place.progress)
        with self._store.transaction() as transaction:
            transaction.fence(progress)
            if letters:
                transaction.put_dead_letters(letters)
                transaction.put_outbox(dead_letter_message(item, self._dead_letter_topic) for item in letters)
        self._source.commit_informational(
            {TopicPartition(*at): place.progress.next_offset or 0 for at, place in touched.items()}
        )

    def close(self) -> None:
        """Leave the group and let go of the connections."""
        self._source.close()
        self._sink.close()


def _letter(record: RawRecord, error: DecodeError) -> DeadLetter:
    return DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        reason=str(error),
        field=error.field,
        append_ms=record.timestamp_ms,
    )


def dead_letter_message(letter: DeadLetter, topic: str) -> OutboxMessage:
    """Return the message that tells of a dead letter: the record as it was, and why, in headers.

    A value that fits no message of Kafka's default size stays in the store alone; a header says so.
    """
    value = letter.value or b""
    keyed = letter.key or b""
    fits = len(value) + 2 * len(keyed) <= _MAX_MESSAGE_BYTES
    return OutboxMessage(
        message_id=f"dlq:{letter.topic}:{letter.partition}:{letter.offset}",
        lane=lane_of(letter.topic, letter.partition),
        topic=topic,
        key=f"{letter.topic}/{letter.partition}",
        value=value if fits else b"",
        headers=(
            ("value-bytes", str(len(value))),
            ("has-value", "1" if letter.value is not None and fits else "0"),
            ("reason", letter.reason[:_MAX_HEADER_CHARACTERS]),
            ("field", letter.field[:_MAX_HEADER_CHARACTERS]),
            ("source-topic", letter.topic),
            ("source-partition", str(letter.partition)),
            ("source-offset", str(letter.offset)),
            ("source-append-ms", str(letter.append_ms)),
            ("source-key", keyed.hex() if fits else ""),
            ("has-key", "0" if letter.key is None else "1"),
        ),
    )
