"""Pytest fixtures and functions for tests against a real broker: telcollm's own, and those of its users.

Load it with `pytest_plugins = ["streams.testing"]` in the topmost conftest.py. It deliberately knows
nothing of telcollm's topics and records.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from streams.broker import EmbeddedBroker
from streams.broker.wheel import KINDS
from telcollm.kafka_settings import KafkaSettings

if TYPE_CHECKING:
    from streams.kafka.sink import Delivery
    from streams.kafka.source import RawRecord

__all__ = [
    "any_broker",
    "any_kafka_settings",
    "broker",
    "consume_all",
    "kafka_settings",
    "produce_all",
    "settings_for",
]

# Times that suit a test: a member that died is missed soon, a broker that is gone is given up soon.
_CLIENT: Mapping[str, Any] = {"bootstrap_timeout_ms": 10_000, "reconnect_backoff_max_ms": 500}
_CONSUMER: Mapping[str, Any] = {"session_timeout_ms": 6_000, "heartbeat_interval_ms": 500}


def settings_for(broker: EmbeddedBroker, topic_prefix: str = "") -> KafkaSettings:
    """Return settings for a client of `broker`, with short times that suit tests."""
    return KafkaSettings(
        bootstrap_servers=(broker.address,),
        topic_prefix=topic_prefix,
        client=dict(_CLIENT),
        consumer=dict(_CONSUMER),
    )


def unique_prefix() -> str:
    """Return a topic prefix that no other test has."""
    return f"t{uuid.uuid4().hex[:10]}."


@pytest.fixture(scope="session")
def broker() -> Iterator[EmbeddedBroker]:
    """A running noida broker that the whole session shares; give it back running."""
    with EmbeddedBroker("noida") as running:
        yield running


@pytest.fixture(scope="session", params=KINDS)
def any_broker(request: pytest.FixtureRequest) -> Iterator[EmbeddedBroker]:
    """A running broker of each kind in turn, shared by the whole session; give it back running."""
    with EmbeddedBroker(request.param) as running:
        yield running


@pytest.fixture
def kafka_settings(broker: EmbeddedBroker) -> KafkaSettings:
    """Settings for the session's noida broker, with a topic prefix of the test's own."""
    return settings_for(broker, unique_prefix())


@pytest.fixture
def any_kafka_settings(any_broker: EmbeddedBroker) -> KafkaSettings:
    """Settings for a broker of each kind in turn, with a topic prefix of the test's own."""
    return settings_for(any_broker, unique_prefix())


def produce_all(
    settings: KafkaSettings,
    topic: str,
    records: Iterable[tuple[bytes | None, bytes | None]],
    *,
    headers: Sequence[tuple[str, bytes]] = (),
    partition: int | None = None,
) -> list[Delivery]:
    """Return where each (key, value) lies, once all are written in order to `topic`, named as on the wire."""
    from streams.kafka.sink import RecordSink

    with RecordSink(settings) as sink:
        for key, value in records:
            sink.send(topic, key, value, headers, partition)
        return sink.flush()


def consume_all(
    settings: KafkaSettings, topic: str, from_offsets: Mapping[int, int] | None = None
) -> list[RawRecord]:
    """Return every record of `topic` (its name on the wire), sorted by partition and offset."""
    from streams.kafka.sink import scan

    return sorted(scan(settings, topic, from_offsets), key=lambda record: (record.partition, record.offset))
