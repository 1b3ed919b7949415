"""What an alarm notification does to an alarm's life, cut down to what windows and correlation need.

Times are integers in ms since the Unix epoch. Does not know Kafka, windows or incidents.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from functools import lru_cache
from typing import Final

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

    `alias` joins a 3GPP clear, which names no specific problem, to its raise by their common alarmId.
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
    alias: str = ""


def to_ms(time: datetime) -> int:
    """Return an aware time as whole ms since the Unix epoch."""
    return int(time.timestamp() * 1000)


# Before Python 3.12 a member read off its enumeration costs more than all the rest of a comparison.
_RAISE, _CHANGE, _CLEAR, _REBUILT = EventKind
_CLEARED, _SHELVED = PerceivedSeverity.CLEARED, OperatorState.SHELVED
_NOTHING_LISTED: Final[frozenset[str]] = frozenset()
_OUTAGE_WORDS = frozenset(("true", "inplannedoutage", "outofservice", "yes"))
_KINDS = {
    NotificationType.NEW_ALARM: _RAISE,
    NotificationType.CLEARED_ALARM: _CLEAR,
    NotificationType.ALARM_LIST_REBUILT: _REBUILT,
}


_MAX_PROBLEM: Final = 200
_ASIDE = frozenset(
    (
        NotificationType.ACK_STATE_CHANGED,
        NotificationType.COMMENTS,
        NotificationType.CORRELATED_NOTIFICATION_CHANGED,
        NotificationType.POTENTIAL_FAULTY_ALARM_LIST,
    )
)


def tells_of_life(alarm: Alarm) -> bool:
    """Tell whether the notification says that an alarm began, changed or ended.

    Acknowledgements, comments, correlations and warnings about the list do not; nor does a notice that the
    list was rebuilt, without the list.
    """
    if alarm.notification_type is NotificationType.ALARM_LIST_REBUILT:
        return "keys" in alarm.additional_information
    return alarm.notification_type not in _ASIDE


def alarm_key(alarm: Alarm) -> str:
    """Return what a clear is matched to its raise by, as one short id."""
    return _key_id(alarm.key)


@lru_cache(maxsize=16_384)
def _key_id(key: tuple[str, ...]) -> str:
    # A network says the same things of the same objects over and over; the digest is the dear part.
    return derive_id("key", *key)


def _alias_of(alarm: Alarm, kind: EventKind) -> str:
    """Return what joins a clear without a specific problem to its raise; empty where nothing needs to.

    Source: 3GPP TS 28.532, notifyClearedAlarm has alarmId and no specificProblem.
    """
    if not alarm.notification_id or not alarm.external_alarm_id:
        return ""
    if (kind is _CLEAR) is bool(alarm.specific_problem):
        return ""
    return _key_id((*alarm.key[:-1], "", alarm.external_alarm_id))


def problem_of(alarm: Alarm) -> str:
    """Return the alarm's problem as windows, graphs and messages name it: bounded, still told apart.

    Beyond 200 characters it is its beginning and a digest of the whole.
    """
    problem = alarm.problem
    return problem if len(problem) <= _MAX_PROBLEM else f"{problem[:180]}~{derive_id('p', problem)}"


def event_of(alarm: Alarm, *, body: bytes = b"", append_ms: int = 0, offset: int = 0) -> AlarmEvent:
    """Return the event that `alarm` tells of; a severity CLEARED is a clear whatever it was announced as.

    A rebuilt alarm list names what it lists by `Alarm.key`, under `keys` of the additional information.
    """
    kind = _KINDS.get(alarm.notification_type, _CHANGE)
    if alarm.perceived_severity is _CLEARED and kind is not _REBUILT:
        kind = _CLEAR
    raised_ms = to_ms(alarm.alarm_raised_time)
    cleared_ms = None if alarm.alarm_cleared_time is None else to_ms(alarm.alarm_cleared_time)
    if kind is _CLEAR:
        if cleared_ms is None:
            changed = alarm.alarm_changed_time
            cleared_ms = raised_ms if changed is None else to_ms(changed)
        event_ms = cleared_ms
    elif kind is _CHANGE and alarm.alarm_changed_time is not None:
        event_ms = to_ms(alarm.alarm_changed_time)
    else:
        event_ms = raised_ms
    listed = _NOTHING_LISTED
    if kind is _REBUILT:
        keys = alarm.additional_information.get("keys", ())
        listed = frozenset(_key_id(tuple(map(str, key))) for key in keys)
    outage = alarm.planned_outage_indicator
    # By position, in the order of the fields: by name, msgspec takes five times as long.
    return AlarmEvent(
        kind,
        alarm.alarm_id,
        alarm_key(alarm),
        alarm.tenant,
        alarm.region,
        alarm.source_system_id,
        alarm.managed_object,
        problem_of(alarm),
        SEVERITY_RANK[alarm.perceived_severity],
        event_ms,
        raised_ms,
        cleared_ms,
        alarm.operator_state is _SHELVED,
        alarm.mode.value,
        append_ms,
        offset,
        planned_outage=bool(outage) and outage.lower() in _OUTAGE_WORDS,
        body=body,
        listed=listed,
        alias=_alias_of(alarm, kind),
    )
