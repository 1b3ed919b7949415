"""`RecordSink`, a producer that answers for every record, and `scan`, which reads a topic to its end.

It deliberately knows nothing of what a record means or which of them were sent before.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple

from streams.kafka.client import build_consumer, build_producer, discard, kafka_errors, translated
from streams.kafka.library import TopicPartition, errors
from streams.kafka.protocols import Consumer, Producer
from streams.kafka.source import RawRecord, raw_records
from streams.kafka.topics import partition_counts
from telcollm.errors import SettingsError, TelcollmError, TransientError
from telcollm.kafka_settings import KafkaSettings


class Delivery(NamedTuple):
    """Where a record lies now."""

    topic: str
    partition: int
    offset: int


class RecordSink:
    """Sends records in order and says, at `flush`, that all of them are durable, or raises.

    Records of one key to one topic keep their order; the producer is idempotent, so that its own retries
    double nothing. When `flush` raises, an unknown part of what was sent since the last good flush was
    delivered, and nothing more of it will be: the caller sends all of it again, in order. Not for several
    threads at once.
    """

    def __init__(self, settings: KafkaSettings, *, max_block_s: float = 30.0) -> None:
        """Connect; `max_block_s` bounds how long one `send` waits for a topic's metadata.

        Raises:
            TransientError: when no broker answers.
            SettingsError: when an option or a credential is refused.
        """
        self._settings = settings
        self._max_block_ms = int(max_block_s * 1000)
        self._sent: list[Any] = []
        self._producer: Producer | None = self._connected()

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> None:
        """Queue one record; without a `partition` the key decides (murmur2, as in Java clients).

        A `value` of None is a tombstone and needs a key.

        Raises:
            TransientError: when the topic's partitions could not be learned in time.
            TelcollmError: when the record can never be sent: too large, no key and no value, no such
            partition.
        """
        if self._producer is None:
            self._producer = self._connected()
        try:
            future = self._producer.send(topic, value, key, list(headers), partition, timestamp_ms)
        except errors.KafkaError as error:
            raise translated(error, self._settings, f"sending to {topic}") from error
        except (ValueError, TypeError) as error:
            message = (
                f"a record for topic {topic} (key {key!r}, partition {partition}) cannot be sent: {error}; "
                f"keys, values and header values are bytes, and one of key and value must be there; "
                f"mend the record"
            )
            raise TelcollmError(message) from error
        self._sent.append(future)

    def flush(self, timeout_s: float = 30.0) -> list[Delivery]:
        """Return where each record sent since the last flush lies, in order of sending, all of them durable.

        Raises:
            TransientError: when any was not acknowledged within `timeout_s` seconds or failed on the way.
            SettingsError, TelcollmError: when a broker refused any for good.
        """
        sent, self._sent = self._sent, []
        if not sent:
            return []
        producer = self._producer
        if producer is None:
            message = "records were queued on a sink that was closed; open another one and send them again"
            raise TelcollmError(message)
        try:
            producer.flush(timeout_s)
            answers = [future.get(timeout=0) for future in sent]
        except errors.KafkaError as error:
            failed = sum(1 for future in sent if not future.succeeded())
            # What failed once must not arrive behind its own repeat.
            self._producer = None
            discard(producer)
            doing = f"delivering {len(sent)} records, of which {failed} were not acknowledged"
            raise translated(error, self._settings, doing) from error
        return [Delivery(answer.topic, answer.partition, answer.offset) for answer in answers]

    def close(self, timeout_s: float = 5.0) -> None:
        """Let go of the connection within about `timeout_s` seconds; what was not flushed is dropped."""
        unflushed, self._sent = self._sent, []
        producer, self._producer = self._producer, None
        if producer is None:
            return
        if unflushed:
            discard(producer)
            return
        try:
            producer.close(timeout_s)
        except errors.KafkaError:
            discard(producer)

    def __enter__(self) -> RecordSink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.flush()
        finally:
            self.close()

    def _connected(self) -> Producer:
        return build_producer(self._settings, max_block_ms=self._max_block_ms)


def scan(
    settings: KafkaSettings,
    topic: str,
    from_offsets: Mapping[int, int] | None = None,
    *,
    stall_timeout_s: float = 30.0,
) -> Iterator[RawRecord]:
    """Yield the records of `topic` from the given offset of each partition to the end.

    The end is the one that the first fetch of each partition tells. A partition without an offset is read
    from its earliest record, and so is one whose offset the broker has deleted. No group is joined and
    nothing is committed; records of aborted transactions are among those read. Order holds within a
    partition only.

    Raises:
        SettingsError: when there is no such topic or partition.
        TransientError: when the brokers do not answer, or give nothing for `stall_timeout_s` seconds.
    """
    offsets = dict(from_offsets or {})
    doing = f"scanning {topic}"
    numbers = range(partition_counts(settings, [topic]).get(topic, 0))
    if not numbers or not offsets.keys() <= set(numbers):
        message = (
            f"{doing}: it has the partitions {list(numbers)} and offsets were given for {sorted(offsets)}; "
            f"only partitions that exist can be read; check the topic's name"
        )
        raise SettingsError(message)
    remaining = {TopicPartition(topic, number) for number in numbers}
    consumer = build_consumer(
        settings,
        group_id=None,
        auto_offset_reset="earliest",
        isolation_level="read_uncommitted",
        fetch_max_wait_ms=50,
    )
    try:
        with kafka_errors(settings, doing):
            _assign(consumer, remaining, offsets)
        # Fetches tell the end, not the broker's list of ends, which may lie before the last records (Tansu
        # 0.6).
        ends: dict[TopicPartition, int] = {}
        moved_at = time.monotonic()
        while remaining:
            with kafka_errors(settings, doing):
                batches = consumer.poll(timeout_ms=100)
                for partition in remaining - ends.keys():
                    highwater = consumer.highwater(partition)
                    if highwater is not None:
                        ends[partition] = highwater
                # Positions, not records: the last offset before the end may be a marker, never handed out.
                done = {
                    tp
                    for tp in remaining & ends.keys()
                    if (consumer.position(tp, timeout_ms=0) or 0) >= ends[tp]
                }
                consumer.pause(*done)
            remaining -= done
            if batches or done:
                moved_at = time.monotonic()
            for record in raw_records(batches):
                first = offsets.get(record.partition, 0)
                if first <= record.offset < ends[TopicPartition(record.topic, record.partition)]:
                    yield record
            if time.monotonic() - moved_at > stall_timeout_s:
                message = (
                    f"{doing}: nothing came for {stall_timeout_s:g} s though {len(remaining)} partitions are "
                    f"not at their end; a broker that is up answers sooner; try again"
                )
                raise TransientError(message)
    finally:
        consumer.close(autocommit=False)


def _assign(consumer: Consumer, partitions: set[TopicPartition], offsets: Mapping[int, int]) -> None:
    consumer.assign(list(partitions))
    for partition in partitions:
        if partition.partition in offsets:
            consumer.seek(partition, offsets[partition.partition])
        else:
            consumer.seek_to_beginning(partition)
