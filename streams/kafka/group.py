"""Joining a consumer group without losing the answer, and without waiting for one that never comes.

It deliberately knows nothing of partitions or records.
"""

from __future__ import annotations

import logging
import threading
from typing import Any, Protocol

from streams.kafka.protocols import Consumer

_LOG = logging.getLogger(__name__)


class Coordinator(Protocol):
    """What telcollm uses of kafka-python's group coordinator."""

    def need_rejoin(self) -> bool:
        """Tell whether the group wants this member to join (again)."""

    def request_rejoin(self) -> None:
        """Have `need_rejoin` say True until this member has joined."""

    def poll(self, timeout_ms: float | None = ...) -> bool:
        """Return True once the member is in the group, False after `timeout_ms` milliseconds."""


def group_coordinator(consumer: Consumer) -> Coordinator:
    """Return the coordinator inside a consumer; the library has no public way to it."""
    inside: Any = consumer
    coordinator: Coordinator = inside._coordinator
    return coordinator


def was_thrown_out(coordinator: Coordinator) -> bool:
    """Tell whether the group has dropped this member, and may have given its partitions to others."""
    inside: Any = coordinator
    return bool(inside._generation.is_lost())


def was_prepared(coordinator: Coordinator) -> bool:
    """Tell whether the client stands between two memberships: ready to join, and not joined yet.

    It then fetches nothing and sends no heartbeats, and only a join that succeeds ends that.
    """
    inside: Any = coordinator
    return bool(inside.rejoining)


def must_join(coordinator: Coordinator) -> bool:
    """Tell whether this member has to join (again); asks again for a join that was prepared and not made.

    kafka-python 3.0 takes such a join for made where its reason passes before the group has answered.
    """
    if was_prepared(coordinator):
        coordinator.request_rejoin()
    return coordinator.need_rejoin()


class GroupJoin:
    """One joining of the group, on a thread of its own until it is done.

    kafka-python 3.0 forgets the answer to a join that comes while nobody waits in `poll`, and asks to join
    again, which makes every other member join again too: owners that compute between short polls could keep
    each other joining for ever. So somebody waits until the answer is there, while the owner's own polls
    stay short.

    A join that has no answer after a session is asked again, on another connection: noida-db 0.2.3 forgets a
    member that waits when another comes in the moment in which the round ends, and would leave both waiting
    for the five minutes of a rebalance. To Kafka this is a client that had lost its connection.
    """

    def __init__(self, coordinator: Coordinator, finished: threading.Event) -> None:
        self._coordinator = coordinator
        self._finished = finished
        self.error: Exception | None = None
        self.done = False
        self._thread = threading.Thread(target=self._run, name="kafka-join", daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float) -> None:
        """Return once the thread has ended, or after `timeout_s` seconds."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            session_ms = _session_ms(self._coordinator)
            while True:
                if not self._coordinator.poll(timeout_ms=session_ms):
                    _LOG.info("joining the group has had no answer for %d ms; asking again", session_ms)
                    _hang_up(self._coordinator)
                elif not (was_prepared(self._coordinator) and must_join(self._coordinator)):
                    return
        except Exception as error:
            # Raised again on the owner's thread; when the owner has closed its client, of no interest to
            # anyone.
            self.error = error
        finally:
            self.done = True
            self._finished.set()


def _session_ms(coordinator: Coordinator) -> float:
    inside: Any = coordinator
    return float(inside.config["session_timeout_ms"])


def _hang_up(coordinator: Coordinator) -> None:
    """Close the connection to the coordinating broker, where there is one: what waits on it then fails."""
    inside: Any = coordinator

    async def close() -> None:
        if inside.coordinator_id is not None:
            inside._manager.close(inside.coordinator_id)

    inside._net.run(close)
