"""Advice: a language model's opinion on complete incidents, taken beside the stream: alarms never wait.

Requests wait in the store, so a crash loses none; an opinion is written once, with the end of its request
and, where it changed what was decided, with the message that says so. Does not know what the model is or
what a prompt looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from streams.desk import Desk
from streams.outbox import Reached, nothing
from streams.topics import advice_lane
from telcollm.codec import encode
from telcollm.ports import EVERYTHING, Adviser, Clock, Store
from telcollm.records import Diagnosis, Shadow
from telcollm.state import DiagnosisRequest, OutboxMessage

Opinion = tuple[DiagnosisRequest, Diagnosis, Shadow]
"""What was asked, the diagnosis of that revision as it stands, and what was said of it."""


class Conclude(Protocol):
    """Says what becomes of diagnoses when opinions on them have come."""

    def __call__(self, opinions: Sequence[Opinion], *, decided_time: datetime) -> list[Diagnosis]:
        """Return one diagnosis an opinion, in order, under the id it had, the opinion beside it.

        Raises:
            TransientError: the database did not answer.
        """
        ...


def advice_request(request: DiagnosisRequest) -> DiagnosisRequest:
    """Return the request for a model's opinion on what was just diagnosed."""
    return msgspec.structs.replace(
        request, request_id=f"advice:{request.request_id}", lane=advice_lane(request.lane)
    )


def wants_advice(request: DiagnosisRequest) -> bool:
    """Tell whether there is a choice for a model to make: a complete incident with several candidates."""
    return request.incident.window_complete and len(request.candidates) > 1


def kept_beside(opinions: Sequence[Opinion], *, decided_time: datetime) -> list[Diagnosis]:
    """Return the diagnoses as they were decided, the opinions beside them: what no promoted decider leads."""
    return [msgspec.structs.replace(diagnosis, shadow=shadow) for _, diagnosis, shadow in opinions]


def diagnosis_message(diagnosis: Diagnosis, lane: str, topic: str, *, led: bool = False) -> OutboxMessage:
    """Return the message that tells of a diagnosis; one that an opinion `led` has an id of its own.

    Of an incident's diagnoses the one of the highest `revision` stands, of that revision the last.
    """
    name = f"diagnosis:{diagnosis.incident_id}:{diagnosis.incident_revision}"
    return OutboxMessage(
        message_id=f"{name}:led" if led else name,
        lane=lane,
        topic=topic,
        key=diagnosis.incident_id,
        value=encode(diagnosis),
        headers=(("revision", str(diagnosis.incident_revision)), ("mode", diagnosis.mode.value)),
    )


class AdviceDesk(Desk):
    """Serves the waiting requests of the owned lanes in batches, on a thread of its own.

    A diagnosis that an opinion changed is sent to `topic` again; not where a later revision has one by now.
    `check` raises where opinions may not be given out: it has the last word before they are committed, and
    where it raises nothing is stored, and the requests wait.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        adviser: Adviser,
        *,
        lanes: Callable[[], Sequence[str]],
        topic: str,
        batch_size: Callable[[], int],
        prompt_tokens: Callable[[], int],
        allowed: Callable[[], bool],
        conclude: Conclude = kept_beside,
        check: Callable[[], None] = lambda: None,
        on_batch: Callable[[Sequence[DiagnosisRequest], Sequence[Shadow]], None] = lambda asked, told: None,
        reached: Reached = nothing,
        idle_wait_s: float = 0.2,
    ) -> None:
        super().__init__(store, name="telcollm-advice", allowed=allowed, idle_wait_s=idle_wait_s)
        self._clock = clock
        self._adviser = adviser
        self._lanes = lanes
        self._topic = topic
        self._batch_size = batch_size
        self._prompt_tokens = prompt_tokens
        self._conclude = conclude
        self._check = check
        self._on_batch = on_batch
        self._reached = reached

    def _first(self) -> list[str]:
        requests = self._store.pending_requests(self._waiting_lanes(), self._batch_size())
        return [request.request_id for request in requests]

    def _waiting_lanes(self) -> list[str]:
        return [advice_lane(lane) for lane in self._lanes()]

    def serve_once(self) -> int:
        """Return how many requests were answered: one batch, or none that waited.

        Raises:
            TransientError: the model or the database did not answer, or models were stopped meanwhile.
        """
        lanes = self._waiting_lanes()
        if not lanes:
            return 0
        requests = self._store.pending_requests(lanes, self._batch_size())
        if not requests:
            return 0
        shadows = self._adviser.advise(requests, prompt_tokens=self._prompt_tokens())
        standing = self._standing(requests)
        opinions = [
            (request, standing[request.request_id], shadow)
            for request, shadow in zip(requests, shadows, strict=True)
            if request.request_id in standing
        ]
        decided_time = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        concluded = self._conclude(opinions, decided_time=decided_time)
        self._reached("before advice store")
        with self._store.transaction() as transaction:
            # Of two owners that asked the same, one alone writes what it was told.
            mine = transaction.take_requests(request.request_id for request in requests)
            kept = [
                (request, before, after)
                for (request, before, _), after in zip(opinions, concluded, strict=True)
                if request.request_id in mine
            ]
            # Looked up as late as can be: a later revision may have been diagnosed while a model was asked.
            latest = self._latest(requests)
            transaction.put_diagnoses(after for _, _, after in kept)
            transaction.put_outbox(
                diagnosis_message(after, request.lane.removeprefix(advice_lane("")), self._topic, led=True)
                for request, before, after in kept
                if not _overtaken(request, latest) and _decided_anew(before, after)
            )
            # Models may have been stopped since they answered: what is committed leaves.
            self._check()
        self._reached("after advice store")
        self._served()
        told = [
            (request, shadow)
            for request, shadow in zip(requests, shadows, strict=True)
            if request.request_id in mine
        ]
        self._on_batch([request for request, _ in told], [shadow for _, shadow in told])
        return len(requests)

    def _latest(self, requests: Sequence[DiagnosisRequest]) -> Mapping[str, Diagnosis]:
        return self._store.latest_diagnoses(
            EVERYTHING, [request.incident.incident_id for request in requests]
        )

    def _standing(self, requests: Sequence[DiagnosisRequest]) -> dict[str, Diagnosis]:
        """Return by request the diagnosis of its revision."""
        latest = self._latest(requests)
        standing: dict[str, Diagnosis] = {}
        for request in requests:
            incident = request.incident
            found = latest.get(incident.incident_id)
            if _overtaken(request, latest):
                older = self._store.diagnoses(EVERYTHING, incident.incident_id)
                found = next((one for one in older if one.incident_revision == incident.revision), None)
            if found is not None and found.incident_revision == incident.revision:
                standing[request.request_id] = found
        return standing


def _overtaken(request: DiagnosisRequest, latest: Mapping[str, Diagnosis]) -> bool:
    """Tell whether a later revision of the incident has a diagnosis."""
    newest = latest.get(request.incident.incident_id)
    return newest is not None and newest.incident_revision > request.incident.revision


def _decided_anew(before: Diagnosis, after: Diagnosis) -> bool:
    """Tell whether more has changed than the opinion that is kept beside a diagnosis."""
    return msgspec.structs.replace(after, shadow=before.shadow) != before
