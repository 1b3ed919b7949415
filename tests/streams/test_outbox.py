"""Laws of the outbox: every message once, in the order it was queued, whatever fails in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from streams.broker import EmbeddedBroker
from streams.kafka.sink import Delivery, RecordSink
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.outbox import ID_HEADER, OutboxRelay, Reached, nothing
from streams.testing import consume_all, settings_for
from telcollm.errors import TransientError
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import Store, StoreTransaction
from telcollm.state import OutboxMessage
from telcollm.store import open_store

LANE, OTHER = "events/0", "events/1"

pytestmark = pytest.mark.broker


class Crash(BaseException):
    """The end of a process, as far as what it leaves behind goes."""


def crash_at(point: str) -> Reached:
    def reached(at: str) -> None:
        if at == point:
            raise Crash

    return reached


class HastySink(RecordSink):
    """A sink that gives a broker up after a second while it is known to be gone, and not before."""

    gone: ClassVar[bool] = False

    def flush(self, timeout_s: float = 120.0) -> list[Delivery]:
        return super().flush(1.0 if self.gone else timeout_s)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'telcollm.db'}")
    yield opened
    opened.close()


@pytest.fixture
def topic(kafka_settings: KafkaSettings) -> str:
    name = kafka_settings.topic("out")
    ensure_topics(kafka_settings, {name: TopicSpec(2)})
    return name


def message(number: int, topic: str, lane: str = LANE, **changes: Any) -> OutboxMessage:
    fields: dict[str, Any] = {"key": "k", "value": f"v{number}".encode(), "headers": (("n", str(number)),)}
    return OutboxMessage(f"m{number}", lane, topic, **{**fields, **changes})


def queue(store: Store, *messages: OutboxMessage) -> None:
    with store.transaction() as transaction:
        transaction.put_outbox(messages)


@contextmanager
def relaying(
    store: Store,
    kafka: KafkaSettings,
    *,
    reached: Reached = nothing,
    batch: int = 500,
    open_sink: Callable[[KafkaSettings], RecordSink] = RecordSink,
) -> Iterator[OutboxRelay]:
    """A relay whose worker has just been given the lanes."""
    relay = OutboxRelay(store, lambda: open_sink(kafka), kafka, batch=batch, reached=reached)
    relay.take_over([LANE, OTHER])
    try:
        yield relay
    finally:
        relay.close()


def sent(kafka: KafkaSettings, topic: str) -> list[str]:
    return [dict(record.headers)[ID_HEADER].decode() for record in consume_all(kafka, topic)]


def test_messages_go_out_once_in_order_with_id_key_and_headers(
    store: Store, kafka_settings: KafkaSettings, topic: str
) -> None:
    queue(store, *(message(number, topic) for number in range(30)))
    with relaying(store, kafka_settings) as relay:
        assert relay.relay([LANE]) == 30
        assert relay.relay([LANE]) == 0
    records = consume_all(kafka_settings, topic)
    assert [record.value for record in records] == [f"v{number}".encode() for number in range(30)]
    assert {record.partition for record in records} == {records[0].partition}
    assert (records[7].key, dict(records[7].headers)) == (b"k", {"id": b"m7", "n": b"7"})
    assert dict(store.pending_counts([LANE]))["outbox"] == 0


def test_only_the_lanes_that_are_owned_are_sent(
    store: Store, kafka_settings: KafkaSettings, topic: str
) -> None:
    queue(store, message(1, topic), message(2, topic, OTHER), message(3, topic))
    with relaying(store, kafka_settings) as relay:
        assert relay.relay([OTHER]) == 1
        assert relay.relay([]) == 0
        assert relay.relay([LANE]) == 2
    assert sent(kafka_settings, topic) == ["m2", "m1", "m3"]


def test_a_batch_is_bounded_and_the_rest_follows(
    store: Store, kafka_settings: KafkaSettings, topic: str
) -> None:
    queue(store, *(message(number, topic) for number in range(7)))
    with relaying(store, kafka_settings, batch=3) as relay:
        assert [relay.relay([LANE]) for _ in range(4)] == [3, 3, 1, 0]
    assert sent(kafka_settings, topic) == [f"m{number}" for number in range(7)]


@pytest.mark.parametrize("point", ["before outbox", "after outbox"])
def test_a_crash_before_or_after_sending_doubles_and_loses_nothing(
    store: Store, kafka_settings: KafkaSettings, topic: str, point: str
) -> None:
    queue(store, *(message(number, topic, key=f"k{number}") for number in range(10)))
    with relaying(store, kafka_settings, batch=4) as first:
        assert first.relay([LANE]) == 4
    with relaying(store, kafka_settings, batch=4, reached=crash_at(point)) as second, pytest.raises(Crash):
        second.relay([LANE])
    assert len(sent(kafka_settings, topic)) == (8 if point == "after outbox" else 4)
    with relaying(store, kafka_settings, batch=4) as third:
        while third.relay([LANE]):
            pass
    assert sorted(sent(kafka_settings, topic)) == sorted(f"m{number}" for number in range(10))


def test_crash_after_crash_still_doubles_nothing(
    store: Store, kafka_settings: KafkaSettings, topic: str
) -> None:
    queue(store, *(message(number, topic, key=f"k{number}") for number in range(6)))
    for _ in range(3):
        with (
            relaying(store, kafka_settings, batch=2, reached=crash_at("after outbox")) as relay,
            pytest.raises(Crash),
        ):
            relay.relay([LANE])
    assert len(sent(kafka_settings, topic)) == 6
    with relaying(store, kafka_settings, batch=2) as relay:
        assert relay.relay([LANE]) == 0
    assert dict(store.pending_counts([LANE]))["outbox"] == 0
    assert len(set(sent(kafka_settings, topic))) == 6


def test_a_message_of_a_lane_another_worker_sends_to_the_same_topic_is_not_taken_for_ones_own(
    store: Store, kafka_settings: KafkaSettings, topic: str
) -> None:
    queue(store, message(1, topic, OTHER), message(2, topic))
    with relaying(store, kafka_settings, reached=crash_at("after outbox")) as one, pytest.raises(Crash):
        one.relay([OTHER])
    with relaying(store, kafka_settings) as two:
        assert two.relay([LANE]) == 1
        assert two.relay([OTHER, LANE]) == 0
    assert sorted(sent(kafka_settings, topic)) == ["m1", "m2"]


def test_messages_of_several_topics_are_each_looked_for_in_their_own(
    store: Store, kafka_settings: KafkaSettings, topic: str
) -> None:
    second = kafka_settings.topic("out-two")
    ensure_topics(kafka_settings, {second: TopicSpec(1)})
    queue(store, message(1, topic), message(2, second), message(3, topic))
    with relaying(store, kafka_settings, reached=crash_at("after outbox")) as one, pytest.raises(Crash):
        one.relay([LANE])
    with relaying(store, kafka_settings) as two:
        assert two.relay([LANE]) == 0
    assert (sent(kafka_settings, topic), sent(kafka_settings, second)) == (["m1", "m3"], ["m2"])


class Busy:
    """A store whose next mark of sent messages fails, as when the database is locked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.failures = 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def transaction(self) -> Iterator[StoreTransaction]:
        if self.failures:
            self.failures -= 1
            message = "the database is locked; it answers later; try again"
            raise TransientError(message)
        with self._store.transaction() as transaction:
            yield transaction


def test_a_database_that_is_locked_after_sending_doubles_nothing(
    store: Store, kafka_settings: KafkaSettings, topic: str
) -> None:
    queue(store, *(message(number, topic) for number in range(3)))
    busy = Busy(store)
    with relaying(busy, kafka_settings) as relay:  # type: ignore[arg-type]
        with pytest.raises(TransientError):
            relay.relay([LANE])
        assert relay.relay([LANE]) == 0
    assert sent(kafka_settings, topic) == ["m0", "m1", "m2"]


def test_a_broker_that_is_gone_loses_and_doubles_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedBroker("noida", tmp_path / "broker") as own:
        kafka = settings_for(own)
        ensure_topics(kafka, {"out": TopicSpec(1)})
        queue(store, *(message(number, "out") for number in range(5)))
        with relaying(store, kafka, batch=2, open_sink=HastySink) as relay:
            assert relay.relay([LANE]) == 2
            own.stop()
            monkeypatch.setattr(HastySink, "gone", True)
            with pytest.raises(TransientError):
                relay.relay([LANE])
            monkeypatch.setattr(HastySink, "gone", False)
            assert dict(store.pending_counts([LANE]))["outbox"] == 3
            own.start()
            while relay.relay([LANE]):
                pass
        assert sent(kafka, "out") == [f"m{number}" for number in range(5)]
