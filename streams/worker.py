"""The worker loop: edge, correlation, diagnosis and outbox, one after the other, until told to stop.

It is crash-only: when a broker, the database or a partition is lost, everything is dropped, and taken up
again from the store. Does not know how its parts are built, nor any real clock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from streams.advice import AdviceDesk, advice_request, wants_advice
from streams.correlate import CorrelateStage, Told
from streams.degradation import DESCRIPTIONS, Level, next_level
from streams.edge import EdgeStage
from streams.outbox import OutboxRelay, Reached, nothing
from streams.topics import DIAGNOSES, on_wire
from telcollm.codec import encode
from telcollm.errors import FencedError, TelcollmError, TransientError
from telcollm.ports import Clock, Diagnoser, Store
from telcollm.records import Diagnosis
from telcollm.settings import Settings
from telcollm.state import OutboxMessage

_LOG = logging.getLogger(__name__)
_DIAGNOSE_BATCH = 256
_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_KEPT_LATENCIES = 20_000
_REPORT_EVERY_S = 0.25
_DRAIN_TRIES = 5
_DRAIN_PATIENCE = 100


class Status(msgspec.Struct):
    """How the worker stands: running totals since it started, and the present lag and level."""

    alarms: int = 0
    records: int = 0
    windows: int = 0
    incidents: int = 0
    diagnoses: int = 0
    batches: int = 0
    messages_sent: int = 0
    dead_letters: int = 0
    late_alarms: int = 0
    open_alarms: int = 0
    lag: int = 0
    advice_batches: int = 0
    advice_waiting: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    prompts: int = 0
    prompts_asked: int = 0
    restarts: int = 0
    level: str = Level.FULL.name
    level_says: str = DESCRIPTIONS[Level.FULL]
    failure: str = ""
    advice_failure: str = ""
    latency_ms: dict[str, float] = {}


class Stages(msgspec.Struct):
    """What one attempt of the worker runs on; closed and built anew after a failure."""

    edge: EdgeStage
    correlate: CorrelateStage
    relay: OutboxRelay

    def close(self) -> None:
        """Leave the groups and let go of connections, whatever fails on the way."""
        for stage in (self.edge, self.correlate, self.relay):
            with suppress(TelcollmError):
                stage.close()


class Worker:
    """Runs until `stopping()`, or once `draining()`, until all that is on the brokers is through."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        diagnoser: Diagnoser,
        build: Callable[[], Stages],
        *,
        desk: Callable[[Worker], AdviceDesk] | None = None,
        sleep: Callable[[float], None],
        stopping: Callable[[], bool],
        draining: Callable[[], bool] = lambda: False,
        on_status: Callable[[Status], None] = lambda status: None,
        reached: Reached = nothing,
    ) -> None:
        self.settings = settings
        self.store = store
        self.status = Status()
        self.level = Level.FULL
        self._clock = clock
        self._diagnoser = diagnoser
        self._build = build
        self._sleep = sleep
        self._stopping = stopping
        self._draining = draining
        self._on_status = on_status
        self._reached = reached
        self._stages: Stages | None = None
        self._latencies: list[float] = []
        self._base: dict[str, int] = {}
        self._failures = 0
        self._reported_s = -1.0
        self._diagnoses_topic = on_wire(settings.kafka, DIAGNOSES)
        self._desk = desk(self) if desk else None

    @property
    def lanes(self) -> list[str]:
        """The lanes of the correlating stage this worker owns now."""
        return self._stages.correlate.lanes if self._stages else []

    def run(self) -> Status:
        """Return the final status after a stop or a drain.

        Raises:
            TelcollmError: something that trying again cannot mend.
        """
        if self._desk:
            self._desk.start()
        try:
            while not self._stopping():
                try:
                    self._stages = self._build()
                    self._attempt(self._stages)
                    return self.status
                except (TransientError, FencedError) as error:
                    if self._draining() and self._failures >= _DRAIN_TRIES:
                        raise
                    self._recover(error)
        finally:
            self._close_stages()
            if self._desk:
                self._desk.stop()
            self._report(always=True)
        return self.status

    def _recover(self, error: TelcollmError) -> None:
        """Drop everything and wait a little, longer each time in a row."""
        _LOG.warning("taking everything up again from the store: %s", error)
        self.status.restarts += 1
        self.status.failure = str(error)
        self._report(always=True)
        self._close_stages()
        self._sleep(_BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)])
        self._failures += 1

    def _close_stages(self) -> None:
        stages, self._stages = self._stages, None
        if stages is not None:
            self._note_totals(stages)
            self._base = {
                "records": self.status.records,
                "dead_letters": self.status.dead_letters,
            }
            stages.close()

    def _attempt(self, stages: Stages) -> None:
        quiet = 0
        busy = False
        while not self._stopping():
            wait_ms = 0 if busy else self.settings.streams.poll_timeout_ms
            read = stages.edge.step(wait_ms)
            told = stages.correlate.step(wait_ms, coalesce=self.level >= Level.COALESCED)
            self.status.failure, self._failures = "", 0
            self._count(told)
            self.diagnose(stages)
            self._relay(stages)
            busy = bool(read or told.records)
            self._note_totals(stages)
            self._report()
            if busy or not self._draining():
                quiet = 0
                continue
            drained = stages.edge.drained() and stages.correlate.drained(stages.edge.written)
            quiet = quiet + 1 if drained else 0
            if quiet >= 2:
                self._finish(stages)
                return

    def _finish(self, stages: Stages) -> None:
        """Complete every window, and see everything that waits through."""
        self._count(stages.correlate.finish())
        while self.diagnose(stages):
            pass
        while self._relay(stages):
            pass
        desk = self._desk
        patience = _DRAIN_PATIENCE
        while desk and desk.alive and desk.waiting() and patience and not self._stopping():
            # A model that does not answer must not keep a drain for ever: its requests wait in the store.
            patience = patience - 1 if desk.failure else _DRAIN_PATIENCE
            self._note_totals(stages)
            self._report()
            self._sleep(0.1)
        self._note_totals(stages)

    def _count(self, told: Told) -> None:
        status = self.status
        status.alarms += told.alarms
        status.windows += told.windows
        status.incidents += told.incidents
        status.batches += told.alarms > 0
        now_ms = self._clock.now_ms()
        self._latencies += [max(0, now_ms - at_ms) for at_ms in told.opened_ms if at_ms > 0]
        if len(self._latencies) > _KEPT_LATENCIES:
            del self._latencies[: len(self._latencies) - _KEPT_LATENCIES]

    def _relay(self, stages: Stages) -> int:
        sent = stages.relay.relay([*stages.edge.lanes, *stages.correlate.lanes])
        self.status.messages_sent += sent
        return sent

    def diagnose(self, stages: Stages) -> int:
        """Return how many waiting requests were diagnosed and committed: one batch."""
        requests = self.store.pending_requests(stages.correlate.lanes, _DIAGNOSE_BATCH)
        if not requests:
            return 0
        decided_time = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        diagnoses = self._diagnoser.diagnose(requests, decided_time=decided_time)
        lanes = {request.request_id: request.lane for request in requests}
        self._reached("before diagnosis store")
        with self.store.transaction() as transaction:
            transaction.put_diagnoses(diagnoses)
            transaction.finish_requests(lanes)
            transaction.put_outbox(
                self._message(diagnosis, request.lane)
                for diagnosis, request in zip(diagnoses, requests, strict=True)
            )
            if self._desk and self.level < Level.RULES_ONLY:
                transaction.put_requests(
                    advice_request(request) for request in requests if wants_advice(request)
                )
        self.status.diagnoses += len(diagnoses)
        return len(requests)

    def _message(self, diagnosis: Diagnosis, lane: str) -> OutboxMessage:
        return OutboxMessage(
            message_id=f"diagnosis:{diagnosis.incident_id}:{diagnosis.incident_revision}",
            lane=lane,
            topic=self._diagnoses_topic,
            key=diagnosis.incident_id,
            value=encode(diagnosis),
            headers=(("revision", str(diagnosis.incident_revision)), ("mode", diagnosis.mode.value)),
        )

    def _note_totals(self, stages: Stages) -> None:
        status = self.status
        status.lag = stages.edge.lag() + stages.correlate.lag()
        status.records = self._base.get("records", 0) + stages.edge.records
        status.dead_letters = self._base.get("dead_letters", 0) + stages.edge.dead_letters
        status.open_alarms = stages.correlate.open_alarms
        status.late_alarms = stages.correlate.late_count
        level = next_level(self.level, status.lag, self.settings.streams)
        if level != self.level:
            _LOG.warning("lag %d records: %s", status.lag, DESCRIPTIONS[level])
            self.level = level
        status.level, status.level_says = level.name, DESCRIPTIONS[level]
        if self._desk:
            status.advice_batches = self._desk.batches
            status.advice_failure = self._desk.failure

    def _report(self, *, always: bool = False) -> None:
        now_s = self._clock.monotonic_s()
        if not always and now_s - self._reported_s < _REPORT_EVERY_S:
            return
        self._reported_s = now_s
        self.status.latency_ms = percentiles(self._latencies)
        self._on_status(self.status)

    def note_advice(self, counters: Mapping[str, float], waiting: int) -> None:
        """Take over what the model has been asked so far."""
        self.status.tokens_in = int(counters.get("tokens_in", 0))
        self.status.tokens_out = int(counters.get("tokens_out", 0))
        self.status.prompts = int(counters.get("prompts", 0))
        self.status.prompts_asked = int(counters.get("asked", 0))
        self.status.advice_waiting = waiting


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 by nearest rank; empty for no values.

    >>> percentiles([5.0, 1.0, 3.0])
    {'p50': 3.0, 'p95': 5.0, 'p99': 5.0}
    """
    if not values:
        return {}
    ordered = sorted(values)
    last = len(ordered) - 1
    return {f"p{share}": ordered[min(last, int(len(ordered) * share / 100))] for share in (50, 95, 99)}
