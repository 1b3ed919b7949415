"""What the desk's systems knew of the network, and when: incidents as they grew, by the alarms that had come.

Made from the windows that the worker's own correlation found; a revision holds only what had been reported by
its time. Its `root_cause_resource` stays empty: no diagnosis has a part in this suite. Deliberately does not
know tickets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.scenarios.simulated import rows_of
from telcollm.records import SEVERITY_RANK, Incident, PerceivedSeverity, TicketStatus

TENANT: Final = "default"
_LONGEST: Final = timedelta(days=3)


def incident_revisions(
    folder: Path, start: datetime, end: datetime, services: Mapping[str, Sequence[str]]
) -> tuple[list[tuple[datetime, Incident]], dict[str, str]]:
    """Return what became known of incidents from `start` until `end`, in order of time, and whose they are.

    An incident is told when it opens, each time its alarms double, and when its last clear is heard. The
    second part is truth: the fault behind each incident, empty where there is none.
    """
    alarms = _alarms(folder, start - _LONGEST, end)
    truth: dict[str, str] = {}
    told: list[tuple[datetime, Incident]] = []
    for row in rows_of(folder, "truth/windows", columns=["window_id", "fault_id", "alarm_ids"]):
        own = [alarms[name] for name in row["alarm_ids"] if name in alarms]
        if len(own) < len(row["alarm_ids"]) or not own:
            continue
        truth[row["window_id"]] = row["fault_id"]
        told += _revisions(row["window_id"], own, services, end)
    told.sort(key=lambda one: (one[0], one[1].incident_id, one[1].revision))
    return told, truth


def _alarms(folder: Path, start: datetime, end: datetime) -> dict[str, dict[str, Any]]:
    columns = [
        "alarm_id",
        "element_id",
        "severity",
        "raised_time",
        "reported_time",
        "clear_reported_time",
        "region",
    ]
    where = [("raised_time", ">=", start), ("raised_time", "<", end)]
    return {row["alarm_id"]: row for row in rows_of(folder, "alarms", columns=columns, where=where)}


def _revisions(
    name: str, alarms: Iterable[dict[str, Any]], services: Mapping[str, Sequence[str]], end: datetime
) -> list[tuple[datetime, Incident]]:
    heard = sorted(alarms, key=lambda row: (row["reported_time"], row["alarm_id"]))
    found: list[tuple[datetime, Incident]] = []
    size = 1
    while True:
        size = min(size, len(heard))
        at = heard[size - 1]["reported_time"]
        found.append((at, _incident(name, heard[:size], at, len(found) + 1, services, closed=False)))
        if size == len(heard):
            break
        size *= 2
    clears = [row["clear_reported_time"] for row in heard]
    if all(clears):
        closed = max(*clears, heard[-1]["reported_time"])
        found.append((closed, _incident(name, heard, closed, len(found) + 1, services, closed=True)))
    return [(at, one) for at, one in found if at < end]


def _incident(
    name: str,
    heard: Sequence[dict[str, Any]],
    at: datetime,
    revision: int,
    services: Mapping[str, Sequence[str]],
    *,
    closed: bool,
) -> Incident:
    objects = tuple(dict.fromkeys(row["element_id"] for row in heard))
    worst = max((row["severity"] for row in heard), key=lambda one: SEVERITY_RANK[PerceivedSeverity(one)])
    active = sum(1 for row in heard if not row["clear_reported_time"] or row["clear_reported_time"] > at)
    return Incident(
        tenant=TENANT,
        region=heard[0]["region"],
        incident_id=name,
        revision=revision,
        status=TicketStatus.RESOLVED if closed else TicketStatus.IN_PROGRESS,
        opened_time=min(row["raised_time"] for row in heard),
        last_event_time=at,
        alarm_count=len(heard),
        active_alarms=active,
        perceived_severity=PerceivedSeverity(worst),
        affected_objects=objects,
        affected_service=tuple(
            sorted({service for one in objects for service in services.get(one, ())})[:200]
        ),
    )
