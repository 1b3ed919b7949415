"""TMF642 v4 alarms, bare or in an event's envelope, to Alarm and back.

Source: TM Forum TMF642 Alarm Management API v4. It deliberately does not know the REST interface around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from streams.formats import terms
from streams.formats.assembly import alarm_of
from streams.formats.fields import CANONICAL, Table, anything, flag, name, reference, references, text
from streams.formats.instant import time_of
from streams.formats.resource import ids, object_type
from streams.formats.wire import refusal
from telcollm.errors import DecodeError
from telcollm.records import Alarm, AlarmType, NotificationType
from telcollm.settings import SourceSettings

FORM = "tmf642"

TABLE: Table = {
    **{field: entry for field, entry in CANONICAL.items() if field != "alarmId"},
    "id": ("_foreign_id", name),
    "alarmedObject": ("managed_object", reference),
    "alarmedObjectType": ("managed_object_type", text),
    "state": ("_state", terms.state_of),
    "alarmDetails": ("additional_text", text),
    "isRootCause": ("root_cause_indicator", flag),
    "correlatedAlarm": ("correlated_notifications", references),
    "crossedThresholdInformation": ("threshold_info", anything),
    "proposedRepairedActions": ("proposed_repair_actions", text),
    "sourceSystemId": ("source_system_id", name),
}
"""telcollm's own names, and TMF642's, which go first; proposedRepairedActions is misspelt by the standard."""

_EVENTS = {
    "alarmcreateevent": None,
    "alarmstatechangeevent": NotificationType.CHANGED_ALARM,
    "alarmattributevaluechangeevent": NotificationType.CHANGED_ALARM,
    "alarmdeleteevent": NotificationType.CLEARED_ALARM,
}


def decode(wire: dict[str, Any], source: SourceSettings) -> Alarm:
    """Return the Alarm that a TMF642 alarm or alarm event describes.

    An AlarmDeleteEvent is a clear: what is no longer listed is closed. What the envelope held beside the
    alarm is kept in `extra["eventEnvelope"]`.

    Raises:
        DecodeError: a required field is missing, or a value not allowed.
    """
    if "alarmedObject" not in wire and type(wire.get("event")) is dict:
        return _decode_event(wire, source)
    return _decode_resource(wire, source)


def _decode_resource(wire: Mapping[str, Any], source: SourceSettings, **event: Any) -> Alarm:
    alarm = alarm_of(wire, TABLE, source, FORM, **event)
    foreign: dict[str, Any] = {}
    kind = object_type(wire.get("alarmedObject"), alarm.managed_object_type, foreign)
    for field in ("affectedService", "correlatedAlarm", "parentAlarm"):
        ids(wire.get(field), field, foreign)
    extra = alarm.extra
    if foreign:
        extra = {**extra, FORM: {**extra.get(FORM, {}), **foreign}}
    return msgspec.structs.replace(alarm, managed_object_type=kind, extra=extra)


def _decode_event(wire: dict[str, Any], source: SourceSettings) -> Alarm:
    kind = wire.get("eventType")
    word = terms.squeezed(kind) if type(kind) is str else ""
    if word not in _EVENTS:
        raise refusal(
            kind,
            "eventType",
            "AlarmCreateEvent, AlarmStateChangeEvent, AlarmAttributeValueChangeEvent or "
            "AlarmDeleteEvent is allowed",
        )
    body = wire["event"].get("alarm")
    if type(body) is not dict:
        raise refusal(body, "event.alarm", "one alarm as an object is allowed")
    at = wire.get("eventTime")
    moment = None if at is None else time_of(at, "eventTime", source.time_zone)
    try:
        alarm = _decode_resource(body, source, event=_EVENTS[word], event_time=moment)
    except DecodeError as error:
        message = f"event.alarm: {error}"
        raise DecodeError(message, field=f"event.alarm.{error.field}") from error
    envelope = {field: value for field, value in wire.items() if field != "event"}
    envelope.update((field, value) for field, value in wire["event"].items() if field != "alarm")
    return msgspec.structs.replace(alarm, extra={**alarm.extra, "eventEnvelope": envelope})


_STATES = {
    NotificationType.NEW_ALARM: "raised",
    NotificationType.CHANGED_ALARM: "updated",
    NotificationType.CLEARED_ALARM: "cleared",
}
_RENAMED = {
    "additionalText": "alarmDetails",
    "rootCauseIndicator": "isRootCause",
    "thresholdInfo": "crossedThresholdInformation",
    "proposedRepairActions": "proposedRepairedActions",
    "managedObjectType": "alarmedObjectType",
}


def to_tmf642(alarm: Alarm) -> dict[str, Any]:
    """Return the alarm as a TMF642 resource of plain JSON values; its `id` is telcollm's.

    What TMF642 has no field for stands under telcollm's own name. The tenant is left out: the source it is
    read from again knows it. Decoding the answer in a source of the same tenant gives the alarm again.
    """
    wire = plain(alarm)
    extra = wire.pop("extra", {})
    state = _STATES.get(alarm.notification_type)
    if state is not None:
        wire.pop("notificationType", None)
    managed = {"id": wire.pop("managedObject")}
    if alarm.managed_object_type:
        managed["@referredType"] = alarm.managed_object_type
    payload: dict[str, Any] = {
        "id": wire.pop("alarmId"),
        "state": state or "updated",
        "alarmType": alarm.raw_type if reads_as_type(alarm) else _camel(alarm.alarm_type),
        "perceivedSeverity": (
            alarm.raw_severity if reads_as_severity(alarm) else alarm.perceived_severity.value.lower()
        ),
        "alarmedObject": managed,
        **cause_fields(alarm),
    }
    if "ackState" in wire:
        payload["ackState"] = wire.pop("ackState").lower()
    for field in ("affectedService", "parentAlarm"):
        if field in wire:
            payload[field] = [{"id": item} for item in wire.pop(field)]
    if "correlatedNotifications" in wire:
        payload["correlatedAlarm"] = [{"id": item} for item in wire.pop("correlatedNotifications")]
    for field, value in wire.items():
        payload.setdefault(_RENAMED.get(field, field), value)
    add_extra(payload, extra, FORM, TABLE)
    return payload


def add_extra(payload: dict[str, Any], extra: dict[str, Any], form: str, table: Table) -> None:
    """Add the fields nobody knew to a payload, and those that were kept apart for its format.

    A field that came in another format, and whose name would mean something in this one, is left out; so is
    one that was kept apart and would now tell another story than the alarm.
    """
    remainder = extra.pop(form, {})
    for field, value in extra.items():
        if field == "eventTime" or field not in table:
            payload.setdefault(field, value)
    for field, value in remainder.items():
        if field in payload and field != "id":
            reader = table[field][1]
            if reader not in (reference, references) or reader(value, field) != reader(payload[field], field):
                continue
        payload[field] = value


def plain(alarm: Alarm) -> dict[str, Any]:
    """Return the alarm as JSON values without tenant, version and the fields that formats spell anew."""
    wire: dict[str, Any] = msgspec.to_builtins(alarm)
    for field in ("tenant", "schemaVersion", "alarmType", "perceivedSeverity", "probableCause"):
        wire.pop(field, None)
    if reads_as_type(alarm):
        wire.pop("rawType", None)
    if reads_as_severity(alarm):
        wire.pop("rawSeverity", None)
    return wire


def reads_as_type(alarm: Alarm) -> bool:
    """Return whether the raw type alone is read as the alarm's type."""
    raw = alarm.raw_type
    return bool(raw) and terms.alarm_type_of(raw[: terms.MAX_WORD], "rawType")[:2] == (alarm.alarm_type, raw)


def reads_as_severity(alarm: Alarm) -> bool:
    """Return whether the raw severity alone is read as the alarm's severity."""
    raw = alarm.raw_severity
    if not raw or len(raw) > terms.MAX_WORD:
        return False
    severity, kept, clears = terms.severity_of(raw, "rawSeverity")
    clear = alarm.notification_type is NotificationType.CLEARED_ALARM
    return (severity, kept) == (alarm.perceived_severity, raw) and (clear or not clears)


def cause_fields(alarm: Alarm) -> dict[str, Any]:
    """Return probableCause as one word, with probableCauseName, -Code and -Vendor where it needs them."""
    cause = alarm.probable_cause
    if not cause.label:
        return {}
    fields: dict[str, Any] = {"probableCause": cause.label}
    read = terms.probable_cause_of(cause.label, "probableCause")
    if cause.name != read.name:
        fields["probableCauseName"] = cause.name
    if cause.code != read.code:
        fields["probableCauseCode"] = cause.code
    if cause.vendor != read.vendor:
        fields["probableCauseVendor"] = cause.vendor
    return fields


def _camel(alarm_type: AlarmType) -> str:
    first, *rest = alarm_type.value.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


__all__ = ["FORM", "TABLE", "decode", "to_tmf642"]
