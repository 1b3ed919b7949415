"""Alarm: one notification of an alarm's life, in the words of 3GPP AlarmRecord and TMF642.

Does not know how an alarm's notifications make up its life: that is `streams.life`.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from telcollm.records.record import Identifier, Part, Record, UtcTime
from telcollm.records.vocabulary import (
    AckState,
    AlarmType,
    Mode,
    NotificationType,
    OperatorState,
    PerceivedSeverity,
    TrendIndication,
)

Text = Annotated[str, msgspec.Meta(max_length=16_384)]


class ProbableCause(Part, frozen=True):
    """X.733 probable cause: the standard's name and number, and the vendor's own word, side by side."""

    name: Text = ""
    code: int | None = None
    vendor: Text = ""

    @property
    def label(self) -> str:
        """The most specific word there is: the standard's name, else the vendor's, else the number."""
        return self.name or self.vendor or ("" if self.code is None else str(self.code))


class Alarm(Record, frozen=True):
    """One alarm notification, as 3GPP TS 28.532 AlarmRecord and TMF642 Alarm both describe it.

    `perceived_severity` keeps the severity the alarm was raised with when it clears (RFC 8632);
    whether this notification clears it is told by `notification_type`.
    Source: 3GPP TS 28.532 clause 11.2, TMF642 v4.
    """

    alarm_id: Identifier
    source_system_id: Identifier
    managed_object: Identifier
    alarm_raised_time: UtcTime
    alarm_type: AlarmType = AlarmType.OTHER
    probable_cause: ProbableCause = ProbableCause()
    specific_problem: Text = ""
    perceived_severity: PerceivedSeverity = PerceivedSeverity.INDETERMINATE
    notification_type: NotificationType = NotificationType.NEW_ALARM
    managed_object_type: str = ""
    alarm_changed_time: UtcTime | None = None
    alarm_cleared_time: UtcTime | None = None
    alarm_reporting_time: UtcTime | None = None
    ack_state: AckState = AckState.UNACKNOWLEDGED
    ack_time: UtcTime | None = None
    ack_user_id: str = ""
    ack_system_id: str = ""
    clear_user_id: str = ""
    clear_system_id: str = ""
    operator_state: OperatorState = OperatorState.NONE
    trend_indication: TrendIndication | None = None
    backed_up_status: bool | None = None
    back_up_object: str = ""
    threshold_info: Any = None
    state_change_definition: Any = None
    monitored_attributes: Any = None
    proposed_repair_actions: Text = ""
    additional_text: Text = ""
    additional_information: dict[str, Any] = {}
    root_cause_indicator: bool | None = None
    service_affecting: bool | None = None
    affected_service: tuple[str, ...] = ()
    correlated_notifications: tuple[str, ...] = ()
    parent_alarm: tuple[str, ...] = ()
    planned_outage_indicator: str = ""
    external_alarm_id: str = ""
    notification_id: str = ""
    reporting_system_id: str = ""
    vendor: str = ""
    raw_type: str = ""
    raw_severity: str = ""
    mode: Mode = Mode.LIVE

    @property
    def problem(self) -> str:
        """The name this alarm has in a cause graph: its specific problem, else its probable cause."""
        return self.specific_problem or self.probable_cause.label or self.alarm_type.value

    @property
    def key(self) -> tuple[str, str, str, str, str, str]:
        """What a clear is matched to its raise by (X.733: object, type, cause and specific problem)."""
        return (
            self.tenant,
            self.source_system_id,
            self.managed_object,
            self.alarm_type.value,
            self.probable_cause.label,
            self.specific_problem,
        )
