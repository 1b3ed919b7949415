"""`PartitionSource`: a member of a consumer group whose offsets are kept by its owner, not by Kafka.

It deliberately knows nothing of what a record means, and keeps no state beyond positions.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal

import msgspec

from streams.kafka.client import build_consumer, kafka_errors, translated
from streams.kafka.group import GroupJoin, group_coordinator, must_join, was_prepared, was_thrown_out
from streams.kafka.library import ConsumerRebalanceListener, OffsetAndMetadata, TopicPartition, errors
from streams.kafka.protocols import Consumer
from telcollm.kafka_settings import KafkaSettings

_LOG = logging.getLogger(__name__)

# A poll of kafka-python cannot be left early, and after a rebalance it would wait out its whole time while
# the new partitions stand paused: so it is asked in slices no longer than this.
_SLICE_MS = 100.0


class RawRecord(msgspec.Struct, frozen=True, gc=False):
    """A record as it lay in its partition.

    `timestamp_ms` is the broker's append time or the producer's creation time, whichever the topic keeps, in
    milliseconds since 1970 UTC; -1 where there is none. A `value` of None is a tombstone. A header without
    a value reads as empty bytes.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int


_Change = Literal["granted", "revoked", "lost"]
OnAssigned = Callable[[frozenset[TopicPartition]], Mapping[TopicPartition, int | None]]
OnGone = Callable[[frozenset[TopicPartition]], None]


def _nothing(partitions: frozenset[TopicPartition]) -> None:
    return None


def raw_records(batches: Mapping[Any, Sequence[Any]]) -> list[RawRecord]:
    """Return kafka-python's records as ours, partition by partition, in order of offset within each."""
    return [
        RawRecord(
            record.topic,
            record.partition,
            record.offset,
            record.key,
            record.value,
            tuple((name, value or b"") for name, value in headers) if headers else (),
            record.timestamp,
        )
        for batch in batches.values()
        for record in batch
        for headers in (record.headers,)
    ]


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Notes what the group gives and takes; runs on the client's I/O thread, so it does no more than that."""

    def __init__(self, consumer: Consumer, noted: threading.Event) -> None:
        self._consumer = consumer
        self._noted = noted
        self.notes: deque[tuple[_Change, frozenset[TopicPartition]]] = deque()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        for partition in assigned:
            # A position keeps the client from asking for Kafka's own commit, the pause from reading at it.
            self._consumer.seek(partition, 0)
            self._consumer.pause(partition)
        self._note("granted", assigned)

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self._note("revoked", revoked)

    def on_partitions_lost(self, lost: Collection[TopicPartition]) -> None:
        self._note("lost", lost)

    def _note(self, change: _Change, partitions: Collection[TopicPartition]) -> None:
        self.notes.append((change, frozenset(partitions)))
        self._noted.set()


class PartitionSource:
    """Hands out the records of the partitions that the group gives this member, from offsets its owner knows.

    All callbacks run on the thread that calls `poll` or `close`, inside that call and never beside it:
    - `on_assigned(partitions)` returns the offset to go on from for each (None or absent: the earliest).
      Until it has returned, nothing of these partitions is read; heartbeats go on while it runs; when it
      raises, `poll` raises the same and the next `poll` asks again.
    - `on_revoked(partitions)`: the group took them in good order; `on_lost`: this member was thrown out first
      (by default the same as `on_revoked`). The new owner may have begun by then: whatever was not durable
      before the call to `poll` must be dropped, as the new owner reads it again.

    Heartbeats are sent by a thread of the client while the owner computes; when `poll` is not called for
    `max_poll_interval_ms` the group takes the partitions away. Kafka's own commits are informational: they
    are never read back. Not for several threads at once.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        group_id: str,
        topics: Sequence[str],
        on_assigned: OnAssigned,
        on_revoked: OnGone = _nothing,
        on_lost: OnGone | None = None,
        *,
        instance_id: str | None = None,
        max_poll_interval_ms: int = 300_000,
    ) -> None:
        """Connect and subscribe to `topics`, by their names on the wire.

        A member with an `instance_id` of its own (Kafka's static membership) that comes back under it within
        the session, after a crash too, gets its partitions back at once and disturbs nobody; the price is
        that on `close` its partitions wait for it as long as a session lasts.

        Raises:
            TransientError: when no broker answers.
            SettingsError: when an option or a credential is refused.
        """
        self._settings = settings
        self._doing = f"reading {', '.join(topics)} as a member of group {group_id}"
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._on_lost = on_lost or on_revoked
        self._owned: set[TopicPartition] = set()
        self._granted: set[TopicPartition] = set()
        self._let_go: frozenset[TopicPartition] = frozenset()
        self._taken: deque[tuple[_Change, frozenset[TopicPartition]]] = deque()
        self._closed = False
        options: dict[str, object] = {"max_poll_interval_ms": max_poll_interval_ms} | settings.consumer
        if instance_id is not None:
            options["group_instance_id"] = instance_id
        self._consumer: Consumer = build_consumer(
            settings, **options, group_id=group_id, auto_offset_reset="earliest", enable_auto_commit=False
        )
        self._coordinator = group_coordinator(self._consumer)
        self._noted = threading.Event()
        self._listener = _Listener(self._consumer, self._noted)
        self._join: GroupJoin | None = None
        self._consumer.subscribe(list(topics), listener=self._listener)

    @property
    def assigned(self) -> frozenset[TopicPartition]:
        """The partitions whose `on_assigned` has returned and that were not taken since."""
        return frozenset(self._owned)

    def poll(self, timeout_ms: float, max_records: int = 500) -> list[RawRecord]:
        """Return up to `max_records` records as soon as there are any, none after `timeout_ms` milliseconds.

        Records of one partition come in order of offset. Returns early, without records, after a rebalance.

        Raises:
            TransientError: when the brokers do not answer or the group must be joined again; call again.
            SettingsError: when rights or credentials are refused.
        """
        deadline = time.monotonic() + timeout_ms / 1000
        left_ms = timeout_ms
        self._tell_owner()
        while True:
            self._join_if_asked()
            if self._join is not None:
                if self._joined_within(left_ms / 1000):
                    return []
            else:
                batches = self._fetched(min(left_ms, _SLICE_MS), max_records)
                # The client's own poll may have asked to join, and given up: somebody must wait meanwhile.
                self._join_if_asked()
                batches = {tp: batch for tp, batch in batches.items() if tp in self._owned}
                if batches:
                    return raw_records(batches)
            left_ms = (deadline - time.monotonic()) * 1000
            if left_ms <= 0:
                return []

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        """Hand out nothing of these partitions until `resume`; those not assigned are passed over."""
        for partition in self._owned.intersection(partitions):
            with contextlib.suppress(KeyError):  # taken in the meantime
                self._consumer.pause(partition)

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        """Hand out records of these partitions again, from where they were paused."""
        for partition in self._owned.intersection(partitions):
            with contextlib.suppress(KeyError):
                self._consumer.resume(partition)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on from `offset` in an assigned partition."""
        with kafka_errors(self._settings, self._doing):
            self._consumer.seek(partition, offset)

    def lag(self) -> dict[TopicPartition, int]:
        """Return how many records of each assigned partition were not handed out yet.

        No broker is asked: this is what the last fetch said. Partitions of which nothing was fetched
        yet are left out.
        """
        behind: dict[TopicPartition, int] = {}
        for partition in self._owned:
            with contextlib.suppress(errors.IllegalStateError):  # taken in the meantime
                end = self._consumer.highwater(partition)
                position = None if end is None else self._consumer.position(partition, timeout_ms=0)
                if end is not None and position is not None:
                    behind[partition] = max(0, end - position)
        return behind

    def end_offsets(self, partitions: Collection[TopicPartition] | None = None) -> dict[TopicPartition, int]:
        """Return the offset that the next record of each partition will get, as the brokers say now.

        All assigned partitions where none are named.
        """
        wanted = list(self._owned if partitions is None else partitions)
        if not wanted:
            return {}
        with kafka_errors(self._settings, self._doing):
            listed = self._consumer.end_offsets(wanted)
        # A broker may list an end that lies before records it has handed out (Tansu 0.6 does).
        held = self._consumer.assignment().intersection(wanted)
        seen = {tp: self._consumer.highwater(tp) or 0 for tp in held}
        return {tp: max(end, seen.get(tp, 0)) for tp, end in listed.items()}

    def drained(
        self,
        stored: Mapping[TopicPartition, int],
        at_least: Mapping[TopicPartition, int] | None = None,
    ) -> bool:
        """Tell whether all that is on the brokers now lies before the offsets that were stored; asks them.

        `at_least` says up to where partitions are known to reach, whatever the brokers say. A member to which
        the group gave nothing has nothing left to read; while it joins, nobody knows.
        """
        if self._join is not None or self._to_join() or self._listener.notes or self._granted or self._let_go:
            return False
        known = at_least or {}
        ends = self.end_offsets()
        # A broker may list an end that lies too low (Tansu 0.6): what a fetch has said must agree, and what
        # was just written may be missing from both.
        behind = self.lag()
        return all(
            behind.get(place) == 0 and stored.get(place, end) >= max(end, known.get(place, 0))
            for place, end in ends.items()
        )

    def commit_informational(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tell Kafka the next offset of each partition, for lag dashboards; never raises, never waits."""
        commits = {partition: OffsetAndMetadata(offset, "", -1) for partition, offset in offsets.items()}
        if not commits:
            return
        try:
            self._consumer.commit_async(commits)
        except (errors.KafkaError, RuntimeError, TypeError) as error:
            _LOG.info("informational commit skipped: %s", error)

    def close(self, timeout_ms: float = 5_000) -> None:
        """Give all partitions back, after `on_revoked`, and leave the group; a second call does nothing.

        What a callback that raised was to hear is told again first.
        """
        if self._closed:
            return
        self._closed = True
        mine, self._owned = frozenset(self._owned), set()
        try:
            try:
                self._tell_taken()
            finally:
                if mine:
                    self._on_revoked(mine)
        finally:
            with kafka_errors(self._settings, f"leaving after {self._doing}"):
                self._consumer.close(autocommit=False, timeout_ms=timeout_ms)
            if self._join is not None:
                self._join.wait(timeout_ms / 1000)

    def __enter__(self) -> PartitionSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _to_join(self) -> bool:
        return was_prepared(self._coordinator) or self._coordinator.need_rejoin()

    def _join_if_asked(self) -> None:
        if self._join is not None or not must_join(self._coordinator):
            return
        # From the moment the group hears that this member joins, it may give the partitions to another, while
        # the owner still works between two polls: so the owner lets go of them first.
        if self._owned:
            self._let_go = self.assigned
            self._taken.append(("lost" if was_thrown_out(self._coordinator) else "revoked", self._let_go))
            self._owned.clear()
        self._tell_taken()
        self._join = GroupJoin(self._coordinator, self._noted)

    def _fetched(self, timeout_ms: float, max_records: int) -> Mapping[Any, Sequence[Any]]:
        try:
            batches = self._consumer.poll(timeout_ms=timeout_ms, max_records=max_records)
        except errors.KafkaError as error:
            raise translated(error, self._settings, self._doing) from error
        if self._listener.notes:
            self._tell_owner()
        return batches

    def _joined_within(self, timeout_s: float) -> bool:
        """Tell the owner what the group took; return True once it has also given."""
        join = self._join
        if join is None:
            return True
        self._noted.wait(timeout_s)
        self._noted.clear()
        if not join.done:
            self._tell_owner(granted=False)
            return False
        self._join = None
        if join.error is not None:
            raise translated(join.error, self._settings, self._doing) from join.error
        self._tell_owner()
        return True

    def _tell_owner(self, granted: bool = True) -> None:
        notes = self._listener.notes
        while notes:
            change, partitions = notes.popleft()
            if change == "granted":
                self._granted |= partitions
                continue
            self._granted -= partitions
            known = partitions & self._owned
            if known:
                self._owned -= known
                self._taken.append((change, known))
        self._tell_taken()
        if granted and self._join is None:
            self._granted |= self._left_to_it()
            if self._granted:
                self._take_up(frozenset(self._granted))

    def _left_to_it(self) -> frozenset[TopicPartition]:
        """Return, paused, what was let go for a join that came to nothing.

        A reason to join may pass before the client acts on it: a broker did not list a topic for a moment.
        """
        if not self._let_go or self._to_join():
            return frozenset()
        left = (self._let_go & self._consumer.assignment()) - self._granted
        self._let_go = frozenset()
        self._consumer.pause(*left)
        return left

    def _tell_taken(self) -> None:
        while self._taken:
            change, partitions = self._taken[0]
            (self._on_lost if change == "lost" else self._on_revoked)(partitions)
            self._taken.popleft()

    def _take_up(self, partitions: frozenset[TopicPartition]) -> None:
        offsets = self._on_assigned(partitions)
        for partition in partitions:
            offset = offsets.get(partition)
            if offset is None:
                self._consumer.seek_to_beginning(partition)
            else:
                self._consumer.seek(partition, offset)
        self._consumer.resume(*partitions)
        self._granted -= partitions
        self._owned |= partitions
