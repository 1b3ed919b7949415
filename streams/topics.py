"""The names of telcollm's own topics. Operators' topics keep the names they have."""

from __future__ import annotations

from typing import Final

from telcollm.kafka_settings import KafkaSettings

EVENTS: Final = "telcollm.events.v1"
INCIDENTS: Final = "telcollm.incidents.v1"
DIAGNOSES: Final = "telcollm.diagnoses.v1"
ROUTES: Final = "telcollm.routes.v1"
REPLIES: Final = "telcollm.replies.v1"
DEAD_LETTERS: Final = "telcollm.dead-letters.v1"

EDGE_GROUP: Final = "telcollm-edge"
CORRELATE_GROUP: Final = "telcollm-correlate"
INTAKE_GROUP: Final = "telcollm-intake"


def on_wire(kafka: KafkaSettings, name: str) -> str:
    """Return the name of one of telcollm's own topics as it stands on the brokers."""
    return kafka.topic(name)


def group(kafka: KafkaSettings, name: str) -> str:
    """Return the name of one of telcollm's consumer groups, prefixed as its topics are."""
    return kafka.topic(name)


def lane_of(topic: str, partition: int) -> str:
    """Return the lane of a partition: what its owner alone may send, diagnose or advise on."""
    return f"{topic}/{partition}"


def advice_lane(lane: str) -> str:
    """Return the lane in which a partition's requests wait for a model's opinion."""
    return f"advice:{lane}"


def route_lane(lane: str) -> str:
    """Return the lane in which a partition's tickets wait for routes."""
    return f"route:{lane}"


def reply_lane(lane: str) -> str:
    """Return the lane in which a partition's messages and changed incidents wait for the care desk."""
    return f"reply:{lane}"
