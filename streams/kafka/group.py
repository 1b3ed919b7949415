"""Joining a consumer group without losing the answer.

It deliberately knows nothing of partitions or records.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

from streams.kafka.protocols import Consumer


class Coordinator(Protocol):
    """What telcollm uses of kafka-python's group coordinator."""

    def need_rejoin(self) -> bool:
        """Tell whether the group wants this member to join (again)."""

    def poll(self, timeout_ms: float | None = ...) -> bool:
        """Return once the member is in the group."""


def group_coordinator(consumer: Consumer) -> Coordinator:
    """Return the coordinator inside a consumer; the library has no public way to it."""
    inside: Any = consumer
    coordinator: Coordinator = inside._coordinator
    return coordinator


class GroupJoin:
    """One joining of the group, on a thread of its own until it is done.

    kafka-python 3.0 forgets the answer to a join that comes while nobody waits in `poll`, and asks to join
    again, which makes every other member join again too: owners that compute between short polls could keep
    each other joining for ever. So somebody waits until the answer is there, while the owner's own polls
    stay short.
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
            self._coordinator.poll(timeout_ms=None)
        except Exception as error:
            # Raised again on the owner's thread; when the owner has closed its client, of no interest to
            # anyone.
            self.error = error
        finally:
            self.done = True
            self._finished.set()
