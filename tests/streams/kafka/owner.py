"""A worker in miniature, with what it takes to have it read: topics, records, polls with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from streams.kafka.library import TopicPartition
from streams.kafka.source import PartitionSource, RawRecord
from streams.kafka.topics import TopicSpec, ensure_topics
from telcollm.kafka_settings import KafkaSettings

# Reached only where something never comes: a machine may be slow.
DEADLINE_S = 90.0


class Owner:
    """A worker in miniature: keeps offsets as a store would and notes what it was told."""

    def __init__(self, stored: dict[TopicPartition, int] | None = None) -> None:
        self.stored = stored if stored is not None else {}
        self.told: list[tuple[str, frozenset[TopicPartition]]] = []
        self.threads: set[int] = set()

    def assigned(self, partitions: frozenset[TopicPartition]) -> dict[TopicPartition, int | None]:
        self.threads.add(threading.get_ident())
        self.told.append(("assigned", partitions))
        return {partition: self.stored.get(partition) for partition in partitions}

    def revoked(self, partitions: frozenset[TopicPartition]) -> None:
        self.threads.add(threading.get_ident())
        self.told.append(("revoked", partitions))

    def lost(self, partitions: frozenset[TopicPartition]) -> None:
        self.threads.add(threading.get_ident())
        self.told.append(("lost", partitions))

    def keep(self, records: list[RawRecord]) -> None:
        for record in records:
            self.stored[TopicPartition(record.topic, record.partition)] = record.offset + 1


def opened(settings: KafkaSettings, topic: str, owner: Owner, group: str = "g") -> PartitionSource:
    return PartitionSource(
        settings, settings.topic(group), [topic], owner.assigned, owner.revoked, owner.lost
    )


def polled_until(done: Callable[[], bool], *sources: PartitionSource) -> list[RawRecord]:
    """Poll the sources in turn until `done`; return what they gave."""
    deadline = time.monotonic() + DEADLINE_S
    records: list[RawRecord] = []
    while not done():
        assert time.monotonic() < deadline, "the group did not get there in time"
        for source in sources:
            records += source.poll(50)
    return records


def until(done: Callable[[], bool]) -> None:
    """Poll nothing until `done`."""
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline, "it never came to that"
        threading.Event().wait(0.02)


def polled(source: PartitionSource, owner: Owner, count: int) -> list[RawRecord]:
    """Poll until `count` records have come; the owner keeps their offsets."""
    deadline = time.monotonic() + DEADLINE_S
    records: list[RawRecord] = []
    while len(records) < count:
        assert time.monotonic() < deadline, f"only {len(records)} of {count} records came"
        batch = source.poll(200)
        owner.keep(batch)
        records += batch
    return records


def made_topic(settings: KafkaSettings, partitions: int, name: str = "alarms") -> str:
    topic = settings.topic(name)
    ensure_topics(settings, {topic: TopicSpec(partitions)})
    return topic


def numbered(count: int, key: bytes | None = b"k") -> list[tuple[bytes | None, bytes]]:
    return [(key, b"%d" % number) for number in range(count)]
