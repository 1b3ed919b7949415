"""Laws of the Kafka settings."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from telcollm.kafka_settings import KafkaSettings


def test_servers_may_be_a_list_or_one_text() -> None:
    both = ("a.example:9092", "b.example:9093")
    assert KafkaSettings(bootstrap_servers="a.example:9092, b.example:9093").bootstrap_servers == both
    assert KafkaSettings.model_validate({"bootstrap_servers": list(both)}).bootstrap_servers == both


@pytest.mark.parametrize("server", ["kafka", "kafka:", ":9092", "kafka:port", "kafka:0", "kafka:70000", ""])
def test_a_server_that_is_not_host_and_port_is_refused(server: str) -> None:
    with pytest.raises(ValidationError, match=r"host:port"):
        KafkaSettings(bootstrap_servers=server)


def test_no_secret_shows_in_a_repr_a_text_or_a_dump() -> None:
    settings = KafkaSettings.model_validate(
        {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "PLAIN",
            "sasl_username": "worker",
            "sasl_password": "hush-1",
            "ssl_password": "hush-2",
            "client": {"sasl_plain_password": "hush-3", "sasl_kerberos_secret": "hush-4"},
            "consumer": {"ssl_password": "hush-5"},
        }
    )
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "hush" not in shown
    options = settings.client_options(settings.consumer)
    assert options["ssl_password"] == "hush-5"
    assert options["sasl_plain_password"] == "hush-3"
    assert options["sasl_kerberos_secret"] == "hush-4"


def test_options_reach_the_client_under_its_own_names() -> None:
    settings = KafkaSettings.model_validate(
        {
            "bootstrap_servers": ["k:1"],
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_username": "worker",
            "sasl_password": "hush",
            "ssl_cafile": "ca.pem",
            "client": {"client_id": "north", "request_timeout_ms": 5_000},
            "producer": {"request_timeout_ms": 9_000},
        }
    )
    expected: dict[str, Any] = {
        "bootstrap_servers": ["k:1"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "worker",
        "sasl_plain_password": "hush",
        "ssl_cafile": "ca.pem",
        "ssl_check_hostname": True,
        "client_id": "north",
        "request_timeout_ms": 9_000,
    }
    assert settings.client_options(settings.producer) == expected


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sasl_mechanism": "PLAIN"}, "has no effect with security_protocol=PLAINTEXT"),
        (
            {"sasl_mechanism": "PLAIN", "security_protocol": "SASL_SSL"},
            "needs sasl_username and sasl_password",
        ),
        ({"topic_prefix": "a b"}, "topic_prefix"),
        ({"bootstrap": "k:1"}, "bootstrap"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        KafkaSettings.model_validate(given)


def test_settings_are_frozen_and_the_prefix_names_the_topic() -> None:
    settings = KafkaSettings(topic_prefix="north.")
    assert settings.topic("alarms") == "north.alarms"
    with pytest.raises(ValidationError, match="frozen"):
        settings.topic_prefix = "south."  # type: ignore[misc]
