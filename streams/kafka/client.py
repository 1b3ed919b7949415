"""kafka-python, wrapped and typed once: clients built from settings, errors that name the next step.

It deliberately knows nothing of topics, groups or records, and depends on no quirk of an embedded broker.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from typing import Any

from streams.kafka.library import (
    ClosingSocket,
    KafkaAdminClient,
    KafkaConsumer,
    KafkaNetClient,
    KafkaProducer,
    errors,
)
from streams.kafka.protocols import Admin, Consumer, Producer
from telcollm.errors import FencedError, SettingsError, TelcollmError, TransientError
from telcollm.kafka_settings import KafkaSettings

_SETTINGS_AT_FAULT = (
    errors.AuthorizationError,
    errors.IllegalSaslStateError,
    errors.InconsistentGroupProtocolError,
    errors.InvalidGroupIdError,
    errors.InvalidSessionTimeoutError,
    errors.KafkaConfigurationError,
    errors.SaslAuthenticationFailedError,
    errors.SecurityDisabledError,
    errors.UnsupportedSaslMechanismError,
)
# Not marked retriable by the library, yet the next poll joins the group again or finds the broker back.
_PASSING = (
    errors.BrokerNotAvailableError,
    errors.CommitFailedError,
    errors.IllegalGenerationError,
    errors.OutOfOrderSequenceNumberError,
    errors.RebalanceInProgressError,
    errors.UnknownError,
    errors.UnknownMemberIdError,
    errors.UnknownProducerIdError,
)


def translated(error: Exception, settings: KafkaSettings, doing: str) -> TelcollmError:
    """Return the error telcollm raises in place of a Kafka client's `error`, met while `doing` something.

    TransientError when a later try may succeed, SettingsError when credentials, rights or options are at
    fault, FencedError when another member took this one's static membership, TelcollmError for the rest.
    """
    servers = ",".join(settings.bootstrap_servers)
    told = f"Kafka at {servers}, while {doing}: {error or type(error).__name__}"
    if isinstance(error, errors.FencedInstanceIdError):
        return FencedError(f"{told}; a group_instance_id serves one member at a time; stop the other one")
    if isinstance(error, _SETTINGS_AT_FAULT):
        return SettingsError(
            f"{told}; the brokers accept only valid credentials, rights and options; "
            f"check kafka.security_protocol, kafka.sasl_*, kafka.consumer and the topic's access rules"
        )
    # A broker that is not done with a rebalance may answer with an empty assignment (noida 0.2 does).
    unfinished = isinstance(error, struct.error)
    if unfinished or isinstance(error, _PASSING) or getattr(error, "retriable", False):
        return TransientError(
            f"{told}; a broker that is up answers this; it is tried again, "
            f"so check that one runs there (telcollm broker status) if it goes on"
        )
    if isinstance(error, OSError):
        return SettingsError(f"{told}; certificates and keys must be readable PEM files; check kafka.ssl_*")
    return TelcollmError(f"{told}; this is not expected to pass by itself; see the broker's log")


@contextlib.contextmanager
def kafka_errors(settings: KafkaSettings, doing: str) -> Iterator[None]:
    """Raise what `translated` makes of a Kafka client's error met in the block."""
    try:
        yield
    except errors.KafkaError as error:
        raise translated(error, settings, doing) from error


def _built(make: Callable[..., Any], settings: KafkaSettings, options: dict[str, Any], doing: str) -> Any:
    unknown = sorted(set(options) - set(make.DEFAULT_CONFIG))  # type: ignore[attr-defined]
    if unknown:
        message = (
            f"{', '.join(unknown)}: no option of kafka-python's {make.__name__}; kafka.client may hold only "
            f"options that every client has; move or remove it"
        )
        raise SettingsError(message)
    started: list[Any] = []

    def kept_client(**configs: Any) -> Any:
        started.append(KafkaNetClient(**configs))
        return started[-1]

    options.setdefault("kafka_client", kept_client)
    if "socks5_proxy" not in options:
        options.setdefault("proxy_url", ClosingSocket.PROXY_URL)
    try:
        return make(**options)
    except Exception as error:
        # A client that fails to start leaves its I/O thread and sockets behind, for ever trying to connect.
        for client in started:
            client.close()
        if isinstance(error, errors.KafkaError | OSError):
            raise translated(error, settings, doing) from error
        if isinstance(error, ValueError | TypeError | RuntimeError):
            message = (
                f"kafka options were refused: {error}; see kafka-python's documentation of {make.__name__}"
            )
            raise SettingsError(message) from error
        raise


def build_consumer(settings: KafkaSettings, **options: Any) -> Consumer:
    """Return a connected consumer; `options` override those of the settings.

    Raises:
        TransientError: when no broker answers in time.
        SettingsError: when an option or a credential is refused.
    """
    merged = {"enable_auto_commit": False} | settings.client_options(settings.consumer) | options
    if merged.get("group_id") is None:
        merged.pop(
            "group_instance_id", None
        )  # meant for the groups of these settings; this reader joins none
    consumer: Consumer = _built(KafkaConsumer, settings, merged, "connecting a consumer")
    return consumer


def build_producer(settings: KafkaSettings, **options: Any) -> Producer:
    """Return a connected producer, idempotent unless the settings say otherwise.

    Raises as `build_consumer` does.
    """
    merged = settings.client_options(settings.producer) | options
    producer: Producer = _built(KafkaProducer, settings, merged, "connecting a producer")
    return producer


def discard(producer: Producer) -> None:
    """Close a producer at once; whatever it still holds is never sent.

    Its public `close` flushes first, and leaves its thread running, with all it holds, when that fails. A
    request on its way to a broker cannot be called back.
    """
    inside: Any = producer
    inside._sender.force_close()
    inside._accumulator.abort_incomplete_batches()
    with contextlib.suppress(errors.KafkaError):
        producer.close(1.0)


@contextlib.contextmanager
def build_admin(settings: KafkaSettings, **options: Any) -> Iterator[Admin]:
    """Yield a connected admin client, closed after the block.

    Raises as `build_consumer` does.
    """
    merged = settings.client_options(settings.admin) | options
    admin: Admin = _built(KafkaAdminClient, settings, merged, "connecting an admin client")
    try:
        yield admin
    finally:
        admin.close()


def broker_answers(settings: KafkaSettings, timeout_s: float) -> bool:
    """Tell whether a broker answers a metadata request within about `timeout_s` seconds."""
    timeout_ms = max(1, int(timeout_s * 1000))
    try:
        with build_admin(settings, bootstrap_timeout_ms=timeout_ms) as admin:
            admin.list_topics()
    except (TransientError, errors.KafkaError):
        return False
    return True
