"""The ports: what the folders ask of one another and of the engines behind them, as Protocols.

Knows no implementation. The language model's port is `telcollm.model.port`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from telcollm.desk_ports import DeskTransaction
from telcollm.desk_ports import ReplySuggester as ReplySuggester
from telcollm.desk_ports import TicketRouter as TicketRouter
from telcollm.records import (
    CareMessage,
    Diagnosis,
    Feedback,
    Incident,
    PerceivedSeverity,
    PlannedWork,
    Shadow,
    TopologyElement,
)
from telcollm.state import (
    AlarmState,
    ComponentState,
    DeadLetter,
    DeskRequest,
    DiagnosisRequest,
    OutboxMessage,
    Progress,
    SentMark,
)


class Scope(msgspec.Struct, frozen=True):
    """Which tenants and regions a question may see; empty tuples mean all of them."""

    tenants: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


EVERYTHING = Scope()


class PartitionRows(msgspec.Struct):
    """What a worker loads of a partition on assignment."""

    alarms: list[AlarmState]
    components: list[ComponentState]


class IncidentQuery(msgspec.Struct, frozen=True):
    """Which incidents to list, and in which order. Superseded ones only when asked for.

    Those that went on in [since, until): the last event no earlier than `since`, opened before `until`.
    `text` is looked for, whatever its case, in id, objects, services and problems. Sorted by "latest" last
    event first; by "impact": severity, then services and objects hit, most first; or by "age", oldest first.
    """

    statuses: tuple[str, ...] = ()
    managed_object: str = ""
    severity_at_least: PerceivedSeverity | None = None
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    include_superseded: bool = False
    sort: Literal["latest", "impact", "age"] = "latest"
    limit: int = 50
    offset: int = 0


class IncidentCounts(msgspec.Struct, frozen=True):
    """How many incidents match a query; by status and by severity, those with none left out."""

    total: int
    by_status: dict[str, int]
    by_severity: dict[str, int]


class StoreTransaction(DeskTransaction, Protocol):
    """One atomic unit: all of it becomes durable on leaving the block, or none of it."""

    def fence(self, progress: Iterable[Progress]) -> None:
        """Write offsets and blobs, checking each `owner_epoch`.

        Raises:
            FencedError: another worker has claimed one of the partitions since.
        """
        ...

    def put_alarms(self, alarms: Iterable[AlarmState]) -> None:
        """Insert or update alarms by (partition, alarm_id); a known clear is never taken back."""
        ...

    def clear_alarms(self, partition: int, clears: Iterable[tuple[str, int]]) -> None:
        """Clear by (key, cleared_ms) the partition's home alarms raised no later that are still open.

        For clears that met no alarm in memory; other partitions see the same clears themselves.
        """
        ...

    def put_components(self, components: Iterable[ComponentState]) -> None:
        """Insert or update components by (partition, component_id)."""
        ...

    def put_component_incidents(self, mapping: Iterable[tuple[int, str, str]]) -> None:
        """Say by (partition, component_id, incident_id) to which incidents components belong.

        A component that nothing was said of belongs to the incident of its own id.
        """
        ...

    def linked_components(self, component_ids: Iterable[tuple[int, str]]) -> list[ComponentState]:
        """Return the closure over shared boundary alarms across partitions, the given ones included.

        Serialises with other transactions that ask the same, so that the later commit sees the earlier one.
        """
        ...

    def members(self, component_ids: Iterable[tuple[int, str]]) -> list[AlarmState]:
        """Return the alarms of the components, copies included, in order of (raised_ms, alarm_id)."""
        ...

    def put_incidents(self, incidents: Iterable[Incident]) -> None:
        """Insert or update incidents by id; a row with a higher revision is left as it is."""
        ...

    def put_requests(self, requests: Iterable[DiagnosisRequest]) -> None:
        """Queue diagnoses; a request_id that was queued before, done or not, is left as it is."""
        ...

    def put_diagnoses(self, diagnoses: Iterable[Diagnosis]) -> None:
        """Insert or update diagnoses by id."""
        ...

    def finish_requests(self, request_ids: Iterable[str]) -> None:
        """Mark requests as done."""
        ...

    def put_outbox(self, messages: Iterable[OutboxMessage]) -> None:
        """Queue messages in the order given; a message_id that was queued before is left as it is."""
        ...

    def finish_outbox(self, message_ids: Iterable[str], marks: Iterable[SentMark]) -> None:
        """Mark messages as sent and move the lanes' marks."""
        ...

    def put_dead_letters(self, letters: Iterable[DeadLetter]) -> None:
        """Insert or update dead letters by (topic, partition, offset); a replayed one stays replayed."""
        ...


class Store(Protocol):
    """The one place where what telcollm knows is durable."""

    def transaction(self) -> AbstractContextManager[StoreTransaction]:
        """Return one atomic unit of work.

        Raises:
            TransientError: the database did not answer, or a lock could not be had in time.
        """
        ...

    def claim(self, topic: str, partition: int) -> Progress:
        """Take a partition over: raise its owner_epoch by one, return how far the last owner came."""
        ...

    def load_partition(self, partition: int, since_ms: int) -> PartitionRows:
        """Return what is open, unresolved, or raised at `since_ms` or later, in order of raise."""
        ...

    def pending_outbox(self, lanes: Iterable[str], limit: int) -> list[OutboxMessage]:
        """Return unsent messages of the lanes in the order they were queued."""
        ...

    def sent_marks(self, lanes: Iterable[str]) -> list[SentMark]:
        """Return up to where the lanes' messages are known to lie in the output topics."""
        ...

    def pending_requests(self, lanes: Iterable[str], limit: int) -> list[DiagnosisRequest]:
        """Return waiting diagnosis requests of the lanes in the order they were queued."""
        ...

    def pending_desk_requests(self, lanes: Iterable[str], limit: int) -> list[DeskRequest]:
        """Return what waits in the desks' lanes in the order it was queued."""
        ...

    def pending_counts(self, lanes: Iterable[str]) -> Mapping[str, int]:
        """Return {"outbox": n, "requests": n} of what waits in the lanes."""
        ...

    def dead_letters(
        self, topic: str = "", *, include_replayed: bool = False, limit: int = 50, offset: int = 0
    ) -> list[DeadLetter]:
        """Return dead letters in order of (topic, partition, offset); an empty topic means all of them."""
        ...

    def count_dead_letters(self, topic: str = "", *, include_replayed: bool = False) -> int:
        """Return how many dead letters there are, whatever the limit."""
        ...

    def mark_dead_letters_replayed(self, places: Iterable[tuple[str, int, int]]) -> None:
        """Mark dead letters by (topic, partition, offset) as replayed."""
        ...

    def incidents(self, scope: Scope, query: IncidentQuery) -> list[Incident]:
        """Return incidents in the order that the query asks for."""
        ...

    def count_incidents(self, scope: Scope, query: IncidentQuery) -> int:
        """Return how many incidents match, whatever the limit."""
        ...

    def incident_counts(self, scope: Scope, query: IncidentQuery) -> IncidentCounts:
        """Return how many incidents match, by status and by severity, whatever the limit."""
        ...

    def incident(self, scope: Scope, incident_id: str) -> Incident | None:
        """Return one incident by id or by an unambiguous beginning of it."""
        ...

    def nearest_incident_ids(self, scope: Scope, incident_id: str, limit: int) -> list[str]:
        """Return the ids that look most like one that was not found, the likeliest first."""
        ...

    def diagnoses(self, scope: Scope, incident_id: str) -> list[Diagnosis]:
        """Return an incident's diagnoses by revision, the latest last."""
        ...

    def latest_diagnoses(self, scope: Scope, incident_ids: Sequence[str]) -> dict[str, Diagnosis]:
        """Return the latest diagnosis of each incident that has one."""
        ...

    def alarm_states(self, scope: Scope, alarm_ids: Sequence[str]) -> list[AlarmState]:
        """Return the home alarms that exist among the ids, in order of (raised_ms, alarm_id)."""
        ...

    def alarms_on(
        self, scope: Scope, objects: Sequence[str], since_ms: int, until_ms: int, limit: int
    ) -> list[AlarmState]:
        """Return home alarms raised on the objects in [since_ms, until_ms), in order of raise."""
        ...

    def incident_members(self, scope: Scope, incident_id: str, limit: int) -> list[AlarmState]:
        """Return the alarms of an incident in order of (raised_ms, alarm_id)."""
        ...

    def put_topology(self, elements: Iterable[TopologyElement]) -> None:
        """Insert or update topology elements by (tenant, element_id)."""
        ...

    def topology(self, scope: Scope) -> list[TopologyElement]:
        """Return the topology elements in order of id."""
        ...

    def put_planned_work(self, works: Iterable[PlannedWork]) -> None:
        """Insert or update planned work by (tenant, planned_work_id)."""
        ...

    def planned_work(self, scope: Scope) -> list[PlannedWork]:
        """Return planned work in order of start."""
        ...

    def conversation(self, scope: Scope, conversation_id: str) -> list[CareMessage]:
        """Return a conversation's messages in the order sent."""
        ...

    def put_feedback(self, feedback: Feedback) -> None:
        """Keep what a person did with an output."""
        ...

    def feedback(self, scope: Scope) -> list[Feedback]:
        """Return feedback in the order given."""
        ...

    def prune(self, before: datetime) -> int:
        """Delete what was over before `before`, old telemetry among it; return how many rows went."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


class Diagnoser(Protocol):
    """Turns waiting requests into diagnoses by rules, graph and facts: no model, so it is quick."""

    def diagnose(self, requests: Sequence[DiagnosisRequest], *, decided_time: datetime) -> list[Diagnosis]:
        """Return one diagnosis a request, in order; where nothing can be said it abstains."""
        ...


class Adviser(Protocol):
    """Asks a language model about the candidates that a diagnosis has ranked, in batches."""

    def advise(self, requests: Sequence[DiagnosisRequest], *, prompt_tokens: int) -> list[Shadow]:
        """Return the model's opinion on each request, in order, prompts being cut to `prompt_tokens`.

        Raises:
            TransientError: the model did not answer.
        """
        ...

    def counters(self) -> Mapping[str, float]:
        """Return running totals: prompts, asked, tokens_in, tokens_out, seconds."""
        ...


class Tracker(Protocol):
    """One run of a worker as an experiment tracker sees it."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Record metrics at a step."""
        ...

    def trace_batch(self, name: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        """Record a sampled batch; texts must have passed the guard before."""
        ...

    def close(self, status: str) -> None:
        """End the run with FINISHED, FAILED or KILLED."""
        ...


class Clock(Protocol):
    """The time of day and a monotonic one: entry points pass the real one in, tests their own."""

    def now_ms(self) -> int:
        """Return wall-clock time in ms since the Unix epoch."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that never go back."""
        ...
