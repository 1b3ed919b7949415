"""Laws of reading from offsets that the owner keeps, against both embedded brokers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.broker import EmbeddedBroker
from streams.kafka.client import build_consumer
from streams.kafka.library import TopicPartition
from streams.kafka.source import PartitionSource, RawRecord
from streams.testing import produce_all, settings_for
from telcollm.errors import SettingsError, TelcollmError, TransientError
from telcollm.kafka_settings import KafkaSettings
from tests.streams.kafka.owner import DEADLINE_S, Owner, made_topic, numbered, opened, polled, polled_until

pytestmark = pytest.mark.broker


def test_records_keep_key_value_headers_and_time_and_a_tombstone_stays_one(
    any_kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(any_kafka_settings, 1)
    headers = [("trace", b"\x00\xff"), ("trace", b"again"), ("empty", b"")]
    before_ms = time.time() * 1000
    text = "Störung 告警".encode()
    produce_all(any_kafka_settings, topic, [(b"key", text), (None, b"no key")], headers=headers)
    produce_all(any_kafka_settings, topic, [(b"key", None)])
    owner = Owner()
    with opened(any_kafka_settings, topic, owner) as source:
        first, second, third = polled(source, owner, 3)
    assert (first.topic, first.partition, first.offset) == (topic, 0, 0)
    assert first.key == b"key"
    assert first.value == text
    assert first.headers == tuple(headers)
    assert before_ms - 60_000 < first.timestamp_ms < time.time() * 1000 + 60_000
    assert second.key is None
    assert (third.key, third.value, third.headers) == (b"key", None, ())
    with pytest.raises(AttributeError):
        first.offset = 7  # type: ignore[misc]


def test_one_partition_is_read_in_order_and_no_more_at_once_than_asked(
    kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(kafka_settings, 1)
    produce_all(kafka_settings, topic, numbered(500))
    owner = Owner()
    sizes = []
    records: list[RawRecord] = []
    with opened(kafka_settings, topic, owner) as source:
        polled_until(lambda: bool(source.assigned), source)
        source.seek(TopicPartition(topic, 0), 0)
        deadline = time.monotonic() + DEADLINE_S
        while len(records) < 500 and time.monotonic() < deadline:
            batch = source.poll(200, max_records=64)
            sizes.append(len(batch))
            records += batch
    assert [record.value for record in records] == [value for _, value in numbered(500)]
    assert max(sizes) == 64


def test_reading_goes_on_from_the_owners_offsets_and_never_from_kafkas_commits(
    any_kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(any_kafka_settings, 2)
    produce_all(any_kafka_settings, topic, numbered(20), partition=0)
    produce_all(any_kafka_settings, topic, numbered(20), partition=1)
    owner = Owner()
    with opened(any_kafka_settings, topic, owner) as source:
        polled(source, owner, 40)
        source.commit_informational({TopicPartition(topic, 0): 19, TopicPartition(topic, 1): 3})
        polled_until(lambda: committed(any_kafka_settings, topic) == {0: 19, 1: 3}, source)
    later = Owner({TopicPartition(topic, 0): 15})
    with opened(any_kafka_settings, topic, later) as source:
        records = polled(source, later, 25)
    assert sorted(r.offset for r in records if r.partition == 0) == list(range(15, 20))
    assert sorted(r.offset for r in records if r.partition == 1) == list(range(20))


def committed(settings: KafkaSettings, topic: str) -> dict[int, int]:
    consumer = build_consumer(settings, group_id=settings.topic("g"))
    try:
        found = {n: consumer.committed(TopicPartition(topic, n)) for n in (0, 1)}  # type: ignore[attr-defined]
    finally:
        consumer.close(autocommit=False)
    return {number: offset for number, offset in found.items() if offset is not None}


def test_an_offset_the_log_does_not_hold_is_replaced_by_the_earliest(
    kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(kafka_settings, 1)
    produce_all(kafka_settings, topic, numbered(5))
    owner = Owner({TopicPartition(topic, 0): 1_000})
    with opened(kafka_settings, topic, owner) as source:
        records = polled(source, owner, 5)
    assert [record.offset for record in records] == [0, 1, 2, 3, 4]


def test_callbacks_run_on_the_owners_thread_and_may_use_the_source(kafka_settings: KafkaSettings) -> None:
    topic = made_topic(kafka_settings, 1)
    produce_all(kafka_settings, topic, numbered(3))
    owner = Owner()
    asked: list[dict[TopicPartition, int]] = []
    source: PartitionSource

    def assigned(partitions: frozenset[TopicPartition]) -> dict[TopicPartition, int | None]:
        # A call that waits for the broker would dead-lock on the client's own thread.
        asked.append(source.end_offsets(partitions))
        return owner.assigned(partitions)

    source = PartitionSource(kafka_settings, kafka_settings.topic("g"), [topic], assigned, owner.revoked)
    with source:
        polled(source, owner, 3)
    assert asked == [{TopicPartition(topic, 0): 3}]
    assert owner.threads == {threading.get_ident()}
    assert [what for what, _ in owner.told] == ["assigned", "revoked"]


def test_nothing_is_read_until_on_assigned_returns_and_a_failed_one_is_asked_again(
    kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(kafka_settings, 1)
    produce_all(kafka_settings, topic, numbered(3))
    failures = [TransientError("the store is away"), TransientError("still away")]
    owner = Owner({TopicPartition(topic, 0): 1})

    def assigned(partitions: frozenset[TopicPartition]) -> dict[TopicPartition, int | None]:
        if failures:
            raise failures.pop(0)
        return owner.assigned(partitions)

    source = PartitionSource(kafka_settings, kafka_settings.topic("g"), [topic], assigned)
    with source:
        with pytest.raises(TransientError, match="the store is away"):
            polled_until(lambda: False, source)
        assert source.assigned == frozenset()
        with pytest.raises(TransientError, match="still away"):
            source.poll(200)
        assert [record.offset for record in polled(source, owner, 2)] == [1, 2]


def test_a_paused_partition_is_silent_until_resumed_and_nothing_of_it_is_lost(
    kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(kafka_settings, 2)
    owner = Owner()
    quiet, loud = TopicPartition(topic, 0), TopicPartition(topic, 1)
    with opened(kafka_settings, topic, owner) as source:
        polled_until(lambda: len(source.assigned) == 2, source)
        source.pause([quiet, TopicPartition(topic, 99)])
        for number in range(2):
            produce_all(kafka_settings, topic, numbered(10), partition=number)
        heard = polled(source, owner, 10)
        heard += source.poll(300)
        assert {record.partition for record in heard} == {loud.partition}
        source.resume([quiet])
        assert [record.offset for record in polled(source, owner, 10)] == list(range(10))


def test_lag_counts_what_was_not_handed_out_yet(any_kafka_settings: KafkaSettings) -> None:
    topic = made_topic(any_kafka_settings, 1)
    produce_all(any_kafka_settings, topic, numbered(50))
    partition = TopicPartition(topic, 0)
    owner = Owner({partition: 10})
    with opened(any_kafka_settings, topic, owner) as source:
        assert source.lag() == {}
        records: list[RawRecord] = []
        while not records:
            records = source.poll(200, max_records=15)
        assert source.lag() == {partition: 25}
        assert source.end_offsets() == {partition: 50}
        polled(source, owner, 25)
        assert source.lag() == {partition: 0}


@contextmanager
def own_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker("noida", tmp_path / "broker") as broker:
        yield broker


def test_reading_goes_on_after_the_broker_restarts(tmp_path: Path) -> None:
    with own_broker(tmp_path) as broker:
        settings = settings_for(broker)
        topic = made_topic(settings, 2)
        for number in range(2):
            produce_all(settings, topic, numbered(10), partition=number)
        owner = Owner()
        with opened(settings, topic, owner) as source:
            before = polled(source, owner, 20)
            broker.restart()
            for number in range(2):
                produce_all(settings, topic, numbered(5), partition=number)
            after: list[RawRecord] = []
            deadline = time.monotonic() + DEADLINE_S
            while len(after) < 10 and time.monotonic() < deadline:
                try:
                    batch = source.poll(200)
                except TransientError:
                    continue
                owner.keep(batch)
                after += batch
        assert len(before) == 20
        assert sorted((r.partition, r.offset) for r in after) == [
            (p, offset) for p in range(2) for offset in range(10, 15)
        ]


def test_a_dead_broker_ends_neither_poll_nor_commit_nor_close_in_a_hang(tmp_path: Path) -> None:
    with own_broker(tmp_path) as broker:
        settings = settings_for(broker)
        topic = made_topic(settings, 1)
        produce_all(settings, topic, numbered(1))
        owner = Owner()
        source = opened(settings, topic, owner)
        polled(source, owner, 1)
        broker.kill()
        started = time.monotonic()
        try:
            assert source.poll(1_000) == []
        except TransientError:
            pass
        source.commit_informational({TopicPartition(topic, 0): 1})
        source.close(timeout_ms=1_000)
        assert time.monotonic() - started < 60
        assert [what for what, _ in owner.told] == ["assigned", "revoked"]


def test_offsets_for_times_name_the_first_record_at_or_after_the_time(kafka_settings: KafkaSettings) -> None:
    from streams.kafka.sink import RecordSink

    topic = made_topic(kafka_settings, 1)
    # Of late: what is older than its topic's retention a broker deletes, noida within a second.
    at_ms = int(time.time() * 1000) - 3_600_000
    with RecordSink(kafka_settings) as sink:
        for number in range(10):
            sink.send(topic, b"k", b"%d" % number, timestamp_ms=at_ms + 1_000 * number)
        sink.flush()
    partition = TopicPartition(topic, 0)
    consumer = build_consumer(kafka_settings)
    try:
        found = consumer.offsets_for_times({partition: at_ms + 3_500})
    finally:
        consumer.close(autocommit=False)
    assert found[partition].offset == 4


def test_a_source_that_no_broker_answers_says_where_it_looked(unused_address: str) -> None:
    settings = KafkaSettings(bootstrap_servers=(unused_address,), client={"bootstrap_timeout_ms": 500})
    with pytest.raises(TransientError, match=unused_address):
        PartitionSource(settings, "g", ["alarms"], lambda partitions: {})


def test_an_unknown_client_option_is_refused_by_name_without_its_value(unused_address: str) -> None:
    settings = KafkaSettings(bootstrap_servers=(unused_address,), consumer={"fetch_secret_pace": "hush"})
    with pytest.raises(SettingsError, match="fetch_secret_pace") as caught:
        PartitionSource(settings, "g", ["alarms"], lambda partitions: {})
    assert "hush" not in str(caught.value)
    assert isinstance(caught.value, TelcollmError)
