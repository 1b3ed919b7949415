"""A Kafka-compatible broker from a Python wheel, started, watched and ended by its owner.

It knows processes, ports and folders. It deliberately knows nothing of topics, records or the worker.
"""

from streams.broker.embedded import EmbeddedBroker
from streams.broker.wheel import BrokerKind

__all__ = ["BrokerKind", "EmbeddedBroker"]
