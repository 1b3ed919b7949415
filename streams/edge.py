"""The edge: operators' records decoded once, bad ones dead-lettered, good ones re-keyed by neighbourhood.

Source offsets are stored after what they gave is durable on the internal topic; what a crash in between
doubles there is dropped by the reader, who knows the source offsets. Does not know windows or incidents.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import msgspec

from streams.claims import ClaimedSource, Place
from streams.cut import Cut
from streams.envelope import TICK_PLACE, VERSION, Envelope, pack
from streams.event import AlarmEvent, EventKind, event_of, tells_of_life
from streams.formats import check_mapping, decode_alarms
from streams.kafka.sink import RecordSink
from streams.kafka.source import PartitionSource, RawRecord
from streams.outbox import Reached, nothing
from streams.refusals import MAX_MESSAGE_BYTES, check_size, letter_of, put_letters
from streams.topics import DEAD_LETTERS, EDGE_GROUP, EVENTS, group, lane_of, on_wire
from streams.watermark import SourceTicks
from telcollm.codec import encode
from telcollm.errors import DecodeError
from telcollm.ports import Clock, Store
from telcollm.settings import Settings, SourceSettings
from telcollm.state import DeadLetter, Progress


class _Silence:
    """How far a source partition's events have come, and how long it has told nothing."""

    __slots__ = ("idle_since_ms", "ticks", "told_idle_ms")

    def __init__(self, progress: Progress, now_ms: int) -> None:
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
    check_size(record)
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
        self._sources = {item.topic: item for item in settings.sources if item.kind == "alarms"}
        for source in self._sources.values():
            check_mapping(source)
        self._events_topic = on_wire(settings.kafka, EVENTS)
        self._dead_letter_topic = on_wire(settings.kafka, DEAD_LETTERS)
        self._tick_ms = max(1_000, int(settings.streams.lateness_s * 250))
        self._future_ms = int(settings.streams.future_s * 1000)
        self._idle_ms = int(settings.streams.idle_s * 1000)
        self._silences: dict[Place, _Silence] = {}
        self._sink = open_sink(settings.kafka)
        self._source = ClaimedSource(
            settings.kafka,
            group(settings.kafka, EDGE_GROUP),
            self._sources,
            store,
            open_source=open_source,
            on_claimed=self._claimed,
            on_gone=lambda place: self._silences.pop(place, None),
            on_owned=on_owned,
        )
        self.records = 0
        self.dead_letters = 0
        self.written: dict[int, int] = {}
        """The offset after the last record this stage wrote to each internal partition."""

    def _claimed(self, place: Place, progress: Progress) -> None:
        self._silences[place] = _Silence(progress, self._clock.now_ms())

    @property
    def lanes(self) -> list[str]:
        """The lanes whose messages this worker sends."""
        return self._source.lanes

    def lag(self) -> int:
        """Return how many records of the assigned partitions were not read yet, as the last fetch said."""
        return sum(self._source.behind().values())

    def drained(self) -> bool:
        """Tell whether every record that is on the brokers now was read and stored; asks the brokers."""
        return self._source.drained()

    def step(self, timeout_ms: int) -> int:
        """Return how many records were read, routed and made durable.

        Raises:
            TransientError: brokers or database did not answer.
            FencedError: another worker has taken a partition over.
        """
        records = self._source.poll(timeout_ms, self._settings.streams.batch_max_records)
        letters: list[DeadLetter] = []
        touched: set[Place] = set()
        for record in records:
            place = (record.topic, record.partition)
            silence = self._silences.get(place)
            if silence is None:
                continue
            touched.add(place)
            try:
                self._route(record, decode_events(record, self._sources[record.topic]), silence)
            except DecodeError as error:
                letters.append(letter_of(record, error))
            self._source.progress[place].next_offset = record.offset + 1
            silence.idle_since_ms, silence.told_idle_ms = self._clock.now_ms(), 0
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

    def _route(self, record: RawRecord, events: Sequence[AlarmEvent], silence: _Silence) -> None:
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
            if len(data) > MAX_MESSAGE_BYTES:
                message = (
                    f"record becomes {len(data)} bytes when it is passed on; at most {MAX_MESSAGE_BYTES} "
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
            told_ms = silence.ticks.observe(
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
        behind = self._source.behind()
        for place, silence in self._silences.items():
            if behind.get(place) != 0:
                silence.idle_since_ms, silence.told_idle_ms = now_ms, 0
                continue
            silent_ms = now_ms - silence.idle_since_ms
            if silent_ms - silence.told_idle_ms < self._idle_ms:
                continue
            silence.told_idle_ms = silent_ms
            self._tick(
                Envelope(
                    VERSION,
                    lane_of(*place),
                    self._source.progress[place].next_offset or 0,
                    0,
                    None,
                    silence.ticks.max_event_ms,
                    silent_ms,
                )
            )
            told = True
        if told:
            self._flush()

    def _flush(self) -> None:
        self.written.update((place.partition, place.offset + 1) for place in self._sink.flush())

    def _commit(self, touched: Collection[Place], letters: Sequence[DeadLetter]) -> None:
        progress = []
        for place in touched:
            mine = self._source.progress[place]
            mine.blob = msgspec.msgpack.encode(self._silences[place].ticks)
            progress.append(mine)
        with self._store.transaction() as transaction:
            transaction.fence(progress)
            put_letters(transaction, letters, self._dead_letter_topic)
        self._source.told(touched)

    def close(self) -> None:
        """Leave the group and let go of the connections."""
        self._source.close()
        self._sink.close()
