"""One atomic unit of writing, as `telcollm.ports.StoreTransaction` describes it.

Does not begin or end itself: `sql` does, and turns what the database raises into telcollm's errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import sqlalchemy as sa

from telcollm.errors import FencedError
from telcollm.records import (
    CareMessage,
    Diagnosis,
    Feedback,
    Incident,
    KpiSample,
    LogLine,
    PlannedWork,
    Reply,
    Route,
    TopologyElement,
    TroubleTicket,
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
    Suppression,
)
from telcollm.store import care, incident_queries, links, rows, telemetry, tickets
from telcollm.store.bulk import Bulk
from telcollm.store.schema import alarms, incident_objects, requests
from telcollm.store.statements import FENCE, Statements

MEMBER_COLUMNS: Final = tuple(alarms.c[name] for name in rows.ALARM_COLUMNS)


class SqlTransaction:
    """Writes on one open transaction; `now_ms` is when it began, kept as bookkeeping only."""

    def __init__(self, connection: sa.Connection, statements: Statements, now_ms: int) -> None:
        self._connection = connection
        self._statements = statements
        self._now_ms = now_ms

    def _many(self, statement: Bulk, parameters: Iterable[rows.Row]) -> None:
        statement.run(self._connection, parameters)

    def fence(self, progress: Iterable[Progress]) -> None:
        """Write offsets and blobs, checking each `owner_epoch`; in one order, so that none deadlock.

        Raises:
            FencedError: another worker has claimed one of the partitions since.
        """
        for mine in sorted(progress, key=lambda one: (one.topic, one.partition)):
            written = self._connection.execute(
                FENCE,
                {
                    "of_topic": mine.topic,
                    "of_partition": mine.partition,
                    "of_epoch": mine.owner_epoch,
                    "to_offset": mine.next_offset,
                    "to_blob": mine.blob,
                },
            )
            if written.rowcount != 1:
                message = (
                    f"{mine.topic}/{mine.partition}: owner_epoch={mine.owner_epoch} is not the last one "
                    "claimed; only the last owner may write; drop the partition's state and claim it anew"
                )
                raise FencedError(message)

    def put_alarms(self, alarms: Iterable[AlarmState]) -> None:
        """Insert or update alarms by (partition, alarm_id); the earliest known clear stays.

        One that is too late changes nothing that is there but an open alarm's clear.
        """
        known: list[rows.Row] = []
        late: list[rows.Row] = []
        for alarm in alarms:
            target = late if alarm.suppressed is Suppression.TOO_LATE else known
            target.append(rows.alarm_row(alarm))
        self._many(self._statements.put_alarms, known)
        self._many(self._statements.put_late_alarms, late)

    def clear_alarms(self, partition: int, clears: Iterable[tuple[str, int]]) -> None:
        """Clear by (key, cleared_ms) the partition's home alarms raised no later that are still open."""
        self._many(
            self._statements.clear_alarms,
            [
                {
                    "of_partition": partition,
                    "of_hash": rows.hash_text(key),
                    "of_key": key,
                    "at_ms": cleared_ms,
                }
                for key, cleared_ms in sorted(clears)
            ],
        )

    def put_components(self, components: Iterable[ComponentState]) -> None:
        """Insert or update components by (partition, component_id); alarms of merged ones move with them."""
        written = list(components)
        self._many(self._statements.put_components, map(rows.component_row, written))
        merged = [(one.partition, one.component_id) for one in written if one.merged_into]
        self._many(
            self._statements.move_alarms,
            [
                {"of_component": component_id, "of_partition": partition, "to_component": survivor}
                for (partition, component_id), survivor in links.survivors(self._connection, merged).items()
            ],
        )

    def put_component_incidents(self, mapping: Iterable[tuple[int, str, str]]) -> None:
        """Say by (partition, component_id, incident_id) to which incidents components belong."""
        links.lock_links(self._connection)
        self._many(
            self._statements.put_component_incidents,
            [
                {"partition": partition, "component_id": component_id, "incident_id": incident_id}
                for partition, component_id, incident_id in mapping
            ],
        )

    def linked_components(self, component_ids: Iterable[tuple[int, str]]) -> list[ComponentState]:
        """Return the closure over shared boundary alarms across partitions, the given ones included."""
        links.lock_links(self._connection)
        return links.linked_components(self._connection, component_ids)

    def members(self, component_ids: Iterable[tuple[int, str]]) -> list[AlarmState]:
        """Return the alarms of the components, copies included, in order of (raised_ms, alarm_id)."""
        places = {place for place in component_ids if place[1]}
        found: list[AlarmState] = []
        for ids in rows.chunks(sorted({component_id for _, component_id in places})):
            statement = sa.select(*MEMBER_COLUMNS).where(alarms.c.component_id.in_(ids))
            members = map(rows.alarm_state, self._connection.execute(statement))
            found += [member for member in members if (member.partition, member.component_id) in places]
        found.sort(key=lambda member: (member.raised_ms, member.alarm_id))
        return found

    def put_incidents(self, incidents: Iterable[Incident]) -> None:
        """Insert or update incidents by id; a row with a higher revision is left as it is.

        So is one that was superseded, unless by a higher revision.
        """
        newest: dict[str, Incident] = {}
        for incident in incidents:
            known = newest.get(incident.incident_id)
            if known is None or _follows(incident, known):
                newest[incident.incident_id] = incident
        if not newest:
            return
        links.lock_links(self._connection)
        written = self._connection.execute(
            self._statements.put_incidents, [rows.incident_row(newest[name]) for name in sorted(newest)]
        ).scalars()
        self._put_incident_objects([newest[incident_id] for incident_id in written])

    def _put_incident_objects(self, incidents: Sequence[Incident]) -> None:
        wanted: set[tuple[str, int]] = set()
        for incident in incidents:
            objects = {*incident.affected_objects, incident.root_cause_resource} - {""}
            wanted.update((incident.incident_id, rows.hash_text(name)) for name in objects)
        known: set[tuple[str, int]] = set()
        for ids in rows.chunks([incident.incident_id for incident in incidents]):
            statement = sa.select(incident_objects).where(incident_objects.c.incident_id.in_(ids))
            known.update((incident_id, hashed) for incident_id, hashed in self._connection.execute(statement))
        self._many(
            self._statements.drop_incident_objects,
            [{"of_incident": name, "of_hash": hashed} for name, hashed in sorted(known - wanted)],
        )
        self._many(
            self._statements.put_incident_objects,
            [{"incident_id": name, "object_hash": hashed} for name, hashed in sorted(wanted - known)],
        )

    def put_requests(self, requests: Iterable[DiagnosisRequest]) -> None:
        """Queue diagnoses; a request_id that was queued before, done or not, is left as it is."""
        written = [rows.request_row(request, self._now_ms) for request in requests]
        self._many(self._statements.put_requests, written)

    def put_diagnoses(self, diagnoses: Iterable[Diagnosis]) -> None:
        """Insert or update diagnoses by id."""
        self._many(self._statements.put_diagnoses, [rows.diagnosis_row(diagnosis) for diagnosis in diagnoses])

    def finish_requests(self, request_ids: Iterable[str]) -> None:
        """Mark requests as done."""
        self._finish(self._statements.finish_requests, request_ids)

    def put_desk_requests(self, requests: Iterable[DeskRequest]) -> None:
        """Queue requests; a request_id that was queued before, done or not, is left as it is."""
        written = [rows.desk_request_row(request, self._now_ms) for request in requests]
        self._many(self._statements.put_requests, written)

    def take_requests(self, request_ids: Iterable[str]) -> set[str]:
        """Mark requests as done and return those that were not: of several that try, one gets each."""
        taken: set[str] = set()
        for ids in rows.chunks(sorted(set(request_ids))):
            statement = (
                sa.update(requests)
                .where(requests.c.request_id.in_(ids), requests.c.done_ms.is_(None))
                .values(done_ms=self._now_ms)
                .returning(requests.c.request_id)
            )
            taken.update(self._connection.execute(statement).scalars())
        return taken

    def put_kpis(self, samples: Iterable[KpiSample]) -> None:
        """Insert or update KPI samples by id."""
        telemetry.put_kpis(self._connection, samples)

    def put_logs(self, lines: Iterable[LogLine]) -> None:
        """Insert or update log lines by id."""
        telemetry.put_logs(self._connection, lines)

    def put_tickets(self, found: Iterable[TroubleTicket]) -> None:
        """Insert or update tickets by (tenant, id): the newer last update stays."""
        tickets.put_tickets(self._connection, found)

    def put_care_messages(self, messages: Iterable[CareMessage]) -> None:
        """Insert or update messages by (tenant, id)."""
        care.put_messages(self._connection, messages)

    def message_ids(self, conversations: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
        """Return by (tenant, conversation_id) the ids of the messages kept, in the order sent."""
        return care.message_ids(self._connection, conversations)

    def put_routes(self, routes: Iterable[Route]) -> None:
        """Insert or update routes by id."""
        tickets.put_routes(self._connection, routes)

    def put_replies(self, replies: Iterable[Reply]) -> None:
        """Insert or update replies by id; one that is withdrawn stays so."""
        care.put_replies(self._connection, replies)

    def replied_on(self, incident_ids: Iterable[str]) -> set[str]:
        """Return those of the incidents on which replies rest that are not withdrawn."""
        links.lock_links(self._connection)
        return care.replied_on(self._connection, incident_ids)

    def replied_since(self, since_ms: int) -> bool:
        """Tell whether a reply that is not withdrawn was decided at `since_ms` or later."""
        return care.replied_since(self._connection, since_ms)

    def current_incidents(self, incident_ids: Iterable[str]) -> list[Incident]:
        """Return those of the incidents that exist, as they stand."""
        wanted = sorted(set(incident_ids) - {""})
        if not wanted:
            return []
        links.lock_links(self._connection)
        return incident_queries.incidents_of(self._connection, wanted)

    def put_outbox(self, messages: Iterable[OutboxMessage]) -> None:
        """Queue messages in the order given; a message_id that was queued before is left as it is."""
        written = [rows.outbox_row(message, self._now_ms) for message in messages]
        self._many(self._statements.put_outbox, written)

    def finish_outbox(self, message_ids: Iterable[str], marks: Iterable[SentMark]) -> None:
        """Mark messages as sent and set the lanes' marks: the last one given counts, even a lower one.

        A topic that was made anew begins at 0 again.
        """
        self._finish(self._statements.finish_outbox, message_ids)
        self._many(
            self._statements.put_sent_marks,
            [
                {
                    "lane": mark.lane,
                    "topic": mark.topic,
                    "partition": mark.partition,
                    "next_offset": mark.next_offset,
                }
                for mark in marks
            ],
        )

    def _finish(self, statement: Bulk, ids: Iterable[str]) -> None:
        self._many(statement, [{"of_id": one, "at_ms": self._now_ms} for one in ids])

    def put_dead_letters(self, letters: Iterable[DeadLetter]) -> None:
        """Insert or update dead letters by (topic, partition, offset); a replayed one stays replayed."""
        self._many(self._statements.put_dead_letters, [rows.dead_letter_row(letter) for letter in letters])

    def mark_dead_letters_replayed(self, places: Iterable[tuple[str, int, int]]) -> None:
        """Mark dead letters by (topic, partition, offset) as replayed."""
        self._many(
            self._statements.mark_replayed,
            [
                {"of_topic": topic, "of_partition": partition, "of_offset": offset, "at_ms": self._now_ms}
                for topic, partition, offset in places
            ],
        )

    def put_topology(self, elements: Iterable[TopologyElement]) -> None:
        """Insert or update topology elements by (tenant, element_id)."""
        self._many(self._statements.put_topology, [rows.topology_row(element) for element in elements])

    def put_planned_work(self, works: Iterable[PlannedWork]) -> None:
        """Insert or update planned work by (tenant, planned_work_id)."""
        self._many(self._statements.put_planned_work, [rows.planned_work_row(work) for work in works])

    def put_feedback(self, feedback: Feedback) -> None:
        """Insert or update feedback by id."""
        self._many(self._statements.put_feedback, [rows.feedback_row(feedback)])


def _follows(new: Incident, old: Incident) -> bool:
    if new.revision != old.revision:
        return new.revision > old.revision
    return not old.superseded_by or bool(new.superseded_by)
