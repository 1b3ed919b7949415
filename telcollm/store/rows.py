"""State and records as rows of the tables, and back.

Does not know statements: `transaction` writes these rows, `queries` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec

from telcollm import codec
from telcollm.records import SEVERITY_RANK, Diagnosis, Feedback, Incident, PlannedWork, TopologyElement
from telcollm.state import (
    AlarmState,
    ComponentState,
    DeadLetter,
    DeskRequest,
    DiagnosisRequest,
    OutboxMessage,
    Suppression,
)
from telcollm.store.columns import searchable

T = TypeVar("T")
Row = dict[str, Any]

CHUNK: Final = 500
"""How many values an IN list holds: bounded statements on both databases."""

_REQUEST_ENCODER = msgspec.msgpack.Encoder()
_REQUEST_DECODER = msgspec.msgpack.Decoder(DiagnosisRequest)
_HEADERS = msgspec.json.Decoder(tuple[tuple[str, str], ...])
_SUPPRESSIONS = {member.value: member for member in Suppression}


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Return the values in lists of at most `size`, none of them empty.

    >>> list(chunks("abc", 2))
    [['a', 'b'], ['c']]
    """
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


@lru_cache(maxsize=16_384)
def hash_text(text: str) -> int:
    """Return a signed 64-bit hash by which long text is indexed, the same in every process.

    >>> hash_text("cell-7")
    4632887125005305310
    """
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def to_ms(time: datetime) -> int:
    """Return an aware time in ms since the Unix epoch, rounded down."""
    seconds = int(time.replace(microsecond=0).timestamp())
    return seconds * 1000 + time.microsecond // 1000


def alarm_row(alarm: AlarmState) -> Row:
    """Return the row of an alarm."""
    changed = alarm.changed_ms
    return {
        "alarm_id": alarm.alarm_id,
        "partition": alarm.partition,
        "tenant": alarm.tenant,
        "region": alarm.region,
        "key": alarm.key,
        "key_hash": hash_text(alarm.key),
        "source_system_id": alarm.source_system_id,
        "managed_object": alarm.managed_object,
        "object_hash": hash_text(alarm.managed_object),
        "problem": alarm.problem,
        "severity": alarm.severity,
        "raised_ms": alarm.raised_ms,
        "cleared_ms": alarm.cleared_ms,
        "component_id": alarm.component_id,
        "home": alarm.home,
        "suppressed": alarm.suppressed.value,
        "facts": alarm.facts,
        "boundary": alarm.boundary,
        "linked": alarm.boundary or not alarm.home,
        "changed_ms": ",".join(map(str, changed)) if changed else "",
        "append_ms": alarm.append_ms,
        "record_offset": alarm.offset,
        "mode": str(alarm.mode),
        "body": alarm.body,
    }


ALARM_COLUMNS: Final = (
    "alarm_id partition tenant region key source_system_id managed_object problem severity raised_ms "
    "cleared_ms component_id home suppressed facts boundary changed_ms append_ms record_offset mode body"
).split()
"""The columns that `alarm_state` takes, in the order of AlarmState's fields."""


def alarm_state(row: Sequence[Any]) -> AlarmState:
    """Return the alarm of a row of ALARM_COLUMNS."""
    values = list(row)
    values[13] = _SUPPRESSIONS[values[13]]
    values[16] = tuple(map(int, values[16].split(","))) if values[16] else ()
    return AlarmState(*values)


def component_row(component: ComponentState) -> Row:
    """Return the row of a component."""
    return msgspec.structs.asdict(component)


def incident_row(incident: Incident) -> Row:
    """Return the row of an incident; the whole record is its body."""
    return {
        "incident_id": incident.incident_id,
        "revision": incident.revision,
        "tenant": incident.tenant,
        "region": incident.region,
        "status": incident.status.value,
        "opened_ms": to_ms(incident.opened_time),
        "last_event_ms": to_ms(incident.last_event_time),
        "severity": SEVERITY_RANK[incident.perceived_severity.value],
        "root_cause_resource": incident.root_cause_resource,
        "window_complete": incident.window_complete,
        "superseded_by": incident.superseded_by,
        "words": searchable(
            incident.incident_id,
            incident.root_cause_resource,
            incident.root_cause_problem,
            *incident.problems,
            *incident.affected_service,
            *incident.affected_objects,
        ),
        "services": len(incident.affected_service),
        "objects": len(incident.affected_objects),
        "body": codec.encode(incident),
    }


def diagnosis_row(diagnosis: Diagnosis) -> Row:
    """Return the row of a diagnosis; the whole record is its body."""
    return {
        "diagnosis_id": diagnosis.diagnosis_id,
        "incident_id": diagnosis.incident_id,
        "incident_revision": diagnosis.incident_revision,
        "tenant": diagnosis.tenant,
        "region": diagnosis.region,
        "decided_ms": to_ms(diagnosis.decided_time),
        "body": codec.encode(diagnosis),
    }


def request_row(request: DiagnosisRequest, queued_ms: int) -> Row:
    """Return the row of a request; the whole request is its body."""
    return {
        "request_id": request.request_id,
        "lane": request.lane,
        "body": _REQUEST_ENCODER.encode(request),
        "queued_ms": queued_ms,
    }


def desk_request_row(request: DeskRequest, queued_ms: int) -> Row:
    """Return the row of a desk's request."""
    return {
        "request_id": request.request_id,
        "lane": request.lane,
        "body": request.body,
        "queued_ms": queued_ms,
    }


def request(body: bytes, sequence: int) -> DiagnosisRequest:
    """Return the request that `request_row` made the body of."""
    return msgspec.structs.replace(_REQUEST_DECODER.decode(body), sequence=sequence)


def outbox_row(message: OutboxMessage, queued_ms: int) -> Row:
    """Return the row of a message."""
    return {
        "message_id": message.message_id,
        "lane": message.lane,
        "topic": message.topic,
        "key": message.key,
        "value": message.value,
        "headers": msgspec.json.encode(message.headers).decode() if message.headers else "",
        "queued_ms": queued_ms,
    }


OUTBOX_COLUMNS: Final = "message_id lane topic key value headers sequence".split()
"""The columns that `outbox_message` takes, in the order of OutboxMessage's fields."""


def outbox_message(row: Sequence[Any]) -> OutboxMessage:
    """Return the message of a row of OUTBOX_COLUMNS."""
    message_id, lane, topic, key, value, headers, sequence = row
    return OutboxMessage(
        message_id, lane, topic, key, value, _HEADERS.decode(headers) if headers else (), sequence
    )


DEAD_LETTER_COLUMNS: Final = "topic partition record_offset key value reason field append_ms".split()
"""The columns of a dead letter in the order of DeadLetter's fields."""


def dead_letter_row(letter: DeadLetter) -> Row:
    """Return the row of a dead letter."""
    row = msgspec.structs.asdict(letter)
    row["record_offset"] = row.pop("offset")
    return row


def topology_row(element: TopologyElement) -> Row:
    """Return the row of a topology element; the whole record is its body."""
    return {
        "tenant": element.tenant,
        "element_id": element.element_id,
        "region": element.region,
        "body": codec.encode(element),
    }


def planned_work_row(work: PlannedWork) -> Row:
    """Return the row of planned work; the whole record is its body."""
    return {
        "tenant": work.tenant,
        "planned_work_id": work.planned_work_id,
        "region": work.region,
        "start_ms": to_ms(work.start_time),
        "body": codec.encode(work),
    }


def feedback_row(feedback: Feedback) -> Row:
    """Return the row of feedback; the whole record is its body."""
    return {
        "feedback_id": feedback.feedback_id,
        "tenant": feedback.tenant,
        "region": feedback.region,
        "given_ms": to_ms(feedback.given_time),
        "body": codec.encode(feedback),
    }
