"""telcollm's side: decode, alarm life, windows and correlation in one process, with and without what follows.

The internal topic between edge and correlation is left out: the edge's events are handed on in the process.
It deliberately uses the product's own parts and holds no shortcut.
"""

from __future__ import annotations

import time
from itertools import pairwise

from benchmarks.job import Job, Result, Stopwatch
from benchmarks.load import GAP_MS, LATENESS_MS, PARTITIONS, read_network
from benchmarks.peers import BATCH_RECORDS
from streams.component import Snapshot
from streams.cut import Cut
from streams.envelope import TICK_PLACE, VERSION, Envelope
from streams.event import AlarmEvent, event_of
from streams.formats import decode_alarms
from streams.incident import IncidentWriter
from streams.kafka.source import PartitionSource, RawRecord
from streams.partition import Partition, PartitionSettings
from streams.topics import lane_of
from streams.watermark import SourceTicks
from telcollm.kafka_settings import KafkaSettings
from telcollm.settings import SourceSettings

TICK_MS = LATENESS_MS // 4
FUTURE_MS = 300_000


def source_settings(job: Job) -> SourceSettings:
    """Return the settings of the source topic: all defaults, so that the format is detected."""
    return SourceSettings(topic=job.topic)


def kafka_settings(job: Job) -> KafkaSettings:
    """Return how to reach the broker, all else being default."""
    return KafkaSettings(bootstrap_servers=(job.address,))


class Pipeline:
    """One correlating partition, fed with decoded events and the ticks the edge would send."""

    def __init__(self, job: Job) -> None:
        self.topology, self.graph = read_network(job.path)
        self.partition = Partition(
            0, PartitionSettings(GAP_MS, LATENESS_MS), graph=self.graph, topology=self.topology
        )
        self._ticks = [SourceTicks() for _ in range(PARTITIONS)]
        self._lanes = [lane_of(job.topic, number) for number in range(PARTITIONS)]

    def step(self, record: RawRecord, number: int, event: AlarmEvent) -> list[Snapshot]:
        """Return what is to be told after one event of a record."""
        lane = self._lanes[record.partition]
        return self.partition.apply(Envelope(VERSION, lane, record.offset, number, event))

    def tick(self, record: RawRecord, number: int, event: AlarmEvent) -> Envelope | None:
        """Return what the edge would tell of the source after the event, mostly nothing."""
        tick_ms = self._ticks[record.partition].observe(
            event.event_ms, record.timestamp_ms, future_ms=FUTURE_MS, tick_ms=TICK_MS
        )
        if tick_ms is None:
            return None
        lane, place = self._lanes[record.partition], TICK_PLACE + number
        return Envelope(VERSION, lane, record.offset, place, None, tick_ms, 0, self._lanes)

    def take(self, record: RawRecord, number: int, event: AlarmEvent) -> list[Snapshot]:
        """Return what is to be told after one event of a record and the tick it may bring."""
        told = self.step(record, number, event)
        tick = self.tick(record, number, event)
        return told if tick is None else told + self.partition.apply(tick)

    def writer(self, job: Job) -> IncidentWriter:
        """Return what ranks and writes incidents of this network."""
        cut = Cut(self.topology, 1, 64)
        return IncidentWriter(
            topic=job.topic,
            graph=self.graph,
            topology=self.topology,
            neighbourhood_of=cut.neighbourhood,
            services_of=self.topology.services,
        )


def open_source(job: Job) -> PartitionSource:
    """Return a reader of the topic from its first record, in a group of its own."""
    return PartitionSource(kafka_settings(job), job.new_group(), [job.topic], lambda partitions: {})


class Tally:
    """Counts complete incidents and their alarms among what is told."""

    def __init__(self) -> None:
        self.complete: dict[str, int] = {}
        self.told = 0

    def note(self, told: list[Snapshot]) -> None:
        """Count what was told after a batch."""
        self.told += len(told)
        for snapshot in told:
            if snapshot.complete and not snapshot.superseded_by:
                self.complete[snapshot.component_id] = snapshot.alarm_count

    def into(self, result: Result) -> Result:
        """Put the counts into a result and return it."""
        result.windows, result.alarms = len(self.complete), sum(self.complete.values())
        result.told = self.told
        return result


def correlate(job: Job) -> Result:
    """Decode, windows and correlation, nothing stored."""
    return _correlate(job, write=False)


def incidents(job: Job) -> Result:
    """The same, and each snapshot told is ranked and written as an incident."""
    return _correlate(job, write=True)


def _correlate(job: Job, *, write: bool) -> Result:
    pipeline, settings = Pipeline(job), source_settings(job)
    writer = pipeline.writer(job) if write else None
    watch, tally, done = Stopwatch(), Tally(), 0
    with open_source(job) as source:
        while done < job.records:
            records = source.poll(500, BATCH_RECORDS)
            if not records:
                continue
            watch.start()
            told: list[Snapshot] = []
            for record in records:
                for number, alarm in enumerate(decode_alarms(record.value, settings)):
                    event = event_of(alarm, append_ms=record.timestamp_ms, offset=record.offset)
                    told += pipeline.take(record, number, event)
            done += len(records)
            if done >= job.records:
                told += pipeline.partition.finish()
            if writer is not None:
                for snapshot in told:
                    writer.write(snapshot)
            pipeline.partition.take()
            tally.note(told)
        return tally.into(watch.result(done))


def profiled(job: Job) -> Result:
    """The same as `correlate`, its parts timed a batch at a time; `poll` includes waiting for the broker."""
    pipeline, settings = Pipeline(job), source_settings(job)
    watch, tally, done = Stopwatch(), Tally(), 0
    spent_ns: dict[str, int] = dict.fromkeys(("poll", "decode", "event", "step", "advance", "save"), 0)
    with open_source(job) as source:
        while done < job.records:
            marks = [time.perf_counter_ns()]
            records = source.poll(500, BATCH_RECORDS)
            marks.append(time.perf_counter_ns())
            if not records:
                continue
            if not done:
                marks[0] = marks[1]  # joining the group and the first fetch are not of the loop
            watch.start()
            alarms = [(record, decode_alarms(record.value, settings)) for record in records]
            marks.append(time.perf_counter_ns())
            events = [
                (record, number, event_of(alarm, append_ms=record.timestamp_ms, offset=record.offset))
                for record, found in alarms
                for number, alarm in enumerate(found)
            ]
            marks.append(time.perf_counter_ns())
            told: list[Snapshot] = []
            advance_ns = 0
            for record, number, event in events:
                told += pipeline.step(record, number, event)
                tick = pipeline.tick(record, number, event)
                if tick is not None:
                    began_ns = time.perf_counter_ns()
                    told += pipeline.partition.apply(tick)
                    advance_ns += time.perf_counter_ns() - began_ns
            marks.append(time.perf_counter_ns())
            done += len(records)
            if done >= job.records:
                told += pipeline.partition.finish()
            pipeline.partition.take()
            marks.append(time.perf_counter_ns())
            tally.note(told)
            for part, (before, after) in zip(
                ("poll", "decode", "event", "step", "save"), pairwise(marks), strict=True
            ):
                spent_ns[part] += after - before
            spent_ns["step"] -= advance_ns
            spent_ns["advance"] += advance_ns
        result = tally.into(watch.result(done))
    result.us_per_record = {part: round(spent / done / 1000, 2) for part, spent in spent_ns.items()}
    return result
