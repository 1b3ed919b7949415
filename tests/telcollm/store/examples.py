"""Rows and records that tests put into a store; each call takes what it should differ in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from telcollm.records import (
    Diagnosis,
    Feedback,
    FeedbackKind,
    Hypothesis,
    Incident,
    Link,
    PlannedWork,
    TicketStatus,
    TopologyElement,
    Verdict,
)
from telcollm.state import (
    AlarmState,
    Candidate,
    ComponentState,
    DeadLetter,
    DiagnosisRequest,
    MemberGroup,
    OutboxMessage,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOON_MS = 1_767_268_800_000


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def alarm(alarm_id: str = "a1", partition: int = 0, **changes: Any) -> AlarmState:
    fields: dict[str, Any] = {
        "tenant": "acme",
        "region": "north",
        "key": f"key of {alarm_id}",
        "source_system_id": "ems1",
        "managed_object": "cell-7",
        "problem": "LINK_LOSS",
        "severity": 5,
        "raised_ms": NOON_MS,
        "body": b'{"alarmId":"a1"}',
    }
    return AlarmState(alarm_id=alarm_id, partition=partition, **{**fields, **changes})


def component(component_id: str = "i1", partition: int = 0, **changes: Any) -> ComponentState:
    return ComponentState(component_id=component_id, partition=partition, tenant="acme", **changes)


def incident(incident_id: str = "i1", revision: int = 1, **changes: Any) -> Incident:
    fields: dict[str, Any] = {
        "tenant": "acme",
        "region": "north",
        "status": TicketStatus.IN_PROGRESS,
        "opened_time": NOON,
        "last_event_time": at(5),
        "affected_objects": ("cell-7",),
        "underlying_alarm": ("a1",),
        "alarm_count": 1,
    }
    return Incident(incident_id=incident_id, revision=revision, **{**fields, **changes})


def hypothesis(**changes: Any) -> Hypothesis:
    fields: dict[str, Any] = {
        "root_cause_resource": "cell-7",
        "root_cause_alarm": "a1",
        "root_cause_problem": "LINK_LOSS",
        "confidence": 0.75,
        "verdict": Verdict.SUPPORTED,
    }
    return Hypothesis(**{**fields, **changes})


def diagnosis(diagnosis_id: str = "d1", incident_id: str = "i1", **changes: Any) -> Diagnosis:
    fields: dict[str, Any] = {
        "tenant": "acme",
        "region": "north",
        "incident_revision": 1,
        "decided_time": at(6),
        "hypotheses": (hypothesis(),),
        "confidence": 0.75,
    }
    return Diagnosis(diagnosis_id=diagnosis_id, incident_id=incident_id, **{**fields, **changes})


def message(message_id: str = "m1", lane: str = "alarms/0", **changes: Any) -> OutboxMessage:
    fields: dict[str, Any] = {
        "topic": "incidents",
        "key": "i1",
        "value": b'{"incidentId":"i1"}',
        "headers": (("mode", "live"), ("tenant", "acme")),
    }
    return OutboxMessage(message_id=message_id, lane=lane, **{**fields, **changes})


def request(request_id: str = "r1", lane: str = "alarms/0", **changes: Any) -> DiagnosisRequest:
    fields: dict[str, Any] = {
        "incident": incident(extra={"vendorField": {"deep": [1, 2]}}),
        "groups": (MemberGroup("a1", "cell-7", "LINK_LOSS", 5, NOON_MS, NOON_MS + 1, 2),),
        "candidates": (Candidate("a1", "cell-7", "LINK_LOSS", 0.5, 3, (("A", "B"),)),),
        "append_ms": NOON_MS,
    }
    return DiagnosisRequest(request_id=request_id, lane=lane, **{**fields, **changes})


def dead_letter(offset: int = 7, topic: str = "alarms", **changes: Any) -> DeadLetter:
    fields: dict[str, Any] = {
        "partition": 0,
        "key": b"\xff\x00",
        "value": None,
        "reason": "record='x' is not valid JSON",
        "field": "",
        "append_ms": NOON_MS,
    }
    return DeadLetter(topic=topic, offset=offset, **{**fields, **changes})


def element(element_id: str = "cell-7", **changes: Any) -> TopologyElement:
    fields: dict[str, Any] = {"tenant": "acme", "region": "north", "links": (Link(target="router-1"),)}
    return TopologyElement(element_id=element_id, **{**fields, **changes})


def planned_work(planned_work_id: str = "w1", **changes: Any) -> PlannedWork:
    fields: dict[str, Any] = {
        "tenant": "acme",
        "region": "north",
        "managed_objects": ("cell-7",),
        "start_time": NOON,
        "end_time": at(60),
    }
    return PlannedWork(planned_work_id=planned_work_id, **{**fields, **changes})


def feedback(feedback_id: str = "f1", **changes: Any) -> Feedback:
    fields: dict[str, Any] = {
        "tenant": "acme",
        "region": "north",
        "subject_id": "d1",
        "subject_kind": "diagnosis",
        "kind": FeedbackKind.CORRECTED,
        "given_time": at(9),
        "correction": "the fibre, not the cell",
    }
    return Feedback(feedback_id=feedback_id, **{**fields, **changes})
