"""Which wire field fills which attribute of an Alarm, and how its value is read.

A table maps a field's wire name to (attribute, reader). Attributes that begin with an underscore are notes
for `assembly`, not attributes of the record. It deliberately does not know how fields bear on one another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from streams.formats import terms
from streams.formats.wire import refusal

Reader = Callable[[Any, str], Any]
Table = Mapping[str, tuple[str, Reader]]

MAX_TEXT = 16_384
MAX_NAME = 1_024


def text(value: Any, field: str) -> str:
    """Return a text of at most MAX_TEXT characters; a whole number becomes its digits.

    TS 28.532 allows numbers for specificProblem and notificationId.

    Raises:
        DecodeError: neither text nor number, or too long.
    """
    if type(value) is int and len(digits := str(value)) <= MAX_NAME:
        return digits
    if type(value) is str and len(value) <= MAX_TEXT:
        return value
    raise refusal(value, field, f"a text of at most {MAX_TEXT} characters is allowed")


def name(value: Any, field: str) -> str:
    """Return an identifier of 1 to MAX_NAME characters; a whole number becomes its digits.

    Raises:
        DecodeError: anything else.
    """
    found = text(value, field)
    if not 0 < len(found) <= MAX_NAME:
        raise refusal(value, field, f"a name of 1 to {MAX_NAME} characters is allowed")
    return found


def flag(value: Any, field: str) -> bool:
    """Return a boolean, which may be spelt as text. Raises: DecodeError for anything else."""
    if type(value) is bool:
        return value
    word = terms.squeezed(value) if type(value) is str and len(value) <= MAX_NAME else ""
    if word in ("true", "yes", "backedup"):
        return True
    if word in ("false", "no", "notbackedup"):
        return False
    raise refusal(value, field, "true or false is allowed")


def moment(value: Any, field: str) -> Any:
    """Mark a field as a time: `assembly` reads it, as it needs the source's time zone."""
    return value


def anything(value: Any, field: str) -> Any:
    """Return the value as it stands."""
    return value


def information(value: Any, field: str) -> dict[str, Any]:
    """Return a map of names to values, which may be written as a list of {name, value}.

    Raises:
        DecodeError: anything else.
    """
    if type(value) is dict:
        return value
    if type(value) is list and all(
        type(item) is dict and item.keys() == {"name", "value"} and type(item["name"]) is str
        for item in value
    ):
        return {item["name"]: item["value"] for item in value}
    raise refusal(value, field, "an object of names and values is allowed")


def reference(value: Any, field: str) -> str:
    """Return the id, else the href, else the name of a TMF reference; a plain name stands for itself.

    Raises:
        DecodeError: anything else.
    """
    if type(value) is dict:
        for key in ("id", "href", "name"):
            if value.get(key) not in (None, ""):
                return name(value[key], f"{field}.{key}")
        raise refusal(value, field, "an object with an id, an href or a name is allowed")
    return name(value, field)


def references(value: Any, field: str) -> tuple[str, ...]:
    """Return the ids of a list of TMF references; one alone stands for a list of one.

    Raises:
        DecodeError: an item is no reference.
    """
    if type(value) is not list:
        return (reference(value, field),)
    return tuple(reference(item, f"{field}[{place}]") for place, item in enumerate(value))


CANONICAL: Final[dict[str, tuple[str, Reader]]] = {
    "alarmType": ("_type", terms.alarm_type_of),
    "perceivedSeverity": ("_severity", terms.severity_of),
    "probableCause": ("_cause", terms.probable_cause_of),
    "probableCauseCode": ("_cause_code", anything),
    "probableCauseName": ("_cause_name", text),
    "probableCauseVendor": ("_cause_vendor", text),
    "specificProblem": ("specific_problem", text),
    "sourceSystemId": ("source_system_id", name),
    "managedObject": ("managed_object", name),
    "managedObjectType": ("managed_object_type", text),
    "notificationType": ("_notification", terms.notification_type_of),
    "eventTime": ("_event_time", moment),
    "alarmRaisedTime": ("alarm_raised_time", moment),
    "alarmChangedTime": ("alarm_changed_time", moment),
    "alarmClearedTime": ("alarm_cleared_time", moment),
    "alarmReportingTime": ("alarm_reporting_time", moment),
    "ackState": ("ack_state", terms.ack_state_of),
    "ackTime": ("ack_time", moment),
    "ackUserId": ("ack_user_id", text),
    "ackSystemId": ("ack_system_id", text),
    "clearUserId": ("clear_user_id", text),
    "clearSystemId": ("clear_system_id", text),
    "operatorState": ("operator_state", terms.operator_state_of),
    "trendIndication": ("trend_indication", terms.trend_of),
    "backedUpStatus": ("backed_up_status", flag),
    "backUpObject": ("back_up_object", text),
    "thresholdInfo": ("threshold_info", anything),
    "stateChangeDefinition": ("state_change_definition", anything),
    "monitoredAttributes": ("monitored_attributes", anything),
    "proposedRepairActions": ("proposed_repair_actions", text),
    "additionalText": ("additional_text", text),
    "additionalInformation": ("additional_information", information),
    "rootCauseIndicator": ("root_cause_indicator", flag),
    "serviceAffecting": ("service_affecting", flag),
    "affectedService": ("affected_service", references),
    "correlatedNotifications": ("correlated_notifications", references),
    "parentAlarm": ("parent_alarm", references),
    "plannedOutageIndicator": ("planned_outage_indicator", text),
    "alarmId": ("_foreign_id", name),
    "externalAlarmId": ("external_alarm_id", text),
    "notificationId": ("notification_id", text),
    "reportingSystemId": ("reporting_system_id", text),
    "vendor": ("vendor", text),
    "rawType": ("raw_type", text),
    "rawSeverity": ("raw_severity", text),
    "region": ("region", text),
    "mode": ("mode", terms.mode_of),
}
"""telcollm's own names; every format knows them too, so that what a standard lacks has a place in it."""
