"""The one place that imports kafka-python, and gives its names to the rest of the seam.

It deliberately adds nothing to them but a type.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

with warnings.catch_warnings():
    # Up to Python 3.12 the library's way of reading its own protocol files counts as deprecated.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    from kafka import (
        ConsumerRebalanceListener,
        KafkaAdminClient,
        KafkaConsumer,
        KafkaProducer,
        OffsetAndMetadata,
        errors,
    )
    from kafka.net.compat import KafkaNetClient

if TYPE_CHECKING:

    class TopicPartition(NamedTuple):
        """A partition of a topic, by its name on the wire."""

        topic: str
        partition: int

else:
    # kafka-python takes instances of its own class only.
    from kafka import TopicPartition

__all__ = [
    "ConsumerRebalanceListener",
    "KafkaAdminClient",
    "KafkaConsumer",
    "KafkaNetClient",
    "KafkaProducer",
    "OffsetAndMetadata",
    "TopicPartition",
    "errors",
]
