"""Advice: a language model's opinion on complete incidents, taken beside the stream: alarms never wait.

Requests wait in the store, so a crash loses none; an opinion is written once, with the end of its request.
Does not know what the model is or what a prompt looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from streams.desk import Desk
from streams.topics import advice_lane
from telcollm.ports import EVERYTHING, Adviser, Store
from telcollm.records import Diagnosis, Shadow
from telcollm.state import DiagnosisRequest

Conclude = Callable[[DiagnosisRequest, Diagnosis, Shadow], Diagnosis]
"""Says what becomes of a diagnosis when an opinion on it has come."""


def advice_request(request: DiagnosisRequest) -> DiagnosisRequest:
    """Return the request for a model's opinion on what was just diagnosed."""
    return msgspec.structs.replace(
        request, request_id=f"advice:{request.request_id}", lane=advice_lane(request.lane)
    )


def wants_advice(request: DiagnosisRequest) -> bool:
    """Tell whether there is a choice for a model to make: a complete incident with several candidates."""
    return request.incident.window_complete and len(request.candidates) > 1


def kept_beside(request: DiagnosisRequest, diagnosis: Diagnosis, shadow: Shadow) -> Diagnosis:
    """Return the diagnosis as it was decided, the opinion beside it: what no promoted decider leads."""
    return msgspec.structs.replace(diagnosis, shadow=shadow)


class AdviceDesk(Desk):
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
        conclude: Conclude = kept_beside,
        on_batch: Callable[[Sequence[DiagnosisRequest], Sequence[Shadow]], None] = lambda asked, told: None,
        idle_wait_s: float = 0.2,
    ) -> None:
        super().__init__(store, name="telcollm-advice", allowed=allowed, idle_wait_s=idle_wait_s)
        self._adviser = adviser
        self._lanes = lanes
        self._batch_size = batch_size
        self._prompt_tokens = prompt_tokens
        self._conclude = conclude
        self._on_batch = on_batch

    def _first(self) -> list[str]:
        requests = self._store.pending_requests(self._waiting_lanes(), self._batch_size())
        return [request.request_id for request in requests]

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
                    advised.append(self._conclude(request, diagnosis, shadow))
        with self._store.transaction() as transaction:
            transaction.put_diagnoses(advised)
            transaction.finish_requests(request.request_id for request in requests)
        self._served()
        self._on_batch(requests, shadows)
        return len(requests)
