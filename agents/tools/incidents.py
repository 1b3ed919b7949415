"""Tools over incidents and their diagnoses, as the store has them. Does not know how either came about."""

from __future__ import annotations

from typing import Final

import msgspec

from agents.tools.alarms import alarm_fact, count_alarms
from agents.tools.arguments import ArgumentError, OfIncident, OfIncidents
from agents.tools.found import DiagnosisFact, Found, IncidentFact
from agents.tools.sources import Finding, Sources, counted, named
from telcollm.ports import IncidentQuery
from telcollm.records import Diagnosis, Incident, TicketStatus

_LISTED: Final = 10
_CLAIMS: Final = 6


def find_incidents(sources: Sources, asked: OfIncidents) -> Finding:
    """Return the incidents that went on in [since, until), the latest last event first.

    Raises:
        ArgumentError: a status is none of TMF656.
    """
    allowed = [status.value for status in TicketStatus]
    for status in asked.statuses:
        if status not in allowed:
            message = f"statuses={status!r} is not known; {', '.join(allowed)} are allowed; ask with these"
            raise ArgumentError(message)
    found: dict[str, Incident] = {}
    complete = True
    for name in asked.objects or ("",):
        query = IncidentQuery(
            statuses=asked.statuses,
            managed_object=name,
            since=asked.since,
            until=asked.until,
            limit=sources.rows,
        )
        listed = sources.stores.store.incidents(sources.scope, query)
        complete = complete and len(listed) < sources.rows
        found.update((incident.incident_id, incident) for incident in listed)
    incidents = sorted(found.values(), key=lambda one: one.incident_id)
    incidents.sort(key=lambda one: one.last_event_time, reverse=True)
    searched = f"incidents on {named(asked.objects) if asked.objects else 'any object'}"
    searched += f" from {asked.since.isoformat()}" if asked.since else ""
    searched += f" to {asked.until.isoformat()}" if asked.until else ""
    searched += f" in state {', '.join(asked.statuses)}" if asked.statuses else ""
    items = tuple(IncidentFact(short_incident(sources, incident)) for incident in incidents)
    counts = {
        "status": counted([one.status.value for one in incidents]),
        "severity": counted([one.perceived_severity.value for one in incidents]),
    }
    return Finding(Found(items, counts), searched, complete)


def find_diagnosis(sources: Sources, asked: OfIncident) -> Finding:
    """Return an incident, its latest diagnosis where it has one, and its alarms in order of raise."""
    searched = f"the incident {asked.incident_id}, its latest diagnosis and its alarms"
    incident = sources.stores.store.incident(sources.scope, asked.incident_id)
    if incident is None:
        return Finding(Found[IncidentFact](), not_there(sources, asked.incident_id, searched))
    name = incident.incident_id
    latest = sources.stores.store.latest_diagnoses(sources.scope, [name]).get(name)
    members = sources.stores.store.incident_members(sources.scope, name, sources.rows + 1)
    items = tuple(alarm_fact(sources, state) for state in members[: sources.rows])
    value = DiagnosisFact(
        short_incident(sources, incident),
        None if latest is None else _short_diagnosis(sources, latest),
        items,
        count_alarms(items) if items else {},
    )
    own = (name, *((latest.diagnosis_id,) if latest else ()))
    return Finding(value, searched, len(members) <= sources.rows, own)


def not_there(sources: Sources, incident_id: str, searched: str) -> str:
    """Return what was searched, with the ids that look most like the one that is not there."""
    near = sources.stores.store.nearest_incident_ids(sources.scope, incident_id, 3)
    return f"{searched}; ids that look like it: {', '.join(near) or 'none'}"


def short_incident(sources: Sources, incident: Incident) -> Incident:
    """Return an incident with its texts guarded and its lists bounded, unknown fields left out."""
    problems = sorted(incident.problems.items(), key=lambda entry: (-entry[1], entry[0]))
    return msgspec.structs.replace(
        incident,
        description=sources.text(incident.description),
        reason=sources.text(incident.reason),
        problems={sources.text(name, 120): count for name, count in problems[:_LISTED]},
        root_cause_problem=sources.text(incident.root_cause_problem, 120),
        underlying_alarm=incident.underlying_alarm[:_LISTED],
        affected_objects=incident.affected_objects[:_LISTED],
        affected_service=incident.affected_service[:_LISTED],
        neighbourhoods=incident.neighbourhoods[:_LISTED],
        trouble_ticket=incident.trouble_ticket[:_LISTED],
        provenance=(),
        extra={},
    )


def _short_diagnosis(sources: Sources, diagnosis: Diagnosis) -> Diagnosis:
    hypotheses = tuple(
        msgspec.structs.replace(
            one,
            root_cause_problem=sources.text(one.root_cause_problem, 120),
            claims=tuple(
                msgspec.structs.replace(
                    claim, text=sources.text(claim.text), evidence=claim.evidence[:_LISTED]
                )
                for claim in one.claims[:_CLAIMS]
            ),
        )
        for one in diagnosis.hypotheses
    )
    return msgspec.structs.replace(
        diagnosis,
        summary=sources.text(diagnosis.summary),
        hypotheses=hypotheses,
        missing=tuple(sources.text(text, 200) for text in diagnosis.missing[:_LISTED]),
        shadow=None,
        extra={},
    )
