"""Laws of receivers' dead letters: found where they lie, with whence they came, and told from the edge's."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from streams.kafka.sink import RecordSink
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.receivers.letters import latest_letters
from streams.receivers.mapping import mapping_of
from streams.receivers.received import Listener, Received
from streams.receivers.translation import Translator
from streams.refusals import dead_letter_message
from streams.topics import DEAD_LETTERS, on_wire
from telcollm.kafka_settings import KafkaSettings
from tests.streams.receivers.rig import ALARMS, LOGS, NOON_MS
from tests.telcollm.store.examples import dead_letter

pytestmark = pytest.mark.broker

UDP, TCP, SNMP = Listener


def send(kafka: KafkaSettings, messages: Sequence[tuple[Listener, str, bytes]]) -> None:
    """Write what receivers write of these messages, one a second, over two partitions."""
    topic = on_wire(kafka, DEAD_LETTERS)
    ensure_topics(kafka, {topic: TopicSpec(2)})
    mapping = mapping_of(b"version: 1", "plain.yaml")
    translator = Translator(mapping, alarms=ALARMS, logs=LOGS, dead_letters=topic)
    with RecordSink(kafka) as sink:
        for place, (listener, address, data) in enumerate(messages):
            received = Received(listener, address, NOON_MS + 1_000 * place, data, len(data))
            (letter,) = translator.translate(received).outgoing
            sink.send(letter.topic, letter.key, letter.value, letter.headers, place % 2)
        sink.flush()


def test_the_latest_come_first_with_their_source_and_the_reason(kafka_settings: KafkaSettings) -> None:
    send(
        kafka_settings,
        [(UDP, "192.0.2.7", b"no syslog"), (SNMP, "192.0.2.8", b"\x30\x00"), (TCP, "192.0.2.9", b"\xff<")],
    )

    total, letters = latest_letters(kafka_settings)

    assert total == 3
    assert [(one.source, one.address, one.received_ms, one.value, one.field) for one in letters] == [
        ("syslog-tcp", "192.0.2.9", NOON_MS + 2_000, b"\xff<", "PRI"),
        ("snmp", "192.0.2.8", NOON_MS + 1_000, b"\x30\x00", "message"),
        ("syslog-udp", "192.0.2.7", NOON_MS, b"no syslog", "PRI"),
    ]
    assert all(one.reason for one in letters)
    assert latest_letters(kafka_settings, limit=1, offset=1) == (3, letters[1:2])
    assert latest_letters(kafka_settings, source="snmp") == (1, letters[1:2])
    assert latest_letters(kafka_settings, offset=3) == (3, [])


def test_letters_of_the_edge_and_records_of_others_are_not_receivers(kafka_settings: KafkaSettings) -> None:
    send(kafka_settings, [(UDP, "192.0.2.7", b"no syslog")])
    topic = on_wire(kafka_settings, DEAD_LETTERS)
    own = dead_letter_message(dead_letter(7, topic="syslog-udp"), topic)
    with RecordSink(kafka_settings) as sink:
        sink.send(topic, b"k", own.value, [(name, value.encode()) for name, value in own.headers])
        sink.send(topic, b"k", None, [("source-partition", b"-1"), ("source-topic", b"\xff")])
        bare = [("source-partition", b"-1"), ("source-topic", b"snmp"), ("source-append-ms", b"soon")]
        sink.send(topic, b"k", None, bare)
        sink.flush()

    total, letters = latest_letters(kafka_settings)

    assert [(one.source, one.received_ms, one.value) for one in letters] == [
        ("syslog-udp", NOON_MS, b"no syslog"),
        ("snmp", -1, b""),
    ]
    assert total == 2


def test_before_the_first_letter_there_is_none(kafka_settings: KafkaSettings) -> None:
    assert latest_letters(kafka_settings) == (0, [])
