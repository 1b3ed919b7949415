"""telcollm with its store: the product's correlating stage commits each batch to SQLite.

Source records are decoded as the edge does, encoded for the internal topic and read again from memory: the
broker between the two is left out. Sending what the outbox then holds is left out too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.job import Job, Result, Stopwatch
from benchmarks.load import GAP_MS, LATENESS_MS
from benchmarks.ours import Pipeline, kafka_settings, open_source, source_settings
from streams.correlate import CorrelateStage
from streams.edge import decode_events
from streams.envelope import VERSION, Envelope, pack
from streams.kafka.library import TopicPartition
from streams.kafka.source import RawRecord
from streams.partition import Partition, PartitionSettings
from streams.topics import lane_of
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import EVERYTHING, IncidentQuery
from telcollm.settings import Settings, StreamSettings
from telcollm.store import open_store


class EdgeInProcess:
    """Stands where the stage expects its internal topic: polls the operator's topic and hands events on."""

    def __init__(self, job: Job, pipeline: Pipeline, watch: Stopwatch) -> None:
        self._job, self._pipeline, self._watch = job, pipeline, watch
        self._settings = source_settings(job)
        self._source = open_source(job)
        self._place: TopicPartition | None = None
        self._assign: Callable[[], None] = lambda: None
        self._offset = 0
        self.records = 0

    def opened(
        self,
        settings: KafkaSettings,
        group_id: str,
        topics: Sequence[str],
        on_assigned: Callable[[Collection[TopicPartition]], Mapping[TopicPartition, int | None]],
        on_gone: Callable[[Collection[TopicPartition]], None],
    ) -> EdgeInProcess:
        """Return itself to the stage, which owns the one internal partition from its first poll on."""
        place = TopicPartition(topics[0], 0)

        def assign() -> None:
            self._place = place
            on_assigned([place])

        self._assign = assign
        return self

    def commit_informational(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tell nobody: there is no group to look at."""

    def poll(self, timeout_ms: float, max_records: int = 500) -> list[RawRecord]:
        """Return the internal records that a batch of source records comes to."""
        if self._place is None:
            self._assign()
        records = self._source.poll(timeout_ms, max_records)
        if records:
            self._watch.start()
        self.records += len(records)
        found: list[RawRecord] = []
        for record in records:
            lane = lane_of(record.topic, record.partition)
            for number, event in enumerate(decode_events(record, self._settings)):
                found.append(self._internal(Envelope(VERSION, lane, record.offset, number, event), record))
                tick = self._pipeline.tick(record, number, event)
                if tick is not None:
                    found.append(self._internal(tick, record))
        return found

    def _internal(self, envelope: Envelope, record: RawRecord) -> RawRecord:
        self._offset += 1
        topic = "" if self._place is None else self._place.topic
        return RawRecord(topic, 0, self._offset - 1, None, pack(envelope), (), record.timestamp_ms)

    def close(self) -> None:
        """Let go of the connection."""
        self._source.close()


def stored(job: Job) -> Result:
    """Decode, windows, correlation, incidents, and each batch in one transaction of SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        return _stored(job, Path(folder))


def _stored(job: Job, folder: Path) -> Result:
    pipeline, watch = Pipeline(job), Stopwatch()
    settings = Settings(
        home=folder,
        kafka=kafka_settings(job),
        sources=(source_settings(job),),
        streams=StreamSettings(gap_s=GAP_MS / 1000, lateness_s=LATENESS_MS / 1000, partitions=1),
    )
    store = open_store(f"sqlite:///{folder / 'store.sqlite'}")
    edge = EdgeInProcess(job, pipeline, watch)
    open_edge: Any = edge.opened

    def make_partition(number: int) -> Partition:
        window = PartitionSettings(GAP_MS, LATENESS_MS)
        return Partition(number, window, graph=pipeline.graph, topology=pipeline.topology)

    stage = CorrelateStage(settings, store, pipeline.writer(job), make_partition, open_source=open_edge)
    while edge.records < job.records:
        stage.step(500)
    stage.finish()
    result = watch.result(edge.records)
    stage.close()
    found = store.incidents(EVERYTHING, IncidentQuery(limit=10 * job.records))
    store.close()
    result.windows = sum(item.window_complete for item in found)
    result.alarms = sum(item.alarm_count for item in found if item.window_complete)
    return result
