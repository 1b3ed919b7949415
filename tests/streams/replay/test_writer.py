from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from streams.kafka.sink import RecordSink
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.replay.row import AlarmRow, alarm_table
from streams.replay.schedule import Delivery, ReplayPlan, deliveries, schedule
from streams.replay.writer import Written, write
from streams.testing import consume_all
from telcollm.errors import TransientError
from telcollm.kafka_settings import KafkaSettings


class Clock:
    """Time that passes only while one waits."""

    def __init__(self, stop_at_s: float = float("inf")) -> None:
        self.now_s = 100.0
        self.stop_at_s = stop_at_s

    def monotonic_s(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> bool:
        self.now_s += seconds
        return self.now_s - 100.0 >= self.stop_at_s


class Topic:
    """A sink that keeps what was flushed and when, and fails as often as it is told to."""

    def __init__(self, clock: Clock, failures: int = 0) -> None:
        self.clock = clock
        self.failures = failures
        self.queued: list[bytes | None] = []
        self.durable: list[tuple[float, bytes | None]] = []

    def send(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        self.queued.append(value)

    def flush(self) -> Sequence[Any]:
        queued, self.queued = self.queued, []
        if self.failures:
            self.failures -= 1
            message = "the broker is away"
            raise TransientError(message)
        self.durable += [(self.clock.now_s - 100.0, value) for value in queued]
        return queued


def at(*due_s: float) -> list[Delivery]:
    return [Delivery(due, None, str(number).encode(), 0) for number, due in enumerate(due_s)]


def test_each_message_is_durable_at_its_time_and_none_before() -> None:
    clock = Clock()
    topic = Topic(clock)

    written = write(at(0, 0, 1, 1, 5), topic, "t", monotonic_s=clock.monotonic_s, wait=clock.wait)

    assert [value for _, value in topic.durable] == [b"0", b"1", b"2", b"3", b"4"]
    assert [when for when, _ in topic.durable] == pytest.approx([0, 0, 1, 1, 5])
    assert written == Written(messages=5, payload_bytes=5, behind_s=pytest.approx(0))


def test_a_batch_goes_out_when_it_is_full() -> None:
    clock = Clock()
    seen: list[int] = []

    write(
        at(*[0.0] * 10),
        Topic(clock),
        "t",
        monotonic_s=clock.monotonic_s,
        wait=clock.wait,
        progress=lambda written: seen.append(written.messages),
        batch_records=4,
    )

    assert seen == [4, 8, 10]


def test_a_stop_leaves_what_was_not_due_and_says_so() -> None:
    clock = Clock(stop_at_s=2.0)
    topic = Topic(clock)

    written = write(at(0, 1, 50, 51), topic, "t", monotonic_s=clock.monotonic_s, wait=clock.wait)

    assert written.stopped
    assert written.messages == len(topic.durable) == 2
    assert clock.now_s < 110


def test_a_batch_that_failed_is_sent_again_whole_and_in_order() -> None:
    clock = Clock()
    topic = Topic(clock, failures=2)

    write(at(0, 0, 0), topic, "t", monotonic_s=clock.monotonic_s, wait=clock.wait)

    assert [value for _, value in topic.durable] == [b"0", b"1", b"2"]


def test_a_broker_that_stays_away_ends_the_replay() -> None:
    clock = Clock()

    with pytest.raises(TransientError):
        write(
            at(0), Topic(clock, failures=9), "t", monotonic_s=clock.monotonic_s, wait=clock.wait, attempts=3
        )


def test_a_replay_that_cannot_keep_up_says_how_far_behind_it_is() -> None:
    clock = Clock()
    topic = Topic(clock)
    slow_flush = topic.flush

    def flush() -> Sequence[Any]:
        clock.now_s += 3.0
        return slow_flush()

    topic.flush = flush  # type: ignore[method-assign]

    assert write(at(0, 1), topic, "t", monotonic_s=clock.monotonic_s, wait=clock.wait).behind_s > 3


@pytest.mark.broker
def test_a_replay_lies_in_the_topic_in_order_by_key(kafka_settings: KafkaSettings) -> None:
    topic = kafka_settings.topic("alarms")
    ensure_topics(kafka_settings, {topic: TopicSpec(3)})
    table = alarm_table("made", (AlarmRow(n, f"d{n % 7}", "1", n * 1000, n * 1000 + 1) for n in range(200)))
    planned = schedule(table, ReplayPlan(flat_out=True, key="device"))
    clock = Clock()

    with RecordSink(kafka_settings) as sink:
        written = write(deliveries(planned), sink, topic, monotonic_s=clock.monotonic_s, wait=clock.wait)

    records = consume_all(kafka_settings, topic)
    assert written.messages == len(records) == 400
    for key in {record.key for record in records}:
        of_key = [record for record in records if record.key == key]
        assert len({record.partition for record in of_key}) == 1
        expected = [message.value for message in deliveries(planned) if message.key == key]
        assert [record.value for record in of_key] == expected
