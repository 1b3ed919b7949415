"""When a member of a group has nothing left to read."""

from __future__ import annotations

import time

import pytest

from streams.kafka.library import TopicPartition
from streams.kafka.source import PartitionSource
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.testing import produce_all
from telcollm.kafka_settings import KafkaSettings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]


def opened(settings: KafkaSettings, topic: str) -> PartitionSource:
    return PartitionSource(
        settings, settings.topic("g"), [topic], lambda places: dict.fromkeys(places), lambda places: None
    )


def test_what_is_stored_up_to_the_end_is_drained_and_what_is_known_beyond_is_not(
    kafka_settings: KafkaSettings,
) -> None:
    topic = kafka_settings.topic("alarms")
    ensure_topics(kafka_settings, {topic: TopicSpec(1)})
    produce_all(kafka_settings, topic, [(None, b"x")] * 3)
    place = TopicPartition(topic, 0)
    with opened(kafka_settings, topic) as source:
        assert not source.drained({})
        read = 0
        until_s = time.monotonic() + 60
        while read < 3 and time.monotonic() < until_s:
            read += len(source.poll(200))
        assert source.drained({place: 3})
        assert not source.drained({place: 2})
        assert source.drained({place: 4}, {place: 4})
        assert not source.drained({place: 3}, {place: 4})


def test_a_member_that_was_given_nothing_is_drained_once_it_has_joined(
    kafka_settings: KafkaSettings,
) -> None:
    topic = kafka_settings.topic("alarms")
    ensure_topics(kafka_settings, {topic: TopicSpec(1)})
    produce_all(kafka_settings, topic, [(None, b"x")])
    with opened(kafka_settings, topic) as first, opened(kafka_settings, topic) as second:
        members = (first, second)
        assert not any(member.drained({}) for member in members)
        until_s = time.monotonic() + 60
        while time.monotonic() < until_s:
            for member in members:
                member.poll(100)
            owners = [member for member in members if member.assigned]
            idle = [member for member in members if not member.assigned and member.drained({})]
            if len(owners) == len(idle) == 1:
                break
        assert (len(owners), len(idle)) == (1, 1)
        assert not owners[0].drained({TopicPartition(topic, 0): 0})
