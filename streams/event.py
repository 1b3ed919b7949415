"""What an alarm notification does to an alarm's life, cut down to what windows and correlation need.

Times are integers in ms since the Unix epoch. Does not know Kafka, windows or incidents.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

import msgspec

from telcollm.identity import derive_id
from telcollm.records import SEVERITY_RANK, Alarm, NotificationType, OperatorState, PerceivedSeverity


class EventKind(IntEnum):
    """What the notification says."""

    RAISE = 0
    CHANGE = 1
    CLEAR = 2
    REBUILT = 3


class AlarmEvent(msgspec.Struct, gc=False):
    """One step of an alarm's life. `event_ms` is when it happened; `home` False marks a copy across a cut.

    `sequence` orders the events of one record: (offset, place in the record) of where it was first read.
    """

    kind: EventKind
    alarm_id: str
    key: str
    tenant: str
    region: str
    source_system_id: str
    managed_object: str
    problem: str
    severity: int
    event_ms: int
    raised_ms: int
    cleared_ms: int | None
    shelved: bool
    mode: str
    append_ms: int = 0
    offset: int = 0
    home: bool = True
    boundary: bool = False
    planned_outage: bool = False
    body: bytes = b""
    listed: frozenset[str] = frozenset()


def to_ms(time: datetime) -> int:
    """Return an aware time as whole ms since the Unix epoch."""
    return int(time.timestamp() * 1000)


_KINDS = {
    NotificationType.NEW_ALARM: EventKind.RAISE,
    NotificationType.CLEARED_ALARM: EventKind.CLEAR,
    NotificationType.ALARM_LIST_REBUILT: EventKind.REBUILT,
}


def alarm_key(alarm: Alarm) -> str:
    """Return what a clear is matched to its raise by, as one short id."""
    return derive_id("key", *alarm.key)


def event_of(alarm: Alarm, *, body: bytes = b"", append_ms: int = 0, offset: int = 0) -> AlarmEvent:
    """Return the event that `alarm` tells of; a severity CLEARED is a clear whatever it was announced as.

    A rebuilt alarm list names what it lists by `Alarm.key`, under `keys` of the additional information.
    """
    kind = _KINDS.get(alarm.notification_type, EventKind.CHANGE)
    if alarm.perceived_severity is PerceivedSeverity.CLEARED and kind is not EventKind.REBUILT:
        kind = EventKind.CLEAR
    raised_ms = to_ms(alarm.alarm_raised_time)
    cleared_ms = None if alarm.alarm_cleared_time is None else to_ms(alarm.alarm_cleared_time)
    if kind is EventKind.CLEAR:
        if cleared_ms is None:
            changed = alarm.alarm_changed_time
            cleared_ms = raised_ms if changed is None else to_ms(changed)
        event_ms = cleared_ms
    elif kind is EventKind.CHANGE and alarm.alarm_changed_time is not None:
        event_ms = to_ms(alarm.alarm_changed_time)
    else:
        event_ms = raised_ms
    listed: frozenset[str] = frozenset()
    if kind is EventKind.REBUILT:
        keys = alarm.additional_information.get("keys", ())
        listed = frozenset(derive_id("key", *map(str, key)) for key in keys)
    return AlarmEvent(
        kind=kind,
        alarm_id=alarm.alarm_id,
        key=alarm_key(alarm),
        tenant=alarm.tenant,
        region=alarm.region,
        source_system_id=alarm.source_system_id,
        managed_object=alarm.managed_object,
        problem=alarm.problem,
        severity=SEVERITY_RANK[alarm.perceived_severity],
        event_ms=event_ms,
        raised_ms=raised_ms,
        cleared_ms=cleared_ms,
        shelved=alarm.operator_state is OperatorState.SHELVED,
        mode=alarm.mode.value,
        append_ms=append_ms,
        offset=offset,
        planned_outage=alarm.planned_outage_indicator.lower() in ("true", "inplannedoutage", "yes"),
        body=body,
        listed=listed,
    )
