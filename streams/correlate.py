"""The correlating stage: internal records in, incidents and diagnosis requests out, in one transaction.

State, watermark and offsets are written together with what they gave, or not at all. What is told does not
depend on where a batch ends, unless the worker is behind and tells an incident once a batch. Does not know
how a diagnosis is reached.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from streams.component import Component, Snapshot
from streams.correlation import Delta
from streams.envelope import unpack
from streams.incident import IncidentWriter, hanging_together, merged, restored
from streams.kafka.library import TopicPartition
from streams.kafka.source import PartitionSource
from streams.outbox import Reached, nothing
from streams.partition import Partition, component_rows
from streams.reply_desk import changed_request
from streams.topics import CORRELATE_GROUP, EVENTS, INCIDENTS, group, lane_of, on_wire
from telcollm.codec import encode
from telcollm.errors import DecodeError
from telcollm.ports import Store, StoreTransaction
from telcollm.records import Incident
from telcollm.settings import Settings
from telcollm.state import DiagnosisRequest, OutboxMessage, Progress

_LOG = logging.getLogger(__name__)
_NOTHING_WRITTEN: Mapping[int, int] = {}


class Told:
    """What one step of the stage made durable, for metrics.

    `opened_ms` holds, of each incident that opened, when the record that opened it was appended.
    """

    def __init__(self) -> None:
        self.records = 0
        self.alarms = 0
        self.windows = 0
        self.incidents = 0
        self.opened_ms: list[int] = []


class Outcome:
    """What one batch comes to: incident rows to store, revisions to diagnose, messages to send."""

    def __init__(self) -> None:
        self.rows: list[Incident] = []
        self.requests: list[DiagnosisRequest] = []
        self.messages: list[OutboxMessage] = []


class CorrelateStage:
    """Reads the internal topic as one member of the correlating group and keeps each partition's state."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        writer: IncidentWriter,
        make_partition: Callable[[int], Partition],
        *,
        open_source: Callable[..., PartitionSource] = PartitionSource,
        reached: Reached = nothing,
        on_owned: Callable[[Collection[str]], None] = lambda lanes: None,
        looks_at_replies: bool = False,
    ) -> None:
        self._settings = settings
        self._looks_at_replies = looks_at_replies
        self._store = store
        self._writer = writer
        self._make_partition = make_partition
        self._reached = reached
        self._on_owned = on_owned
        self._topic = on_wire(settings.kafka, EVENTS)
        self._incidents_topic = on_wire(settings.kafka, INCIDENTS)
        self._partitions: dict[int, Partition] = {}
        self._progress: dict[int, Progress] = {}
        self._source = open_source(
            settings.kafka,
            group(settings.kafka, CORRELATE_GROUP),
            [self._topic],
            self._assigned,
            self._gone,
        )

    def _assigned(self, places: Collection[Any]) -> Mapping[Any, int | None]:
        offsets: dict[Any, int | None] = {}
        for place in places:
            progress = self._store.claim(place.topic, place.partition)
            partition = self._make_partition(place.partition)
            partition.restore_blob(progress.blob)
            partition.restore_rows(self._store.load_partition(place.partition, partition.since_ms))
            self._partitions[place.partition] = partition
            self._progress[place.partition] = progress
            offsets[place] = progress.next_offset
        self._on_owned([lane_of(place.topic, place.partition) for place in places])
        return offsets

    def _gone(self, places: Collection[Any]) -> None:
        for place in places:
            self._partitions.pop(place.partition, None)
            self._progress.pop(place.partition, None)

    @property
    def lanes(self) -> list[str]:
        """The lanes whose messages and requests this worker serves."""
        # Desks ask on threads of their own, while partitions come and go.
        return [lane_of(self._topic, number) for number in list(self._partitions)]

    @property
    def open_alarms(self) -> int:
        """How many alarms of the owned partitions are open."""
        return sum(partition.correlator.life.open_alarms for partition in self._partitions.values())

    @property
    def late_count(self) -> int:
        """How many raises came too late for an incident, over the life of the owned partitions."""
        return sum(partition.late_count for partition in self._partitions.values())

    def lag(self) -> int:
        """Return how many internal records were not read yet, as the last fetch said."""
        return sum(self._source.lag().values())

    def drained(self, written: Mapping[int, int] = _NOTHING_WRITTEN) -> bool:
        """Tell whether every internal record that is on the brokers now was read and stored.

        `written` says up to where the partitions are known to reach, whatever the brokers say.
        """
        return self._source.drained(
            {TopicPartition(self._topic, at): mine.next_offset or 0 for at, mine in self._progress.items()},
            {TopicPartition(self._topic, at): end for at, end in written.items()},
        )

    def step(self, timeout_ms: int, *, coalesce: bool = False) -> Told:
        """Return what one batch made durable. With `coalesce` an incident is told once a batch.

        Raises:
            TransientError: brokers or database did not answer.
            FencedError: another worker has taken a partition over.
        """
        records = self._source.poll(timeout_ms, self._settings.streams.batch_max_records)
        told = Told()
        snapshots: list[Snapshot] = []
        touched: set[int] = set()
        for record in records:
            partition = self._partitions.get(record.partition)
            if partition is None:
                continue
            try:
                snapshots += partition.apply(unpack(record.value))
            except DecodeError as error:
                # A stranger's record on the internal topic must not stop every worker that reads it.
                _LOG.error("internal record %d/%d is passed over: %s", record.partition, record.offset, error)
            self._progress[record.partition].next_offset = record.offset + 1
            touched.add(record.partition)
        told.records = len(records)
        if touched:
            self._commit(touched, snapshots, told, coalesce=coalesce)
        return told

    def finish(self) -> Told:
        """Take every window as complete and store what that gives: the end of a bounded replay."""
        told = Told()
        snapshots: list[Snapshot] = []
        for number in sorted(self._partitions):
            snapshots += self._partitions[number].finish()
        if self._partitions:
            self._commit(set(self._partitions), snapshots, told, coalesce=False)
        return told

    def _commit(self, touched: set[int], snapshots: list[Snapshot], told: Told, *, coalesce: bool) -> None:
        if coalesce:
            snapshots = list({item.component_id: item for item in snapshots}.values())
        deltas: dict[int, Delta] = {}
        for number in touched:
            delta, blob = self._partitions[number].take()
            deltas[number] = delta
            self._progress[number].blob = blob
        self._reached("before store")
        with self._store.transaction() as transaction:
            transaction.fence([self._progress[number] for number in sorted(touched)])
            for number, delta in deltas.items():
                transaction.put_components(component_rows(delta, number))
                transaction.put_alarms([*delta.alarms.values(), *delta.too_late])
                transaction.clear_alarms(number, delta.orphan_clears)
            outcome = self._outcome(transaction, deltas, snapshots)
            transaction.put_incidents([*outcome.rows, *(item.incident for item in outcome.requests)])
            transaction.put_requests(outcome.requests)
            transaction.put_outbox(outcome.messages)
            if self._looks_at_replies:
                self._tell_superseded(transaction, outcome)
        self._reached("after store")
        self._source.commit_informational(
            {TopicPartition(self._topic, at): self._progress[at].next_offset or 0 for at in touched}
        )
        for delta in deltas.values():
            for alarm in delta.alarms.values():
                alarm.body = b""
        told.alarms = sum(delta.raised for delta in deltas.values())
        told.windows = sum(delta.completed for delta in deltas.values())
        told.incidents = len(outcome.requests)
        told.opened_ms = [item.append_ms for item in snapshots if item.alarm_count == 1 and not item.complete]

    def _tell_superseded(self, transaction: StoreTransaction, outcome: Outcome) -> None:
        """Have the replies looked at that rest on incidents which are no longer ones of their own."""
        lost = {row.incident_id: row for row in outcome.rows if row.superseded_by}
        if lost:
            lane = lane_of(self._topic, min(self._partitions))
            touched = transaction.replied_on(lost)
            transaction.put_desk_requests(changed_request(lost[name], lane) for name in sorted(touched))

    def _outcome(
        self, transaction: StoreTransaction, deltas: Mapping[int, Delta], snapshots: Iterable[Snapshot]
    ) -> Outcome:
        """Return what the batch comes to, messages in the order in which things happened."""
        outcome = Outcome()
        wholes = self._merge_across(transaction, _reaching_across(deltas), outcome)
        told: set[str] = set()
        for snapshot in snapshots:
            lane = lane_of(self._topic, snapshot.partition)
            if snapshot.superseded_by:
                survivor = _survivor(deltas[snapshot.partition], snapshot.superseded_by)
                whole = wholes.get((snapshot.partition, survivor))
                if whole is not None and whole.component_id != snapshot.component_id:
                    snapshot = _superseded(snapshot, whole)
                incident, _ = self._writer.write(snapshot)
                outcome.rows.append(incident)
                outcome.messages.append(_message(incident, lane, self._incidents_topic))
                continue
            whole = wholes.get((snapshot.partition, snapshot.component_id))
            if whole is not None:
                if whole.component_id in told:
                    continue
                told.add(whole.component_id)
            incident, candidates = self._writer.write(whole or snapshot)
            request = DiagnosisRequest(
                request_id=f"{incident.incident_id}:{incident.revision}",
                lane=lane,
                incident=incident,
                groups=(whole or snapshot).groups,
                candidates=candidates,
                append_ms=snapshot.append_ms,
            )
            outcome.requests.append(request)
            outcome.messages.append(_message(incident, lane, self._incidents_topic))
        latest = {item.incident.incident_id: item.incident.revision for item in outcome.requests}
        for component in _roots(deltas):
            place = (component.partition, component.component_id)
            if place in wholes or latest.get(component.component_id) == component.revision:
                continue
            outcome.rows.append(self._writer.write(component.snapshot())[0])
        return outcome

    def _merge_across(
        self, transaction: StoreTransaction, across: Sequence[tuple[int, str]], outcome: Outcome
    ) -> dict[tuple[int, str], Snapshot]:
        """Return what each component that reaches across a cut is part of; supersede all but the winner."""
        wholes: dict[tuple[int, str], Snapshot] = {}
        if not across:
            return wholes
        states = transaction.linked_components(across)
        alarms = transaction.members((state.partition, state.component_id) for state in states)
        for linked in hanging_together(states, alarms):
            parts = [part for state, members in linked if (part := restored(state, members)) is not None]
            if len(parts) < 2:
                continue
            whole = merged(parts)
            lane = lane_of(
                self._topic,
                min(state.partition for state, _ in linked if state.partition in self._partitions),
            )
            for part in parts:
                wholes[(part.partition, part.component_id)] = whole
                if part.component_id != whole.component_id:
                    loser = self._writer.write(_superseded(part, whole))[0]
                    outcome.rows.append(loser)
                    message_id = f"superseded:{part.component_id}:{whole.component_id}"
                    outcome.messages.append(_message(loser, lane, self._incidents_topic, message_id))
            outcome.rows.append(self._writer.write(whole)[0])
            transaction.put_component_incidents(
                (state.partition, state.component_id, whole.component_id) for state, _ in linked
            )
        return wholes

    def close(self) -> None:
        """Leave the group and let go of the connection."""
        self._source.close()


def _roots(deltas: Mapping[int, Delta]) -> Iterable[Component]:
    """Yield the changed components that hold alarms of their own."""
    for delta in deltas.values():
        for component in delta.components.values():
            if component.parent is component and component.alarm_count:
                yield component


def _reaching_across(deltas: Mapping[int, Delta]) -> list[tuple[int, str]]:
    """Return the changed components that hold alarms known in another partition too."""
    return sorted(
        (component.partition, component.component_id)
        for delta in deltas.values()
        for component in delta.components.values()
        if component.parent is component and component.boundary
    )


def _survivor(delta: Delta, component_id: str) -> str:
    """Return what a component was merged into in the end, itself if into nothing."""
    while component_id in delta.merged:
        component_id = delta.merged[component_id]
    return component_id


def _superseded(part: Snapshot, whole: Snapshot) -> Snapshot:
    """Return a part as superseded by the whole, in a revision later than any the part's id can have had."""
    values = {name: getattr(part, name) for name in part.__struct_fields__}
    return Snapshot(**{**values, "revision": whole.revision + 1, "superseded_by": whole.component_id})


def _message(incident: Incident, lane: str, topic: str, message_id: str = "") -> OutboxMessage:
    return OutboxMessage(
        message_id=message_id or f"incident:{incident.incident_id}:{incident.revision}",
        lane=lane,
        topic=topic,
        key=incident.incident_id,
        value=encode(incident),
        headers=(("revision", str(incident.revision)), ("mode", incident.mode.value)),
    )
