"""Topics made as wished, once, and seen before anyone uses them.

It deliberately knows no topic's purpose, and changes no topic that exists.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from streams.kafka.client import build_admin, kafka_errors
from streams.kafka.library import errors
from streams.kafka.protocols import Admin
from telcollm.errors import SettingsError, TransientError
from telcollm.kafka_settings import KafkaSettings


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is made: `partitions`, broker-side `config`, `replication` (-1: the cluster's default)."""

    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)
    replication: int = -1


class PartitionCountWarning(UserWarning):
    """A topic exists with another number of partitions than wished."""


def ensure_topics(
    settings: KafkaSettings,
    specs: Mapping[str, TopicSpec],
    *,
    on_mismatch: Literal["error", "warn"] = "error",
    timeout_s: float = 30.0,
) -> dict[str, int]:
    """Return the number of partitions of every topic named, once each partition has a leader.

    Names are those on the wire. Missing topics are made; those that exist stay as they are, so that a
    second call changes nothing.

    Raises:
        SettingsError: when a spec is impossible, when a name is refused, or, with on_mismatch "error", when a
            topic has another number of partitions than its spec.
        TransientError: when the brokers do not answer, or a topic is not visible after `timeout_s` seconds.
    """
    for name, spec in specs.items():
        if spec.partitions < 1:
            message = f"topic {name}: partitions={spec.partitions} must be at least 1; set a number from 1"
            raise SettingsError(message)
    if not specs:
        return {}
    deadline = time.monotonic() + timeout_s
    with (
        kafka_errors(settings, f"making the topics {', '.join(specs)}"),
        build_admin(settings, **_patience(settings, timeout_s)) as admin,
    ):
        present = _visible(admin, list(specs))
        missing = {name: spec for name, spec in specs.items() if name not in present}
        if missing:
            _create(admin, missing, timeout_s)
        while len(present) < len(specs):
            present = _visible(admin, list(specs))
            if len(present) < len(specs):
                _check_time(deadline, timeout_s, sorted(set(specs) - set(present)))
                time.sleep(0.05)
    _compare(specs, present, on_mismatch)
    return present


def partition_counts(settings: KafkaSettings, names: list[str]) -> dict[str, int]:
    """Return the number of partitions of each of these topics that exists with a leader for every partition.

    Raises:
        TransientError: when the brokers do not answer.
    """
    with (
        kafka_errors(settings, f"looking at the topics {', '.join(names)}"),
        build_admin(settings) as admin,
    ):
        return _visible(admin, names)


def _patience(settings: KafkaSettings, timeout_s: float) -> dict[str, int]:
    """Return how long to look for a broker, nothing where the settings say it themselves."""
    if "bootstrap_timeout_ms" in settings.client_options(settings.admin):
        return {}
    return {"bootstrap_timeout_ms": int(timeout_s * 1000)}


def _visible(admin: Admin, names: list[str]) -> dict[str, int]:
    """Return the partition counts of those topics that exist with a leader for each partition."""
    existing = set(admin.list_topics())
    # Asked by name only where it exists: a broker may make an unknown topic just because it was asked about.
    wanted = [name for name in names if name in existing]
    if not wanted:
        return {}
    counts: dict[str, int] = {}
    for topic in admin.describe_topics(wanted):
        partitions: list[dict[str, Any]] = topic.get("partitions") or []
        ready = all(p["error_code"] == 0 and p["leader_id"] >= 0 for p in partitions)
        if topic["error_code"] == 0 and partitions and ready:
            counts[topic["name"]] = len(partitions)
    return counts


def _create(admin: Admin, missing: Mapping[str, TopicSpec], timeout_s: float) -> None:
    wishes = {
        name: {
            "num_partitions": spec.partitions,
            "replication_factor": spec.replication,
            "configs": dict(spec.config),
        }
        for name, spec in missing.items()
    }
    answer = admin.create_topics(wishes, timeout_ms=int(timeout_s * 1000), raise_errors=False)
    for topic in answer["topics"]:
        kind = errors.for_code(topic["error_code"])
        # Another process may have made it between our look and our wish.
        if kind in (errors.NoError, errors.TopicAlreadyExistsError):
            continue
        reason = topic.get("error_message") or kind.__name__
        if kind.retriable:
            message = f"topic {topic['name']}: {reason}"
            raise kind(message)
        message = (
            f"topic {topic['name']} could not be made: {reason}; the brokers decide which names, "
            f"partition counts and settings they accept; change its spec, or have the topic made by whoever "
            f"runs the cluster"
        )
        raise SettingsError(message)


def _check_time(deadline: float, timeout_s: float, missing: list[str]) -> None:
    if time.monotonic() > deadline:
        message = (
            f"topics {', '.join(missing)} were asked for but not visible after {timeout_s:g} s; "
            f"each needs a leader for every partition; check the brokers and try again"
        )
        raise TransientError(message)


def _compare(
    specs: Mapping[str, TopicSpec], present: Mapping[str, int], on_mismatch: Literal["error", "warn"]
) -> None:
    other = [
        f"{name} has {present[name]} partitions where {spec.partitions} were asked for"
        for name, spec in specs.items()
        if present[name] != spec.partitions
    ]
    if not other:
        return
    message = (
        f"{'; '.join(other)}; records of one key must stay in one partition, so nothing was changed; "
        f"set the number that exists, or choose another topic name or prefix"
    )
    if on_mismatch == "error":
        raise SettingsError(message)
    warnings.warn(message, PartitionCountWarning, stacklevel=3)
