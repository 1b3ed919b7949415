"""One foreign object to one Alarm, by a format's table: defaults, life, time and id follow the rules here.

It deliberately does not know any one format. The rules:

- A severity of "cleared", state "cleared" or notifyClearedAlarm make a CLEARED_ALARM; its severity is the one
  sent beside, INDETERMINATE where none was. Its time is the clear time, else the change's, the event's, the
  report's, the raise's. A clear that does not tell its raise time carries the clear time as such.
- A record that tells raise and clear times without saying it is a clear is a NEW_ALARM with both: a whole
  life.
- A raise without a raise time was raised at its event time.
- The tenant is the source's, always. A record may lower `mode` from live to replay or backfill, never raise
  it.
- `alarm_id` derives from what the alarm is and when it was raised; the sender's own id is
  `external_alarm_id`.
- What the record cannot hold survives in `extra`: a field nobody knows under its own name, what would be
  taken for a field of the record under the format's name.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from streams.formats import terms
from streams.formats.fields import MAX_NAME, MAX_TEXT, Table, moment, text
from streams.formats.instant import time_of
from streams.formats.wire import absent, camel, refusal
from telcollm import codec
from telcollm.errors import DecodeError
from telcollm.identity import derive_id
from telcollm.records import Alarm, AlarmType, Mode, NotificationType, ProbableCause
from telcollm.settings import SourceSettings

_NEW = NotificationType.NEW_ALARM
_CHANGED = NotificationType.CHANGED_ALARM
_CLEARED = NotificationType.CLEARED_ALARM
_CLEARABLE = (_NEW, _CHANGED, NotificationType.CHANGED_ALARM_GENERAL)
_LIST_NOTICES = (NotificationType.ALARM_LIST_REBUILT, NotificationType.POTENTIAL_FAULTY_ALARM_LIST)
_LIST_WORDS = frozenset(terms.squeezed(notice.value) for notice in _LIST_NOTICES)
_RESERVED = codec.wire_names(Alarm) | {"extra", "tmf642", "3gpp", "telcollm"}
_NO_TYPE = (AlarmType.OTHER, "", False)
_CAUSE_PARTS = frozenset(("_cause_name", "_cause_code", "_cause_vendor"))
_MAX_CODE = 2**63
_KEY_PARTS = 6
_NOTHING: tuple[Any, ...] = ("", (), [], {})
_OWN_NAMES = {
    ("tmf642", "managed_object"): "alarmedObject",
    ("tmf642", "_foreign_id"): "id",
    ("3gpp", "managed_object"): "objectInstance",
    ("3gpp", "source_system_id"): "systemDN",
    ("telcollm", "managed_object"): "managedObject",
    ("telcollm", "source_system_id"): "sourceSystemId",
    ("telcollm", "_foreign_id"): "alarmId",
}


def alarm_id_of(
    tenant: str,
    source_system_id: str,
    managed_object: str,
    alarm_type: AlarmType,
    probable_cause: ProbableCause,
    specific_problem: str,
    raised: datetime,
) -> str:
    """Return the id of the alarm that is this and was raised then; `raised` is in UTC.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 5, tzinfo=UTC)
    >>> alarm_id_of("acme", "ems1", "cell-7", AlarmType.OTHER, ProbableCause(), "12", at)
    'alm-3b92dac55e6a5cfb'
    """
    return derive_id(
        "alm",
        tenant,
        source_system_id,
        managed_object,
        alarm_type.value,
        probable_cause.label,
        specific_problem,
        msgspec.to_builtins(raised),
    )


def alarm_of(
    wire: Mapping[str, Any],
    table: Table,
    source: SourceSettings,
    form: str,
    *,
    default_system: str = "",
    event: NotificationType | None = None,
    event_time: datetime | None = None,
) -> Alarm:
    """Return the Alarm that `wire` describes in the words of `table`.

    `event` and `event_time` are what an envelope around it said; `default_system` stands in for a source
    system named neither by the record nor by the source's settings.

    Raises:
        DecodeError: a field is missing, of the wrong type or out of range.
    """
    fields: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    foreign: dict[str, Any] = {}
    zone = source.time_zone
    read: Any
    for wire_name, value in wire.items():
        entry = table.get(wire_name)
        if entry is None:
            (foreign if wire_name in _RESERVED else extra)[wire_name] = value
        elif value is not None:
            attribute, reader = entry
            if reader is moment:
                read = time_of(value, wire_name, zone)
            elif reader is text and type(value) is str and len(value) <= MAX_TEXT:
                read = value
            else:
                read = reader(value, wire_name)
            if attribute in fields:
                read = _told_twice(
                    attribute, read, fields[attribute], wire_name, wire, table, source, foreign
                )
            fields[attribute] = read
    take = fields.pop
    fields["tenant"] = source.tenant
    if source.region:
        if "region" in fields and fields["region"] != source.region:
            foreign["region"] = fields["region"]
        fields["region"] = source.region
    if source.mode != "live":
        fields["mode"] = Mode(source.mode)
    if source.vendor:
        fields.setdefault("vendor", source.vendor)

    alarm_type, raw_type, type_known = take("_type", _NO_TYPE)
    severity, raw_severity, says_cleared = take("_severity", terms.NO_SEVERITY)
    cause = take("_cause", terms.NO_CAUSE)
    if not _CAUSE_PARTS.isdisjoint(fields):
        cause = _whole_cause(
            cause, *(take(part, None) for part in ("_cause_name", "_cause_code", "_cause_vendor"))
        )
    fields["alarm_type"] = alarm_type
    fields["probable_cause"] = cause
    fields["perceived_severity"] = severity
    if raw_type:
        fields["raw_type"] = raw_type
    if raw_severity:
        fields["raw_severity"] = raw_severity

    state = take("_state", None)
    notification = take("_notification", None) or event
    if notification is None:
        notification = _CHANGED if state is terms.LifeState.UPDATED else _NEW
    if (says_cleared or state is terms.LifeState.CLEARED) and notification in _CLEARABLE:
        notification = _CLEARED
    fields["notification_type"] = notification
    if notification in _LIST_NOTICES:
        _check_named(fields.get("additional_information", {}))
    raised = _set_times(fields, notification, event_time, wire, extra)

    problem = fields.get("specific_problem", "")
    if not (type_known or raw_type or problem or cause.label):
        # Beyond the raise, the sender's own id can tell which alarm is meant.
        if notification is _NEW or not (fields.get("_foreign_id") or notification in _LIST_NOTICES):
            raise absent(
                field="alarmType", allowed="an alarmType, probableCause or specificProblem is required"
            )
    managed = fields.get("managed_object")
    if not managed:
        raise absent(
            field=_own_name(form, "managed_object"),
            allowed=f"a name of 1 to {MAX_NAME} characters is required",
        )
    system = fields.get("source_system_id") or source.source_system_id or default_system
    if not system:
        field = _own_name(form, "source_system_id")
        message = (
            f"{field}=(missing) is not allowed; 1 to {MAX_NAME} characters are required in the record or "
            "its source; set sources.source_system_id in telcollm.toml, then replay it with telcollm dlq "
            "replay"
        )
        raise DecodeError(message, field=field)
    fields["source_system_id"] = system

    alarm_id = alarm_id_of(source.tenant, system, managed, alarm_type, cause, problem, raised)
    fields["alarm_id"] = alarm_id
    sent_id = take("_foreign_id", alarm_id)
    if sent_id != alarm_id:
        external = fields.get("external_alarm_id") or sent_id
        fields["external_alarm_id"] = external
        if external != sent_id:
            foreign[_own_name(form, "_foreign_id")] = sent_id
    if foreign:
        extra[form] = foreign
    if extra:
        fields["extra"] = extra
    return Alarm(**fields)


def _told_twice(
    attribute: str,
    read: Any,
    before: Any,
    name: str,
    wire: Mapping[str, Any],
    table: Table,
    source: SourceSettings,
    foreign: dict[str, Any],
) -> Any:
    """Return the value that counts of two fields for one attribute; what the other held goes to `foreign`.

    Which one counts does not hang on their order in the record: a mapped field goes before any other, then
    the later in the table, and something goes before nothing.
    """
    mapped = {camel(target) for target in source.mapping}
    places = list(table)
    rivals = [
        other
        for other in itertools.takewhile(lambda other: other != name, wire)
        if other in table and table[other][0] == attribute and wire[other] is not None
    ]
    # Of three, the one that counted so far is the best of those before.
    ranked = [other for other in rivals if other not in foreign and wire[other] not in _NOTHING]
    rival = ranked[-1] if ranked else rivals[-1]
    if before in _NOTHING:
        return read
    if read in _NOTHING:
        return before
    if (name in mapped, places.index(name)) > (rival in mapped, places.index(rival)):
        foreign[rival] = wire[rival]
        return read
    foreign[name] = wire[name]
    return before


def _set_times(
    fields: dict[str, Any],
    notification: NotificationType,
    event_time: datetime | None,
    wire: Mapping[str, Any],
    extra: dict[str, Any],
) -> datetime:
    """Fill in the times that the notification implies; return the raise time."""
    own_event_time: datetime | None = fields.pop("_event_time", None)
    at = own_event_time or event_time
    raised: datetime | None = fields.get("alarm_raised_time")
    changed: datetime | None = fields.get("alarm_changed_time")
    if notification is _CLEARED:
        cleared = (
            fields.get("alarm_cleared_time") or changed or at or fields.get("alarm_reporting_time") or raised
        )
        if cleared is None:
            raise absent(
                field="alarmClearedTime", allowed="a clear needs its time, as alarmClearedTime or eventTime"
            )
        fields["alarm_cleared_time"] = cleared
        raised = raised or cleared
    elif notification is _NEW:
        raised = raised or at
    else:
        if changed is None and at is not None:
            fields["alarm_changed_time"] = changed = at
        raised = raised or changed
    if raised is None:
        raise absent(
            field="alarmRaisedTime", allowed="the time the alarm was raised is required, with its time zone"
        )
    fields["alarm_raised_time"] = raised
    if own_event_time is not None and own_event_time not in (
        raised,
        fields.get("alarm_changed_time"),
        fields.get("alarm_cleared_time"),
    ):
        extra["eventTime"] = msgspec.to_builtins(own_event_time)
    return raised


def _whole_cause(cause: ProbableCause, name: str | None, code: Any, vendor: str | None) -> ProbableCause:
    if type(code) is str and code.isascii() and code.isdecimal() and len(code) < 19:
        code = int(code)
    if code is not None and (type(code) is not int or abs(code) >= _MAX_CODE):
        raise refusal(code, "probableCauseCode", "a whole number is allowed")
    return ProbableCause(
        name=cause.name if name is None else name,
        code=cause.code if code is None else code,
        vendor=cause.vendor if vendor is None else vendor,
    )


def _own_name(form: str, attribute: str) -> str:
    """Return the standard's own name of an attribute that has one in every format."""
    return _OWN_NAMES.get((form, attribute)) or _OWN_NAMES["telcollm", attribute]


def is_list_notice(notification_type: Any) -> bool:
    """Return whether a notificationType, as it came, is about the alarm list as a whole."""
    return type(notification_type) is str and terms.squeezed(notification_type) in _LIST_WORDS


def listed(
    wire: dict[str, Any], decode_one: Callable[[Mapping[str, Any]], Alarm], notice: Callable[..., Alarm]
) -> list[Alarm]:
    """Return the alarms of a rebuilt list, then the notice that it was rebuilt.

    `alarmList` is a list of alarms, or an object of alarms by id. The notice's `additional_information` names
    what is listed: `alarmIds`, the telcollm ids, and `keys`, each alarm's `Alarm.key` as a list of six texts.
    Alarms of the notice's source system that are not named are closed. A notice without an `alarmList` has
    neither and closes nothing: the list is yet to be fetched.

    Raises:
        DecodeError: one of them cannot be read; the field begins with its place.
    """
    entries = wire.pop("alarmList", None)
    if entries is None:
        return [notice(wire)]
    if type(entries) is dict:
        pairs: Iterable[tuple[str, Any]] = [(f"alarmList.{key}", item) for key, item in entries.items()]
    elif type(entries) is list:
        pairs = [(f"alarmList[{place}]", item) for place, item in enumerate(entries)]
    else:
        raise refusal(entries, "alarmList", "a list of alarms is allowed")
    alarms: list[Alarm] = []
    for place, entry in pairs:
        if type(entry) is not dict:
            raise refusal(entry, place, "one alarm as an object is allowed")
        try:
            alarms.append(decode_one(entry))
        except DecodeError as error:
            message = f"{place}: {error}"
            raise DecodeError(message, field=f"{place}.{error.field}" if error.field else place) from error
    named = {
        "alarmIds": [alarm.alarm_id for alarm in alarms],
        "keys": [list(alarm.key) for alarm in alarms],
    }
    wire["additionalInformation"] = {**_information(wire), **named}
    return [*alarms, notice(wire)]


def _check_named(information: Mapping[str, Any]) -> None:
    """Guarantee that what a list notice names, if anything, is named as `listed` names it."""
    ids = information.get("alarmIds", [])
    if type(ids) is not list or any(type(item) is not str for item in ids):
        raise refusal(ids, "additionalInformation.alarmIds", "a list of ids is allowed")
    keys = information.get("keys", [])
    if type(keys) is not list or any(
        type(key) is not list or len(key) != _KEY_PARTS or any(type(part) is not str for part in key)
        for key in keys
    ):
        raise refusal(keys, "additionalInformation.keys", f"a list of lists of {_KEY_PARTS} texts is allowed")


def _information(wire: Mapping[str, Any]) -> Mapping[str, Any]:
    found = wire.get("additionalInformation") or {}
    if type(found) is not dict:
        raise refusal(found, "additionalInformation", "an object of names and values is allowed")
    return found
