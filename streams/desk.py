"""A desk: serves what waits in lanes of the store, in batches, on a thread of its own beside the stream.

Requests wait in the store, so a crash loses none. Does not know what is asked for nor what is answered.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from telcollm.errors import MissingExtraError, SettingsError, TelcollmError, TransientError
from telcollm.ports import Store

_LOG = logging.getLogger(__name__)
TRIES: Final = 3
"""How often in a row a batch may fail before its requests are given up."""
_MISSING_WAIT_S: Final = 30.0


class Desk(ABC):
    """Calls `serve_once` for as long as it runs; a subclass says what that is and what waits."""

    def __init__(
        self,
        store: Store,
        *,
        name: str,
        allowed: Callable[[], bool] = lambda: True,
        idle_wait_s: float = 0.2,
    ) -> None:
        self._store = store
        self._allowed = allowed
        self._idle_wait_s = idle_wait_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._name = name
        self.batches = 0
        self.failure: str = ""
        self._failures = 0

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """End after the batch at hand; what still waits stays in the store."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    @property
    def alive(self) -> bool:
        """Whether the thread serves; `failure` says what went wrong last, empty if nothing."""
        return self._thread.is_alive()

    def waiting(self) -> int:
        """Return how many requests wait in the owned lanes."""
        lanes = self._waiting_lanes()
        return self._store.pending_counts(lanes).get("requests", 0) if lanes else 0

    @abstractmethod
    def serve_once(self) -> int:
        """Return how many requests were answered: one batch, or none that waited."""

    @abstractmethod
    def _waiting_lanes(self) -> list[str]:
        """Return the lanes whose requests this desk serves."""

    @abstractmethod
    def _first(self) -> list[str]:
        """Return the ids of the requests that the next batch would hold."""

    def _served(self) -> None:
        self.batches += 1
        self._failures = 0
        self.failure = ""

    def _serve(self) -> None:
        while not self._stop.is_set():
            served = 0
            try:
                served = self.serve_once() if self._allowed() else 0
            except TransientError as error:
                self.failure = str(error)
                _LOG.warning("%s is waiting: %s", self._name, error)
            except (SettingsError, MissingExtraError) as error:
                # What answers is not there: a person can mend that, and the requests wait for it.
                self.failure = str(error)
                _LOG.error("%s is waiting: %s", self._name, error)
                self._stop.wait(_MISSING_WAIT_S)
            except Exception as error:
                # What answers may fail in any way; what it cannot answer must not come first for ever.
                self.failure = str(error) or type(error).__name__
                _LOG.exception("%s failed", self._name)
                self._give_up_on_first(error)
            if not served:
                self._stop.wait(self._idle_wait_s)

    def _give_up_on_first(self, error: Exception) -> None:
        """Let the requests at hand go unanswered once they have failed often enough."""
        self._failures += 1
        if self._failures < TRIES:
            return
        try:
            first = self._first()
            with self._store.transaction() as transaction:
                transaction.finish_requests(first)
        except TelcollmError as refused:
            _LOG.warning("%s is waiting: %s", self._name, refused)
            return
        self._failures = 0
        _LOG.error("%d requests get no answer, the first of them %s: %s", len(first), first[:1], error)
