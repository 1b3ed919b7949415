"""The records that everything else takes and returns. Knows nothing of Kafka, stores or models."""

from telcollm.records.alarm import Alarm, ProbableCause
from telcollm.records.network import Link, PlannedWork, TopologyElement
from telcollm.records.outcome import (
    Claim,
    Diagnosis,
    Feedback,
    Hypothesis,
    Incident,
    NextStep,
    Provenance,
    Reply,
    Route,
    Shadow,
)
from telcollm.records.record import SCHEMA_VERSION, Part, Record
from telcollm.records.telemetry import KpiSample, LogLine
from telcollm.records.ticket import CareMessage, Customer, Note, TroubleTicket
from telcollm.records.vocabulary import (
    PROBABLE_CAUSE_CODES,
    PROBABLE_CAUSES,
    SEVERITY_RANK,
    AckState,
    AlarmType,
    DecidedBy,
    FeedbackKind,
    Mode,
    NotificationType,
    OperatorState,
    PerceivedSeverity,
    TicketPriority,
    TicketStatus,
    TrendIndication,
    Verdict,
)

RECORD_TYPES: dict[str, type[Record]] = {
    kind.__name__: kind
    for kind in (
        Alarm,
        KpiSample,
        LogLine,
        TroubleTicket,
        CareMessage,
        TopologyElement,
        PlannedWork,
        Incident,
        Diagnosis,
        Route,
        Reply,
        Feedback,
    )
}
"""The twelve records by name."""

__all__ = [
    "PROBABLE_CAUSES",
    "PROBABLE_CAUSE_CODES",
    "RECORD_TYPES",
    "SCHEMA_VERSION",
    "SEVERITY_RANK",
    "AckState",
    "Alarm",
    "AlarmType",
    "CareMessage",
    "Claim",
    "Customer",
    "DecidedBy",
    "Diagnosis",
    "Feedback",
    "FeedbackKind",
    "Hypothesis",
    "Incident",
    "KpiSample",
    "Link",
    "LogLine",
    "Mode",
    "NextStep",
    "Note",
    "NotificationType",
    "OperatorState",
    "Part",
    "PerceivedSeverity",
    "PlannedWork",
    "ProbableCause",
    "Provenance",
    "Record",
    "Reply",
    "Route",
    "Shadow",
    "TicketPriority",
    "TicketStatus",
    "TopologyElement",
    "TrendIndication",
    "TroubleTicket",
    "Verdict",
]
