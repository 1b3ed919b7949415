"""Records as TM Forum's resources, and the events about them: TMF642 v4, TMF621 v5, TMF656 v5.

What a machine has decided says so in every resource. Does not know the REST interface around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from telcollm import codec
from telcollm.app.services.alarms import AlarmRow
from telcollm.app.services.incidents import IncidentRow
from telcollm.records import AckState, Route, TroubleTicket
from telcollm.store.actions import OperatorAction

ALARMS: Final = "/tmf-api/alarmManagement/v4"
TICKETS: Final = "/tmf-api/troubleTicket/v5"
PROBLEMS: Final = "/tmf-api/serviceProblemManagement/v5"

_TICKET_REFERENCES: Final = ("relatedEntity", "relatedParty", "troubleTicketRelationship")
_MACHINE: Final = ("decidedBy", "confidence", "model", "adapter", "promptVersion", "evidence", "reason")


def _references(ids: Sequence[str], kind: str) -> list[dict[str, str]]:
    return [{"id": one, "@type": f"{kind}Ref", "@referredType": kind} for one in ids]


def _comments(actions: Sequence[OperatorAction]) -> list[dict[str, str]]:
    return [{"comment": one.detail, "time": one.at.isoformat(), "userId": one.actor} for one in actions]


def alarm_resource(row: AlarmRow) -> dict[str, Any]:
    """Return an alarm as TMF642 has it, acknowledged and commented as people did here."""
    from streams.formats import to_tmf642

    wire = to_tmf642(row.alarm)
    wire |= {"href": f"{ALARMS}/alarm/{row.alarm.alarm_id}", "@type": "Alarm"}
    if row.cleared_time is not None:
        wire |= {"state": "cleared", "alarmClearedTime": row.cleared_time.isoformat()}
    elif wire["state"] == "cleared":
        wire["state"] = "updated"
    if row.acknowledged is not None:
        wire |= {
            "ackState": AckState.ACKNOWLEDGED.value.lower(),
            "ackUserId": row.acknowledged.actor,
            "ackTime": row.acknowledged.at.isoformat(),
        }
    else:
        wire.setdefault("ackState", row.alarm.ack_state.value.lower())
    if row.comments:
        wire["comment"] = _comments(row.comments)
    return wire


def ticket_resource(ticket: TroubleTicket, route: Route | None = None) -> dict[str, Any]:
    """Return a ticket as TMF621 has it; where it was routed, and by whom, stands under `routing`."""
    wire = codec.to_wire(ticket)
    ticket_id = wire.pop("ticketId")
    resource: dict[str, Any] = {
        "id": ticket_id,
        "href": f"{TICKETS}/troubleTicket/{ticket_id}",
        "@type": "TroubleTicket",
        "status": ticket.status.value,
        **{name: value for name, value in wire.items() if name not in ("schemaVersion", "mode")},
    }
    for name in _TICKET_REFERENCES:
        if name in resource:
            resource[name] = [{"id": one} for one in resource[name]]
    if "externalIdentifier" in resource:
        resource["externalIdentifier"] = [{"id": one} for one in resource["externalIdentifier"]]
    if "troubleTicketCharacteristic" in resource:
        pairs = resource["troubleTicketCharacteristic"]
        resource["troubleTicketCharacteristic"] = [
            {"name": name, "value": value} for name, value in pairs.items()
        ]
    if route is not None:
        said = codec.to_wire(route)
        names = ("team", "priority", "automatic", "alternatives", "duplicateOf", *_MACHINE)
        resource["routing"] = {name: said[name] for name in names if name in said}
        resource["routing"]["decidedBy"] = route.decided_by.value
    return resource


def ticket_fields(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return telcollm's fields of a TMF621 ticket or a part of one; references become ids."""
    fields = {name: value for name, value in resource.items() if not name.startswith("@")}
    for name in ("id", "href", "routing"):
        fields.pop(name, None)
    for name in (*_TICKET_REFERENCES, "externalIdentifier"):
        if isinstance(fields.get(name), list):
            fields[name] = [one.get("id", "") if isinstance(one, Mapping) else one for one in fields[name]]
    pairs = fields.get("troubleTicketCharacteristic")
    if isinstance(pairs, list):
        fields["troubleTicketCharacteristic"] = {
            str(one["name"]): one.get("value") for one in pairs if isinstance(one, Mapping) and "name" in one
        }
    return fields


def problem_resource(row: IncidentRow, actions: Sequence[OperatorAction] = ()) -> dict[str, Any]:
    """Return an incident as TMF656 has it; what was diagnosed, and by whom, stands under `diagnosis`."""
    incident = row.incident
    resource: dict[str, Any] = {
        "id": incident.incident_id,
        "href": f"{PROBLEMS}/serviceProblem/{incident.incident_id}",
        "@type": "ServiceProblem",
        "status": incident.status.value,
        "category": incident.category,
        "priority": incident.priority,
        "description": incident.description,
        "reason": incident.reason,
        "originatorParty": {"id": incident.originator_party, "@type": "RelatedPartyRef"},
        "creationDate": incident.opened_time.isoformat(),
        "lastUpdate": incident.last_event_time.isoformat(),
        "underlyingAlarm": _references(incident.underlying_alarm, "Alarm"),
        "troubleTicket": _references(incident.trouble_ticket, "TroubleTicket"),
        "affectedService": _references(incident.affected_service, "Service"),
        "affectedNumberOfServices": len(incident.affected_service),
        "affectedResource": _references(incident.affected_objects, "Resource"),
        "perceivedSeverity": incident.perceived_severity.value,
        "revision": incident.revision,
        "decidedBy": incident.decided_by.value,
        "tenant": incident.tenant,
    }
    if incident.region:
        resource["region"] = incident.region
    if incident.root_cause_resource:
        resource["rootCauseResource"] = _references([incident.root_cause_resource], "Resource")
    if incident.superseded_by:
        resource["parentProblem"] = _references([incident.superseded_by], "ServiceProblem")
    if row.acknowledged is not None:
        resource["acknowledged"] = {"by": row.acknowledged.actor, "at": row.acknowledged.at.isoformat()}
    if row.assigned is not None and row.assigned.detail:
        resource["responsibleParty"] = {"id": row.assigned.detail, "@type": "RelatedPartyRef"}
    if row.diagnosis is not None:
        said = codec.to_wire(row.diagnosis)
        names = ("diagnosisId", "incidentRevision", "decidedTime", "summary", "abstained", "hypotheses")
        resource["diagnosis"] = {name: said[name] for name in (*names, *_MACHINE) if name in said}
        resource["diagnosis"]["decidedBy"] = row.diagnosis.decided_by.value
    if actions:
        resource["trackingRecord"] = [
            {
                "description": f"{one.kind.value} {one.detail}".strip(),
                "time": one.at.isoformat(),
                "user": one.actor,
            }
            for one in reversed(actions)
        ]
    return resource


def problem_fields(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return telcollm's fields of a TMF656 problem or a part of one; references become ids."""
    fields = {name: value for name, value in resource.items() if not name.startswith("@")}
    for name in ("id", "href", "diagnosis"):
        fields.pop(name, None)
    for name in ("originatorParty", "responsibleParty"):
        if isinstance(fields.get(name), Mapping):
            fields[name] = str(fields[name].get("id") or fields[name].get("name") or "")
    for name in ("underlyingAlarm", "troubleTicket", "affectedService", "rootCauseResource"):
        if isinstance(fields.get(name), list):
            fields[name] = [one.get("id", "") if isinstance(one, Mapping) else one for one in fields[name]]
    if isinstance(fields.get("rootCauseResource"), list):
        fields["rootCauseResource"] = str(next(iter(fields["rootCauseResource"]), ""))
    return fields


def event(event_id: str, kind: str, name: str, resource: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Return the event that tells of a resource; `name` is what the resource is called in it."""
    return {
        "eventId": event_id,
        "eventTime": at.isoformat(),
        "eventType": kind,
        "@type": kind,
        "event": {name: dict(resource)},
    }
