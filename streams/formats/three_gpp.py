"""3GPP AlarmRecords and alarm notifications to Alarm and back.

Source: 3GPP TS 28.532 clause 11.2 and TS 28.111. It deliberately does not know how notifications are
subscribed to, nor NETCONF's and CORBA's spellings of them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from streams.formats import terms
from streams.formats.assembly import alarm_of, is_list_notice, listed
from streams.formats.fields import CANONICAL, Table, anything, flag, name, reference, text
from streams.formats.tmf642 import add_extra, cause_fields, plain, reads_as_severity, reads_as_type
from streams.formats.wire import refusal
from telcollm.records import Alarm, NotificationType
from telcollm.settings import SourceSettings

FORM = "3gpp"


def correlated(value: Any, field: str) -> tuple[str, ...]:
    """Return each correlated notification as `sourceObjectInstance#notificationId`, or as it stands.

    Raises:
        DecodeError: neither names nor objects of sourceObjectInstance and notificationIds.
    """
    if type(value) is not list:
        raise refusal(value, field, "a list of {sourceObjectInstance, notificationIds} is allowed")
    found = []
    for place, item in enumerate(value):
        here = f"{field}[{place}]"
        if type(item) is dict and type(item.get("notificationIds")) is list:
            origin = text(item.get("sourceObjectInstance") or "", f"{here}.sourceObjectInstance")
            for number in item["notificationIds"]:
                word = name(number, f"{here}.notificationIds")
                found.append(f"{origin}#{word}" if origin else word)
        else:
            found.append(reference(item, here))
    return tuple(found)


TABLE: Table = {
    "eventType": ("_type", terms.alarm_type_of),
    "thresholdinfo": ("threshold_info", anything),
    "backedUpObject": ("back_up_object", text),
    "proposedRepairedActions": ("proposed_repair_actions", text),
    "isRootCause": ("root_cause_indicator", flag),
    **CANONICAL,
    "correlatedNotifications": ("correlated_notifications", correlated),
    "objectInstance": ("managed_object", name),
    "objectClass": ("managed_object_type", text),
    "systemDN": ("source_system_id", name),
}
"""Spellings of older releases and of neighbours, telcollm's own names, and 3GPP's: the later goes first."""


def decode(wire: dict[str, Any], source: SourceSettings) -> list[Alarm]:
    """Return the Alarm of an AlarmRecord or notification; of a rebuilt list, its alarms and then the notice.

    The object is objectInstance, else href. The source system is systemDN, else the source's setting, else
    the topic's name: an AlarmRecord by itself has no field for it.

    Raises:
        DecodeError: a required field is missing, or a value not allowed.
    """
    if not is_list_notice(wire.get("notificationType")):
        return [_decode_one(wire, source, None)]
    system = wire.get("systemDN")
    if not any(wire.get(field) for field in ("objectInstance", "managedObject", "href")):
        wire["objectInstance"] = system or source.source_system_id or source.topic
    return listed(
        wire,
        lambda entry: _decode_one(dict(entry), source, system),
        lambda notice: _decode_one(notice, source, None),
    )


def _decode_one(wire: dict[str, Any], source: SourceSettings, system: Any) -> Alarm:
    if "href" in wire and "objectInstance" not in wire and "managedObject" not in wire:
        wire["objectInstance"] = wire.pop("href")
    if system is not None:
        wire.setdefault("systemDN", system)
    return alarm_of(wire, TABLE, source, FORM, default_system=source.topic)


_RENAMED = {
    "managedObject": "objectInstance",
    "managedObjectType": "objectClass",
    "sourceSystemId": "systemDN",
}


def to_3gpp(alarm: Alarm) -> dict[str, Any]:
    """Return the alarm as a 3GPP notification of plain JSON values; `alarmId` is the sender's id if known.

    What 3GPP has no field for stands under telcollm's own name; the tenant is left out. Decoding the answer
    in a source of the same tenant gives the alarm again.
    """
    wire = plain(alarm)
    extra = wire.pop("extra", {})
    own_id = wire.pop("alarmId")
    at = alarm.alarm_raised_time
    if alarm.notification_type is NotificationType.CLEARED_ALARM:
        at = alarm.alarm_cleared_time or at
    elif alarm.notification_type is not NotificationType.NEW_ALARM:
        at = alarm.alarm_changed_time or at
    payload: dict[str, Any] = {
        "notificationType": alarm.notification_type.value,
        "notificationId": _number(wire.pop("notificationId", "")),
        "eventTime": extra.pop("eventTime", None) or msgspec.to_builtins(at),
        "alarmId": extra.get(FORM, {}).get("alarmId") or wire.pop("externalAlarmId", own_id),
        "alarmType": alarm.raw_type if reads_as_type(alarm) else alarm.alarm_type.value,
        "perceivedSeverity": (
            alarm.raw_severity if reads_as_severity(alarm) else alarm.perceived_severity.value
        ),
        **cause_fields(alarm),
    }
    if payload["notificationId"] == "":
        del payload["notificationId"]
    if "correlatedNotifications" in wire:
        payload["correlatedNotifications"] = _grouped(wire.pop("correlatedNotifications"))
    for field, value in wire.items():
        payload.setdefault(_RENAMED.get(field, field), value)
    add_extra(payload, extra, FORM, TABLE)
    return payload


def _grouped(items: list[str]) -> list[dict[str, Any] | str]:
    """Return the notifications of one object after another as one {sourceObjectInstance, notificationIds}."""
    groups: list[dict[str, Any] | str] = []
    for item in items:
        origin, hash_sign, number = item.rpartition("#")
        if not (hash_sign and origin and number):
            groups.append(item)
            continue
        last = groups[-1] if groups else None
        if isinstance(last, dict) and last["sourceObjectInstance"] == origin:
            last["notificationIds"].append(_number(number))
        else:
            groups.append({"sourceObjectInstance": origin, "notificationIds": [_number(number)]})
    return groups


def _number(word: str) -> int | str:
    """Return a notification id as the number 3GPP wants, where no digit is lost by it."""
    return int(word) if word.isascii() and word.isdecimal() and str(int(word)) == word else word
