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

from streams.advice import AdviceDesk, advice_request, diagnosis_message, wants_advice
from streams.correlate import CorrelateStage, Told
from streams.degradation import DESCRIPTIONS, Level, next_level
from streams.desk import Desk
from streams.edge import EdgeStage
from streams.intake import IntakeStage
from streams.outbox import OutboxRelay, Reached, nothing
from streams.reply_desk import ReplyDesk, changed_requests
from streams.routing_desk import RoutingDesk
from streams.topics import DIAGNOSES, on_wire
from telcollm.errors import FencedError, TelcollmError, TransientError
from telcollm.ports import Clock, Diagnoser, Store
from telcollm.settings import Settings

_LOG = logging.getLogger(__name__)
_DIAGNOSE_BATCH = 256
_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_KEPT_LATENCIES = 20_000
_REPORT_EVERY_S = 0.25
_DRAIN_TRIES = 5
_DRAIN_PATIENCE = 100
_DRAIN_EMPTY_HANDED = 20
"""How often in a row all must be drained for a worker without a partition: it may be given one yet."""


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
    taken: int = 0
    routes: int = 0
    replies: int = 0
    desk_failure: str = ""
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
    """What one attempt of the worker runs on; closed and built anew after a failure.

    Without a topic of alarms there is no edge, and with no other topics there is no intake.
    """

    edge: EdgeStage | None
    correlate: CorrelateStage
    relay: OutboxRelay
    intake: tuple[IntakeStage, ...] = ()

    @property
    def sources(self) -> tuple[EdgeStage | IntakeStage, ...]:
        """The stages that read operators' topics."""
        return (*((self.edge,) if self.edge else ()), *self.intake)

    def close(self) -> None:
        """Leave the groups and let go of connections, whatever fails on the way."""
        for stage in (*self.sources, self.correlate, self.relay):
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
        desks: Callable[[Worker], Sequence[RoutingDesk | ReplyDesk]] = lambda worker: (),
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
        self._desks = tuple(desks(self))
        self._looks_at_replies = any(isinstance(one, ReplyDesk) for one in self._desks)

    @property
    def lanes(self) -> list[str]:
        """The lanes of the correlating stage this worker owns now; desks ask on threads of their own."""
        stages = self._stages
        return stages.correlate.lanes if stages else []

    def lanes_of(self, kind: str) -> list[str]:
        """Return the lanes of one kind of intake that this worker owns now."""
        stages = self._stages
        return (
            [lane for stage in stages.intake if stage.kind == kind for lane in stage.lanes] if stages else []
        )

    def run(self) -> Status:
        """Return the final status after a stop or a drain.

        Raises:
            TelcollmError: something that trying again cannot mend.
        """
        for desk in self._all_desks():
            desk.start()
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
            for desk in self._all_desks():
                desk.stop()
            self._note_desks()
            self._report(always=True)
        return self.status

    def _all_desks(self) -> list[Desk]:
        return [*((self._desk,) if self._desk else ()), *self._desks]

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
                "taken": self.status.taken,
            }
            stages.close()

    def _attempt(self, stages: Stages) -> None:
        quiet = 0
        busy = False
        while not self._stopping():
            wait_ms = 0 if busy else self.settings.streams.poll_timeout_ms
            read = stages.edge.step(wait_ms) if stages.edge else 0
            # Alarms wait for no other topic: what of these has come is taken, and nobody waits for more.
            read += sum(stage.step(0) for stage in stages.intake)
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
            written = stages.edge.written if stages.edge else {}
            drained = all(stage.drained() for stage in stages.sources) and stages.correlate.drained(written)
            quiet = quiet + 1 if drained else 0
            owns = bool(stages.correlate.lanes or any(stage.lanes for stage in stages.sources))
            if quiet >= (2 if owns else _DRAIN_EMPTY_HANDED):
                self._finish(stages)
                return

    def _finish(self, stages: Stages) -> None:
        """Complete every window, and see everything that waits through."""
        self._count(stages.correlate.finish())
        while self.diagnose(stages):
            pass
        for desk in self._desks:
            self._see_through(desk, stages)
        while self._relay(stages):
            pass
        if self._desk:
            self._see_through(self._desk, stages)
            # What an opinion changed is sent again.
            while self._relay(stages):
                pass
        self._note_totals(stages)

    def _see_through(self, desk: Desk, stages: Stages) -> None:
        """Wait until nothing waits for a desk."""
        patience = _DRAIN_PATIENCE
        while desk.alive and desk.waiting() and patience and not self._stopping():
            # A model that does not answer must not keep a drain for ever: its requests wait in the store.
            patience = patience - 1 if desk.failure else _DRAIN_PATIENCE
            self._note_totals(stages)
            self._report()
            self._sleep(0.1)

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
        lanes = [lane for stage in stages.sources for lane in stage.lanes]
        sent = stages.relay.relay([*lanes, *stages.correlate.lanes])
        self.status.messages_sent += sent
        return sent

    def diagnose(self, stages: Stages) -> int:
        """Return how many waiting requests were looked at: one batch, each diagnosed by one owner alone."""
        requests = self.store.pending_requests(stages.correlate.lanes, _DIAGNOSE_BATCH)
        if not requests:
            return 0
        decided_time = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        diagnoses = self._diagnoser.diagnose(requests, decided_time=decided_time)
        self._reached("before diagnosis store")
        with self.store.transaction() as transaction:
            # A lane's next owner may have diagnosed the same, and a model may lead what it wrote by now.
            taken = transaction.take_requests(request.request_id for request in requests)
            mine = [
                (request, diagnosis)
                for request, diagnosis in zip(requests, diagnoses, strict=True)
                if request.request_id in taken
            ]
            asked = [request for request, _ in mine]
            transaction.put_diagnoses(diagnosis for _, diagnosis in mine)
            transaction.put_outbox(
                diagnosis_message(diagnosis, request.lane, self._diagnoses_topic)
                for request, diagnosis in mine
            )
            if self._looks_at_replies:
                transaction.put_desk_requests(changed_requests(transaction, asked, self._clock.now_ms()))
            if self._desk and self.level < Level.RULES_ONLY:
                transaction.put_requests(
                    advice_request(request) for request in asked if wants_advice(request)
                )
        self.status.diagnoses += len(mine)
        return len(requests)

    def _note_totals(self, stages: Stages) -> None:
        status = self.status
        sources = stages.sources
        # Levels of degradation are about alarms: what is behind on other topics shows, and changes none.
        alarms_lag = (stages.edge.lag() if stages.edge else 0) + stages.correlate.lag()
        status.lag = alarms_lag + sum(stage.lag() for stage in stages.intake)
        status.records = self._base.get("records", 0) + sum(stage.records for stage in sources)
        status.dead_letters = self._base.get("dead_letters", 0) + sum(stage.dead_letters for stage in sources)
        status.taken = self._base.get("taken", 0) + sum(stage.taken for stage in stages.intake)
        status.open_alarms = stages.correlate.open_alarms
        status.late_alarms = stages.correlate.late_count
        level = next_level(self.level, alarms_lag, self.settings.streams)
        if level != self.level:
            _LOG.warning("lag %d records: %s", alarms_lag, DESCRIPTIONS[level])
            self.level = level
        status.level, status.level_says = level.name, DESCRIPTIONS[level]
        self._note_desks()

    def _note_desks(self) -> None:
        status = self.status
        if self._desk:
            status.advice_batches = self._desk.batches
            status.advice_failure = self._desk.failure
        status.routes = sum(desk.answers for desk in self._desks if isinstance(desk, RoutingDesk))
        status.replies = sum(desk.answers for desk in self._desks if isinstance(desk, ReplyDesk))
        status.desk_failure = next((desk.failure for desk in self._desks if desk.failure), "")

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
