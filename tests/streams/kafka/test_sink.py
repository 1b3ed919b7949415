"""Laws of writing and of scanning, against both embedded brokers."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from streams.broker import EmbeddedBroker
from streams.kafka.client import build_consumer
from streams.kafka.library import TopicPartition
from streams.kafka.protocols import Consumer
from streams.kafka.sink import Delivery, RecordSink, scan
from streams.kafka.source import PartitionSource
from streams.kafka.topics import TopicSpec, ensure_topics, partition_counts
from streams.testing import consume_all, produce_all, settings_for
from telcollm.errors import SettingsError, TelcollmError, TransientError
from telcollm.kafka_settings import KafkaSettings

pytestmark = pytest.mark.broker


def made_topic(settings: KafkaSettings, partitions: int, name: str = "outbox") -> str:
    topic = settings.topic(name)
    ensure_topics(settings, {topic: TopicSpec(partitions)})
    return topic


def test_records_of_one_key_keep_their_order_over_many_batches_and_flushes(
    any_kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(any_kafka_settings, 4)
    rng = random.Random(7)
    sent: dict[bytes, list[bytes]] = {b"key-%d" % n: [] for n in range(20)}
    with RecordSink(any_kafka_settings) as sink:
        for _ in range(5):
            for _ in range(400):
                key = rng.choice(list(sent))
                value = b"%d." % len(sent[key]) + b"x" * rng.randrange(200)
                sent[key].append(value)
                sink.send(topic, key, value)
            sink.flush()
    got: dict[bytes, list[bytes]] = {key: [] for key in sent}
    homes: dict[bytes, set[int]] = {key: set() for key in sent}
    for record in consume_all(any_kafka_settings, topic):
        assert record.key is not None and record.value is not None
        got[record.key].append(record.value)
        homes[record.key].add(record.partition)
    assert got == sent
    assert all(len(partitions) == 1 for partitions in homes.values())
    assert len(set.union(*homes.values())) > 1


def test_flush_tells_where_each_record_lies_in_the_order_of_sending(
    any_kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(any_kafka_settings, 3)
    with RecordSink(any_kafka_settings) as sink:
        for number in range(300):
            sink.send(topic, b"%d" % (number % 11), b"%d" % number)
        deliveries = sink.flush()
        assert sink.flush() == []
    found = {
        Delivery(r.topic, r.partition, r.offset): r.value for r in consume_all(any_kafka_settings, topic)
    }
    assert [found[delivery] for delivery in deliveries] == [b"%d" % number for number in range(300)]


def test_a_given_partition_and_time_are_kept(any_kafka_settings: KafkaSettings) -> None:
    topic = made_topic(any_kafka_settings, 3)
    # Of late: what is older than its topic's retention a broker deletes, noida within a second.
    at_ms = int(time.time() * 1000) - 3_600_000
    with RecordSink(any_kafka_settings) as sink:
        sink.send(topic, b"same", b"a", partition=2, timestamp_ms=at_ms)
        sink.send(topic, b"same", b"b", partition=0, timestamp_ms=at_ms + 333)
        assert [delivery.partition for delivery in sink.flush()] == [2, 0]
    assert [(r.partition, r.value, r.timestamp_ms) for r in consume_all(any_kafka_settings, topic)] == [
        (0, b"b", at_ms + 333),
        (2, b"a", at_ms),
    ]


def test_a_record_that_can_never_be_sent_is_refused_at_once_and_harms_no_other(
    kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(kafka_settings, 1)
    with RecordSink(kafka_settings) as sink:
        with pytest.raises(TelcollmError, match="one of key and value must be there"):
            sink.send(topic, None, None)
        with pytest.raises(TelcollmError, match="cannot be sent"):
            sink.send(topic, b"k", b"v", partition=9)
        with pytest.raises(TelcollmError, match="max_request_size"):
            sink.send(topic, b"k", b"x" * 2_000_000)
        with pytest.raises(TelcollmError, match="are bytes"):
            sink.send(topic, b"k", "text")  # type: ignore[arg-type]
        sink.send(topic, b"k", b"good")
        assert len(sink.flush()) == 1
    assert [record.value for record in consume_all(kafka_settings, topic)] == [b"good"]


def test_flush_raises_in_bounded_time_when_the_broker_is_dead_and_sends_nothing_late(tmp_path: Path) -> None:
    with EmbeddedBroker("noida", tmp_path) as broker:
        settings = settings_for(broker)
        topic = made_topic(settings, 1)
        with RecordSink(settings) as sink:
            sink.send(topic, b"k", b"before")
            sink.flush()
            broker.stop()
            for number in range(10):
                sink.send(topic, b"k", b"lost %d" % number)
            started = time.monotonic()
            with pytest.raises(TransientError, match="10 were not acknowledged"):
                sink.flush(timeout_s=1.0)
            assert time.monotonic() - started < 60
            broker.start()
            # What failed is sent again by the caller, and arrives once, after what was there.
            for number in range(10):
                sink.send(topic, b"k", b"lost %d" % number)
            assert [delivery.offset for delivery in sink.flush()] == list(range(1, 11))
        values = [record.value for record in consume_all(settings, topic)]
        assert values == [b"before", *(b"lost %d" % number for number in range(10))]


def test_a_sink_without_a_broker_to_come_back_to_raises_and_closes(tmp_path: Path) -> None:
    with EmbeddedBroker("tansu", tmp_path) as broker:
        settings = settings_for(broker)
        topic = made_topic(settings, 1)
        sink = RecordSink(settings, max_block_s=1)
        broker.kill()
        # It looks for a broker that is there as long as it takes, and for one that is gone not as long.
        sink._settings = settings.model_copy(
            update={"client": {**settings.client, "bootstrap_timeout_ms": 2_000}}
        )
        with pytest.raises(TransientError, match="sending to elsewhere"):
            sink.send("elsewhere", b"k", b"v")
        sink.send(topic, b"k", b"v")
        with pytest.raises(TransientError, match="were not acknowledged"):
            sink.flush(timeout_s=0.5)
        with pytest.raises(TransientError, match="connecting a producer"):
            sink.send(topic, b"k", b"v")
        assert sink.flush() == []
        sink.close()
        sink.close()


def test_leaving_a_sink_flushes_and_leaving_it_by_an_error_sends_nothing_more(
    kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(kafka_settings, 1)
    with RecordSink(kafka_settings) as sink:
        sink.send(topic, b"k", b"kept")
    waiting = kafka_settings.model_copy(update={"producer": {"linger_ms": 60_000}})
    with pytest.raises(ZeroDivisionError), RecordSink(waiting) as sink:
        sink.send(topic, b"k", b"dropped")
        raise ZeroDivisionError
    assert [record.value for record in consume_all(kafka_settings, topic)] == [b"kept"]


def test_scan_reads_from_the_given_offsets_to_the_end_and_ends(any_kafka_settings: KafkaSettings) -> None:
    topic = made_topic(any_kafka_settings, 3)
    for partition, count in ((0, 700), (1, 5)):
        values: list[tuple[bytes | None, bytes | None]] = [(b"k", b"%d" % n) for n in range(count)]
        produce_all(any_kafka_settings, topic, values, partition=partition)
    everything = consume_all(any_kafka_settings, topic)
    assert [(r.partition, r.offset) for r in everything] == [(0, n) for n in range(700)] + [
        (1, n) for n in range(5)
    ]
    some = consume_all(any_kafka_settings, topic, {0: 690, 1: 5, 2: 0})
    assert [(r.partition, r.offset) for r in some] == [(0, n) for n in range(690, 700)]
    assert consume_all(any_kafka_settings, topic, {0: 700, 1: 5}) == []
    beyond = consume_all(any_kafka_settings, topic, {0: 10_000, 1: 4})
    assert [(r.partition, r.offset) for r in beyond] == [(1, 4)]


def test_scan_does_not_follow_what_is_written_after_it_began(any_kafka_settings: KafkaSettings) -> None:
    topic = made_topic(any_kafka_settings, 1)
    produce_all(any_kafka_settings, topic, [(b"k", b"old")] * 3)
    records = scan(any_kafka_settings, topic)
    first = next(records)
    produce_all(any_kafka_settings, topic, [(b"k", b"new")] * 3)
    assert [record.value for record in [first, *records]] == [b"old"] * 3


def test_an_unfinished_scan_can_be_dropped(any_kafka_settings: KafkaSettings) -> None:
    topic = made_topic(any_kafka_settings, 1)
    produce_all(any_kafka_settings, topic, [(b"k", b"v")] * 10)
    records = scan(any_kafka_settings, topic)
    assert next(records).offset == 0
    records.close()  # type: ignore[attr-defined]


def test_scan_names_a_topic_or_partition_that_does_not_exist(kafka_settings: KafkaSettings) -> None:
    topic = made_topic(kafka_settings, 2)
    with pytest.raises(SettingsError, match=r"has the partitions \[0, 1\] and offsets were given for \[7\]"):
        list(scan(kafka_settings, topic, {7: 0}))
    missing = kafka_settings.topic("missing")
    with pytest.raises(SettingsError, match=r"missing: it has the partitions \[\]"):
        list(scan(kafka_settings, missing))
    assert partition_counts(kafka_settings, [missing, topic]) == {topic: 2}


def test_scan_gives_up_on_a_broker_that_died_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedBroker("tansu", tmp_path) as broker:
        settings = settings_for(broker)
        topic = made_topic(settings, 1)
        produce_all(settings, topic, [(b"k", b"v")] * 3)

        def built_before_the_broker_died(*given: Any, **options: Any) -> Consumer:
            consumer = build_consumer(*given, **options)
            broker.kill()
            return consumer

        monkeypatch.setattr("streams.kafka.sink.build_consumer", built_before_the_broker_died)
        started = time.monotonic()
        with pytest.raises(TransientError, match="nothing came for 1 s though 1 partitions"):
            list(scan(settings, topic, stall_timeout_s=1.0))
        assert time.monotonic() - started < 60
        with pytest.raises(TransientError, match="connecting an admin client"):
            list(scan(settings.model_copy(update={"client": {"bootstrap_timeout_ms": 300}}), topic))


def test_a_scan_joins_no_group_and_moves_no_member(kafka_settings: KafkaSettings) -> None:
    topic = made_topic(kafka_settings, 1)
    produce_all(kafka_settings, topic, [(b"k", b"v")] * 5)
    with PartitionSource(kafka_settings, kafka_settings.topic("g"), [topic], lambda found: {}) as source:
        records = []
        while not records:
            records = source.poll(200, max_records=2)
        assert len(consume_all(kafka_settings, topic)) == 5
        assert source.assigned == {TopicPartition(topic, 0)}
        assert [record.offset for record in source.poll(2_000)] == [2, 3, 4]
