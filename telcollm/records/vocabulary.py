"""Enumerations of the standards, with the standards' own values.

Knows nothing of vendors: what a vendor adds stays beside the standard's word as a free string.
Source: ITU-T X.733, 3GPP TS 28.532 / 28.111, RFC 8632, TMF642 v4, TMF621 v5, TMF656 v5.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class PerceivedSeverity(StrEnum):
    """3GPP perceivedSeverity; CLEARED only in a state change, never as the severity of an alarm."""

    INDETERMINATE = "INDETERMINATE"
    CRITICAL = "CRITICAL"
    MAJOR = "MAJOR"
    MINOR = "MINOR"
    WARNING = "WARNING"
    CLEARED = "CLEARED"


SEVERITY_RANK: Final[dict[str, int]] = {
    "CLEARED": 1,
    "INDETERMINATE": 2,
    "WARNING": 3,
    "MINOR": 4,
    "MAJOR": 5,
    "CRITICAL": 6,
}
"""RFC 8632 numbers: a higher number is more severe."""


class AlarmType(StrEnum):
    """3GPP alarmType (X.733 eventType)."""

    COMMUNICATIONS_ALARM = "COMMUNICATIONS_ALARM"
    QUALITY_OF_SERVICE_ALARM = "QUALITY_OF_SERVICE_ALARM"
    PROCESSING_ERROR_ALARM = "PROCESSING_ERROR_ALARM"
    EQUIPMENT_ALARM = "EQUIPMENT_ALARM"
    ENVIRONMENTAL_ALARM = "ENVIRONMENTAL_ALARM"
    INTEGRITY_VIOLATION = "INTEGRITY_VIOLATION"
    OPERATIONAL_VIOLATION = "OPERATIONAL_VIOLATION"
    PHYSICAL_VIOLATION = "PHYSICAL_VIOLATION"
    SECURITY_SERVICE_OR_MECHANISM_VIOLATION = "SECURITY_SERVICE_OR_MECHANISM_VIOLATION"
    TIME_DOMAIN_VIOLATION = "TIME_DOMAIN_VIOLATION"
    OTHER = "OTHER"


class NotificationType(StrEnum):
    """3GPP alarm notifications that change what is known of an alarm."""

    NEW_ALARM = "notifyNewAlarm"
    CHANGED_ALARM = "notifyChangedAlarm"
    CHANGED_ALARM_GENERAL = "notifyChangedAlarmGeneral"
    ACK_STATE_CHANGED = "notifyAckStateChanged"
    COMMENTS = "notifyComments"
    CORRELATED_NOTIFICATION_CHANGED = "notifyCorrelatedNotificationChanged"
    CLEARED_ALARM = "notifyClearedAlarm"
    ALARM_LIST_REBUILT = "notifyAlarmListRebuilt"
    POTENTIAL_FAULTY_ALARM_LIST = "notifyPotentialFaultyAlarmList"


class AckState(StrEnum):
    """3GPP ackState."""

    ACKNOWLEDGED = "ACKNOWLEDGED"
    UNACKNOWLEDGED = "UNACKNOWLEDGED"


class TrendIndication(StrEnum):
    """3GPP trendIndication."""

    MORE_SEVERE = "MORE_SEVERE"
    NO_CHANGE = "NO_CHANGE"
    LESS_SEVERE = "LESS_SEVERE"


class OperatorState(StrEnum):
    """RFC 8632 operator-alarm-state."""

    NONE = "none"
    ACK = "ack"
    CLOSED = "closed"
    SHELVED = "shelved"
    UN_SHELVED = "un-shelved"


class TicketStatus(StrEnum):
    """TMF621 v5 and TMF656 v5 status: the same eight states for tickets and service problems."""

    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    PENDING = "pending"
    HELD = "held"
    IN_PROGRESS = "inProgress"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    RESOLVED = "resolved"


class TicketPriority(StrEnum):
    """TMF621 v5 priority."""

    CRITICAL = "Critical"
    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"


class Mode(StrEnum):
    """How a record came to be processed: only live notifies or files anything outside."""

    LIVE = "live"
    REPLAY = "replay"
    BACKFILL = "backfill"


class DecidedBy(StrEnum):
    """Who made a decision; the model's and adapter's names stand beside it."""

    RULE = "rule"
    GRAPH = "graph"
    MODEL = "model"
    PERSON = "person"


class Verdict(StrEnum):
    """How a hypothesis stands against the evidence at hand."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    OPEN = "open"


class FeedbackKind(StrEnum):
    """What a person did with an output."""

    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    REJECTED = "rejected"


PROBABLE_CAUSES: Final[dict[int, str]] = dict(
    enumerate(
        (
            "adapterError applicationSubsystemFailure bandwidthReduced callEstablishmentError "
            "communicationsProtocolError communicationsSubsystemFailure configurationOrCustomizationError "
            "congestion corruptData cpuCyclesLimitExceeded dataSetOrModemError degradedSignal "
            "dTEdCEInterfaceError enclosureDoorOpen equipmentMalfunction excessiveVibration fileError "
            "fireDetected floodDetected framingError heatingOrVentilationOrCoolingSystemProblem "
            "humidityUnacceptable inputOutputDeviceError inputDeviceError lANError leakDetected "
            "localNodeTransmissionError lossOfFrame lossOfSignal materialSupplyExhausted multiplexerProblem "
            "outOfMemory ouputDeviceError performanceDegraded powerProblem pressureUnacceptable "
            "processorProblem pumpFailure queueSizeExceeded receiveFailure receiverFailure "
            "remoteNodeTransmissionError resourceAtOrNearingCapacity responseTimeExcessive "
            "retransmissionRateExcessive softwareError softwareProgramAbnormallyTerminated "
            "softwareProgramError storageCapacityProblem temperatureUnacceptable thresholdCrossed "
            "timingProblem toxicLeakDetected transmitFailure transmitterFailure "
            "underlyingResourceUnavailable versionMismatch"
        ).split(),
        start=1,
    )
)
"""X.733 probable causes 1 to 57, spelt as the standard spells them."""

PROBABLE_CAUSE_CODES: Final[dict[str, int]] = {name: code for code, name in PROBABLE_CAUSES.items()}
