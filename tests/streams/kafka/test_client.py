"""Laws of the seam: what a client's error becomes, and what settings become a client."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from streams.kafka.client import broker_answers, build_admin, build_consumer, build_producer, translated
from streams.kafka.library import errors
from telcollm.errors import FencedError, SettingsError, TelcollmError, TransientError
from telcollm.kafka_settings import KafkaSettings

SETTINGS = KafkaSettings(bootstrap_servers="kafka-1.example.net:9092")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.KafkaTimeoutError("slow"), TransientError),
        (errors.KafkaConnectionError("reset"), TransientError),
        (errors.NotLeaderForPartitionError(), TransientError),
        (errors.UnknownMemberIdError(), TransientError),
        (errors.RebalanceInProgressError(), TransientError),
        (errors.TopicAuthorizationFailedError("alarms"), SettingsError),
        (errors.SaslAuthenticationFailedError("no"), SettingsError),
        (errors.KafkaConfigurationError("odd"), SettingsError),
        (errors.InvalidSessionTimeoutError(), SettingsError),
        (FileNotFoundError("ca.pem"), SettingsError),
        (errors.FencedInstanceIdError(), FencedError),
        (errors.MessageSizeTooLargeError("big"), TelcollmError),
        (errors.CorruptRecordError("crc"), TelcollmError),
    ],
)
def test_each_client_error_becomes_the_one_its_caller_acts_on(
    error: Exception, kind: type[TelcollmError]
) -> None:
    told = translated(error, SETTINGS, "reading alarms")
    assert type(told) is kind
    assert "kafka-1.example.net:9092" in str(told)
    assert "reading alarms" in str(told)
    assert str(error) in str(told)


def test_a_client_that_finds_no_broker_leaves_no_thread_behind(unused_address: str) -> None:
    settings = KafkaSettings(bootstrap_servers=unused_address, client={"bootstrap_timeout_ms": 300})
    before = set(threading.enumerate())
    with pytest.raises(TransientError, match="connecting a consumer"):
        build_consumer(settings)
    with pytest.raises(TransientError, match="connecting a producer"):
        build_producer(settings)
    with pytest.raises(TransientError, match="connecting an admin client"), build_admin(settings):
        pass
    assert not broker_answers(settings, 0.2)
    assert {thread for thread in threading.enumerate() if thread.is_alive()} <= before


def test_options_of_no_client_are_refused_by_name(unused_address: str) -> None:
    for part in ("consumer", "client"):
        settings = KafkaSettings(bootstrap_servers=unused_address, **{part: {"max_poll_recrods": 3}})
        with pytest.raises(SettingsError, match="max_poll_recrods"):
            build_consumer(settings)


def test_options_that_contradict_each_other_are_a_settings_error(unused_address: str) -> None:
    settings = KafkaSettings(bootstrap_servers=unused_address, consumer={"request_timeout_ms": 1})
    with pytest.raises(SettingsError, match="request_timeout_ms"):
        build_consumer(settings)


def test_a_certificate_that_cannot_be_read_is_a_settings_error(unused_address: str, tmp_path: Path) -> None:
    settings = KafkaSettings(
        bootstrap_servers=unused_address,
        security_protocol="SSL",
        ssl_cafile=tmp_path / "missing.pem",
        client={"bootstrap_timeout_ms": 300},
    )
    with pytest.raises((SettingsError, TransientError), match=unused_address):
        build_consumer(settings)


@pytest.mark.broker
def test_specific_options_override_common_ones(kafka_settings: KafkaSettings) -> None:
    settings = kafka_settings.model_copy(
        update={"client": {"client_id": "all"}, "consumer": {"client_id": "reader"}}
    )
    consumer, producer = build_consumer(settings), build_producer(settings)
    try:
        assert consumer.config["client_id"] == "reader"  # type: ignore[attr-defined]
        assert consumer.config["enable_auto_commit"] is False  # type: ignore[attr-defined]
        assert producer.config["client_id"] == "all"  # type: ignore[attr-defined]
        assert producer.config["enable_idempotence"] is True  # type: ignore[attr-defined]
    finally:
        consumer.close()
        producer.close(1)
