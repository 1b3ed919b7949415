"""Prometheus Alertmanager's alerts as TMF642 alarms. Does not know where they are sent.

Source: Alertmanager's documentation, webhook_config, data version 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from telcollm.errors import DecodeError

_SEVERITIES: Final = {
    "critical": "critical",
    "page": "critical",
    "error": "major",
    "major": "major",
    "high": "major",
    "warning": "warning",
    "minor": "minor",
    "info": "warning",
}
_OBJECTS: Final = ("managed_object", "object", "instance", "node", "device", "pod", "service", "job")


def alarm_of(alert: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return the TMF642 alarm that an alert tells of; a severity nobody knows stays indeterminate.

    The object is the first of the labels managed_object, object, instance, node, device, pod, service, job.

    Raises:
        DecodeError: it has no alertname, no object, no start, or a state that is none.
    """
    labels, notes = alert.get("labels"), alert.get("annotations")
    known = {str(key): str(value) for key, value in labels.items()} if isinstance(labels, Mapping) else {}
    said = {str(key): str(value) for key, value in notes.items()} if isinstance(notes, Mapping) else {}
    managed = next((known[name] for name in _OBJECTS if known.get(name)), "")
    name, status, starts = known.get("alertname", ""), alert.get("status"), alert.get("startsAt")
    if not name or not managed or status not in ("firing", "resolved") or not isinstance(starts, str):
        message = (
            f"alerts.{number} is not allowed: it needs labels.alertname, one label of "
            f"{', '.join(_OBJECTS)}, status firing or resolved, and startsAt; mend the alerting rule"
        )
        raise DecodeError(message, field=f"alerts.{number}")
    resolved = status == "resolved"
    raw = known.get("severity", "")
    alarm: dict[str, Any] = {
        "alarmType": known.get("alarm_type", "qualityOfServiceAlarm"),
        "perceivedSeverity": _SEVERITIES.get(raw.lower(), "indeterminate"),
        "probableCause": known.get("probable_cause", "thresholdCrossed"),
        "specificProblem": name,
        "alarmedObject": {"id": managed},
        "sourceSystemId": known.get("source", "alertmanager"),
        "state": "cleared" if resolved else "raised",
        "alarmRaisedTime": starts,
        "alarmDetails": said.get("description") or said.get("summary", ""),
        "externalAlarmId": str(alert.get("fingerprint", "")),
        "additionalInformation": {"labels": known, "generatorURL": str(alert.get("generatorURL", ""))},
    }
    ends = alert.get("endsAt")
    if resolved and isinstance(ends, str):
        alarm["alarmClearedTime"] = ends
    return {key: value for key, value in alarm.items() if value != ""}
