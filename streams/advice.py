"""Advice: a language model's opinion on complete incidents, taken beside the stream: alarms never wait.

Requests wait in the store, so a crash loses none; an opinion is written once, with the end of its request.
Does not know what the model is or what a prompt looks like.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

import msgspec

from streams.topics import advice_lane
from telcollm.errors import MissingExtraError, SettingsError, TransientError
from telcollm.ports import EVERYTHING, Adviser, Store
from telcollm.records import Diagnosis, Shadow
from telcollm.state import DiagnosisRequest

_LOG = logging.getLogger(__name__)
_TRIES = 3
_MISSING_WAIT_S = 30.0


def advice_request(request: DiagnosisRequest) -> DiagnosisRequest:
    """Return the request for a model's opinion on what was just diagnosed."""
    return msgspec.structs.replace(
        request, request_id=f"advice:{request.request_id}", lane=advice_lane(request.lane)
    )


def wants_advice(request: DiagnosisRequest) -> bool:
    """Tell whether there is a choice for a model to make: a complete incident with several candidates."""
    return request.incident.window_complete and len(request.candidates) > 1


class AdviceDesk:
    """Serves the waiting requests of the owned lanes in batches, on a thread of its own."""

    def __init__(
        self,
        store: Store,
        adviser: Adviser,
        *,
        lanes: Callable[[], Sequence[str]],
        batch_size: Callable[[], int],
        prompt_tokens: Callable[[], int],
        allowed: Callable[[], bool],
        on_batch: Callable[[Sequence[DiagnosisRequest], Sequence[Shadow]], None] = lambda asked, told: None,
        idle_wait_s: float = 0.2,
    ) -> None:
        self._store = store
        self._adviser = adviser
        self._lanes = lanes
        self._batch_size = batch_size
        self._prompt_tokens = prompt_tokens
        self._allowed = allowed
        self._on_batch = on_batch
        self._idle_wait_s = idle_wait_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="telcollm-advice", daemon=True)
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
        """Whether the thread serves; `failure` says what went wrong with the model last, empty if nothing."""
        return self._thread.is_alive()

    def waiting(self) -> int:
        """Return how many requests wait in the owned lanes."""
        lanes = self._waiting_lanes()
        return self._store.pending_counts(lanes).get("requests", 0) if lanes else 0

    def _serve(self) -> None:
        while not self._stop.is_set():
            served = 0
            try:
                served = self.serve_once() if self._allowed() else 0
                if served:
                    self.failure = ""
            except TransientError as error:
                self.failure = str(error)
                _LOG.warning("advice is waiting: %s", error)
            except (SettingsError, MissingExtraError) as error:
                # The model is not there: a person can mend that, and the requests wait for it.
                self.failure = str(error)
                _LOG.error("advice is waiting: %s", error)
                self._stop.wait(_MISSING_WAIT_S)
            except Exception as error:
                # A model may fail in any way; what it cannot answer must not come first for ever.
                self.failure = str(error) or type(error).__name__
                _LOG.exception("the model failed")
                self._give_up_on_first(error)
            if not served:
                self._stop.wait(self._idle_wait_s)

    def _give_up_on_first(self, error: Exception) -> None:
        """Let the requests at hand go without an opinion once they have failed often enough."""
        self._failures += 1
        if self._failures < _TRIES:
            return
        try:
            requests = self._store.pending_requests(self._waiting_lanes(), self._batch_size())
            with self._store.transaction() as transaction:
                transaction.finish_requests(request.request_id for request in requests)
        except TransientError as locked:
            _LOG.warning("advice is waiting: %s", locked)
            return
        self._failures = 0
        _LOG.error("%d requests get no opinion: %s", len(requests), error)

    def _waiting_lanes(self) -> list[str]:
        return [advice_lane(lane) for lane in self._lanes()]

    def serve_once(self) -> int:
        """Return how many requests were answered: one batch, or none that waited."""
        lanes = self._waiting_lanes()
        if not lanes:
            return 0
        requests = self._store.pending_requests(lanes, self._batch_size())
        if not requests:
            return 0
        shadows = self._adviser.advise(requests, prompt_tokens=self._prompt_tokens())
        advised: list[Diagnosis] = []
        for request, shadow in zip(requests, shadows, strict=True):
            for diagnosis in self._store.diagnoses(EVERYTHING, request.incident.incident_id):
                if diagnosis.incident_revision == request.incident.revision:
                    advised.append(msgspec.structs.replace(diagnosis, shadow=shadow))
        with self._store.transaction() as transaction:
            transaction.put_diagnoses(advised)
            transaction.finish_requests(request.request_id for request in requests)
        self.batches += 1
        self._failures = 0
        self._on_batch(requests, shadows)
        return len(requests)
