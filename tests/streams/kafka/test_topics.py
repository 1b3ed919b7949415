"""Laws of making topics, against both embedded brokers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from streams.kafka.client import build_admin
from streams.kafka.topics import PartitionCountWarning, TopicSpec, ensure_topics
from telcollm.errors import SettingsError, TransientError
from telcollm.kafka_settings import KafkaSettings

pytestmark = pytest.mark.broker


def names(settings: KafkaSettings) -> set[str]:
    with build_admin(settings) as admin:
        return {name for name in admin.list_topics() if name.startswith(settings.topic_prefix)}


def test_missing_topics_are_made_and_a_second_call_changes_nothing(any_kafka_settings: KafkaSettings) -> None:
    one, two = any_kafka_settings.topic("one"), any_kafka_settings.topic("two")
    assert ensure_topics(any_kafka_settings, {one: TopicSpec(3)}) == {one: 3}
    wishes = {one: TopicSpec(3), two: TopicSpec(1, {"retention.ms": "60000"})}
    assert ensure_topics(any_kafka_settings, wishes) == {one: 3, two: 1}
    assert ensure_topics(any_kafka_settings, wishes) == {one: 3, two: 1}
    assert names(any_kafka_settings) == {one, two}


def test_several_processes_may_wish_for_the_same_topic_at_once(any_kafka_settings: KafkaSettings) -> None:
    topic = any_kafka_settings.topic("shared")
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ensure_topics(any_kafka_settings, {topic: TopicSpec(2)}), range(4)))
    assert made == [{topic: 2}] * 4


def test_another_number_of_partitions_is_an_error_or_a_warning_by_choice_and_stays(
    any_kafka_settings: KafkaSettings,
) -> None:
    topic = any_kafka_settings.topic("alarms")
    ensure_topics(any_kafka_settings, {topic: TopicSpec(2)})
    with pytest.raises(SettingsError, match="has 2 partitions where 5 were asked for"):
        ensure_topics(any_kafka_settings, {topic: TopicSpec(5)})
    with pytest.warns(PartitionCountWarning, match="has 2 partitions where 5 were asked for"):
        assert ensure_topics(any_kafka_settings, {topic: TopicSpec(5)}, on_mismatch="warn") == {topic: 2}


def test_no_topics_need_no_broker() -> None:
    assert ensure_topics(KafkaSettings(bootstrap_servers="127.0.0.1:1"), {}) == {}


def test_a_topic_without_partitions_is_refused_before_any_broker_is_asked() -> None:
    with pytest.raises(SettingsError, match="partitions=0 must be at least 1"):
        ensure_topics(KafkaSettings(bootstrap_servers="127.0.0.1:1"), {"alarms": TopicSpec(0)})


def test_a_name_that_the_brokers_refuse_is_told_with_their_reason(kafka_settings: KafkaSettings) -> None:
    with pytest.raises(SettingsError, match=r"bad name could not be made: .*illegal"):
        ensure_topics(kafka_settings, {kafka_settings.topic("bad name"): TopicSpec(1)})


def test_brokers_that_do_not_answer_are_named(unused_address: str) -> None:
    with pytest.raises(TransientError, match=unused_address):
        ensure_topics(
            KafkaSettings(bootstrap_servers=unused_address), {"alarms": TopicSpec(1)}, timeout_s=0.5
        )
