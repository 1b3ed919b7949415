"""`KafkaSettings`: how to reach a Kafka cluster, as data.

It deliberately knows nothing of any client library beyond the names of the options it passes through, and
opens no connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_SECRET_WORDS = ("password", "secret", "token")
_DAY_S: Final = 86_400.0
_Retention = Annotated[float, Field(ge=0, le=36_500 * _DAY_S)]


class InternalTopic(BaseModel):
    """How the topic between edge and correlation is made; `streams.partitions` says how many it has.

    `retention_s` must exceed the longest time that all workers may be down: what is deleted before it was
    correlated is lost. 0 leaves it to the brokers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    retention_s: _Retention = 7 * _DAY_S


class OutputTopic(BaseModel):
    """How a topic of results is made. A topic that exists stays as it is, whatever is said here.

    With one of `partitions` all messages come in one order, with more those of one incident do.
    `retention_s` must exceed the longest time that all workers may be down: after a crash they look there for
    what was sent. 0 leaves it to the brokers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    partitions: Annotated[int, Field(ge=1, le=1024)] = 1
    retention_s: _Retention = 30 * _DAY_S


class OwnTopics(BaseModel):
    """How telcollm's own topics are made where they are missing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: InternalTopic = InternalTopic()
    incidents: OutputTopic = OutputTopic()
    diagnoses: OutputTopic = OutputTopic()
    dead_letters: OutputTopic = OutputTopic()


def topic_options(made: InternalTopic | OutputTopic) -> dict[str, str]:
    """Return the broker-side options a topic is made with, by Kafka's own names.

    >>> topic_options(OutputTopic(retention_s=60)), topic_options(InternalTopic(retention_s=0))
    ({'retention.ms': '60000'}, {})
    """
    return {"retention.ms": str(int(made.retention_s * 1000))} if made.retention_s else {}


class KafkaSettings(BaseModel):
    """Where the brokers are, how to prove who one is, and what else a client is told.

    `client` reaches every client verbatim, `consumer`, `producer` and `admin` the client of that name,
    which they override; their keys are kafka-python's. Values whose key names a password, secret or token
    are kept as `SecretStr`, so that no secret shows in a repr or a dump. `topic_prefix` is applied by
    `topic` only: every function of the seam takes the name that is on the wire.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap_servers: tuple[str, ...] = ("127.0.0.1:9092",)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI", "OAUTHBEARER"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    ssl_password: SecretStr | None = None
    ssl_check_hostname: bool = True
    topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$")
    topics: OwnTopics = OwnTopics()
    client: dict[str, Any] = Field(default_factory=dict)
    consumer: dict[str, Any] = Field(default_factory=dict)
    producer: dict[str, Any] = Field(default_factory=dict)
    admin: dict[str, Any] = Field(default_factory=dict)

    @field_validator("bootstrap_servers", mode="before")
    @classmethod
    def _split_servers(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("bootstrap_servers")
    @classmethod
    def _check_servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            message = "bootstrap_servers is empty; give at least one host:port"
            raise ValueError(message)
        for server in value:
            host, colon, port = server.rpartition(":")
            if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
                message = f"bootstrap server {server!r} is not host:port, such as kafka-1.example.net:9092"
                raise ValueError(message)
        return value

    @field_validator("client", "consumer", "producer", "admin")
    @classmethod
    def _hide_secrets(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {
            key: SecretStr(item)
            if isinstance(item, str) and any(word in key.lower() for word in _SECRET_WORDS)
            else item
            for key, item in value.items()
        }

    @model_validator(mode="after")
    def _check_sasl(self) -> KafkaSettings:
        if self.sasl_mechanism is not None and not self.security_protocol.startswith("SASL"):
            message = (
                f"sasl_mechanism={self.sasl_mechanism} has no effect with security_protocol="
                f"{self.security_protocol}; set security_protocol to SASL_SSL or SASL_PLAINTEXT"
            )
            raise ValueError(message)
        if self.sasl_mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512") and (
            self.sasl_username is None or self.sasl_password is None
        ):
            message = f"sasl_mechanism={self.sasl_mechanism} needs sasl_username and sasl_password; set both"
            raise ValueError(message)
        return self

    def topic(self, name: str) -> str:
        """Return the name on the wire of the topic that telcollm calls `name`.

        >>> KafkaSettings(topic_prefix="north.").topic("alarms")
        'north.alarms'
        """
        return self.topic_prefix + name

    def client_options(self, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the keyword arguments of a kafka-python client, secrets in clear: never log the answer.

        `extra` is the settings' own `consumer`, `producer` or `admin`.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap_servers),
            "security_protocol": self.security_protocol,
        }
        if self.sasl_mechanism is not None:
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.sasl_username
            options["sasl_plain_password"] = self.sasl_password
        for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
            path: Path | None = getattr(self, name)
            if path is not None:
                options[name] = str(path)
        if self.ssl_password is not None:
            options["ssl_password"] = self.ssl_password
        if self.security_protocol.endswith("SSL"):
            options["ssl_check_hostname"] = self.ssl_check_hostname
        options.update(self.client)
        options.update(extra or {})
        return {
            key: value.get_secret_value() if isinstance(value, SecretStr) else value
            for key, value in options.items()
        }
