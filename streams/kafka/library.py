"""The one place that imports kafka-python, and gives its names to the rest of the seam.

It deliberately adds nothing to them but a type.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

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
    from kafka.net.inet import KafkaNetSocket

if TYPE_CHECKING:

    class TopicPartition(NamedTuple):
        """A partition of a topic, by its name on the wire."""

        topic: str
        partition: int

else:
    # kafka-python takes instances of its own class only.
    from kafka import TopicPartition


class ClosingSocket(KafkaNetSocket):  # type: ignore[misc]
    """Sockets that are closed when they fail to connect; the library leaves that to the garbage collector.

    Chosen by the library for clients whose `proxy_url` has this scheme; there is no proxy.
    """

    SCHEMES = ("direct",)
    PROXY_URL = "direct://"

    async def sock_connect(self, net: Any, sock: Any, sockaddr: Any, timeout_at: float | None = None) -> Any:
        """Return `sock` connected, or close it and raise what the library raises."""
        try:
            return await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise


__all__ = [
    "ClosingSocket",
    "ConsumerRebalanceListener",
    "KafkaAdminClient",
    "KafkaConsumer",
    "KafkaNetClient",
    "KafkaProducer",
    "OffsetAndMetadata",
    "TopicPartition",
    "errors",
]
