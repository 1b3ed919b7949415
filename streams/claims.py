"""Operators' topics read as a member of a group: each partition claimed, read from where the store says.

Does not know what the records say nor what is stored beside their offsets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from streams.kafka.library import TopicPartition
from streams.kafka.source import PartitionSource, RawRecord
from streams.topics import lane_of
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import Store
from telcollm.state import Progress

Place = tuple[str, int]
"""A topic and one of its partitions."""


class ClaimedSource:
    """Hands out the records of the partitions that this worker owns by the store as well as by the group."""

    def __init__(
        self,
        kafka: KafkaSettings,
        group_id: str,
        topics: Collection[str],
        store: Store,
        *,
        open_source: Callable[..., PartitionSource] = PartitionSource,
        on_claimed: Callable[[Place, Progress], object] = lambda place, progress: None,
        on_gone: Callable[[Place], object] = lambda place: None,
        on_owned: Callable[[Collection[str]], None] = lambda lanes: None,
    ) -> None:
        self._store = store
        self._on_claimed = on_claimed
        self._on_gone = on_gone
        self._on_owned = on_owned
        self.progress: dict[Place, Progress] = {}
        """How far each owned partition was read, as its owner notes it and the store is told."""
        self._source = open_source(kafka, group_id, sorted(topics), self._assigned, self._gone)

    def _assigned(self, partitions: Collection[Any]) -> Mapping[Any, int | None]:
        offsets: dict[Any, int | None] = {}
        for at in partitions:
            place = (at.topic, at.partition)
            progress = self._store.claim(*place)
            self._on_claimed(place, progress)
            self.progress[place] = progress
            offsets[at] = progress.next_offset
        self._on_owned([lane_of(at.topic, at.partition) for at in partitions])
        return offsets

    def _gone(self, partitions: Collection[Any]) -> None:
        for at in partitions:
            self.progress.pop((at.topic, at.partition), None)
            self._on_gone((at.topic, at.partition))

    @property
    def lanes(self) -> list[str]:
        """The lanes of the owned partitions."""
        # Desks ask on threads of their own, while partitions come and go.
        return [lane_of(*place) for place in list(self.progress)]

    def poll(self, timeout_ms: int, max_records: int) -> list[RawRecord]:
        """Return records as `PartitionSource.poll` does."""
        return self._source.poll(timeout_ms, max_records)

    def behind(self) -> dict[Place, int]:
        """Return how many records of each partition were not read yet, as the last fetch said."""
        return {(at.topic, at.partition): lag for at, lag in self._source.lag().items()}

    def drained(self) -> bool:
        """Tell whether every record that is on the brokers now was read and stored; asks the brokers."""
        return self._source.drained(
            {TopicPartition(*place): mine.next_offset or 0 for place, mine in self.progress.items()}
        )

    def told(self, places: Collection[Place]) -> None:
        """Tell Kafka how far the partitions were stored, for lag dashboards."""
        self._source.commit_informational(
            {TopicPartition(*at): self.progress[at].next_offset or 0 for at in places if at in self.progress}
        )

    def close(self) -> None:
        """Leave the group and let go of the connection."""
        self._source.close()
