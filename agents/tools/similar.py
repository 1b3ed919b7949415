"""The tool over past incidents: which are like one, by what, and what records say solved them.

Likeness is a weighted sum of three parts, each in 0-1 and told with the answer. Does not know whether a
solution was right: it says which record tells of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from agents.tools.arguments import OfIncident
from agents.tools.found import Found, SimilarIncident, Solution
from agents.tools.incidents import not_there
from agents.tools.network import around, kind_of
from agents.tools.sources import Finding, Sources, counted
from telcollm.ports import IncidentQuery
from telcollm.records import Feedback, FeedbackKind, Incident, TicketStatus, TroubleTicket
from telcollm.store.tickets import TicketQuery

WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {"problems": 0.6, "object_types": 0.2, "neighbourhood": 0.2}
)
"""What each part counts. Problems most: what went wrong says more of a cause than where. Types of elements
and the neighbourhood count alike: the same fault elsewhere, and another fault at the same place, each teach
something. `problems` is the share of problems in common, a rare one counting more (the logarithm of how
many have it); `object_types` and `neighbourhood` (the objects and their next neighbours) are Jaccard's."""

LEAST: Final = 0.15
"""Below this likeness an incident is not told of."""

_SHOWN: Final = 20
_NOTES: Final = 2
_DONE: Final = (TicketStatus.RESOLVED, TicketStatus.CLOSED)


def find_similar(sources: Sources, asked: OfIncident) -> Finding:
    """Return past incidents like one, the likest first, with what their tickets and corrections say."""
    searched = f"incidents opened before {asked.incident_id}, by problems, object types and neighbourhood"
    store = sources.stores.store
    incident = store.incident(sources.scope, asked.incident_id)
    if incident is None:
        return Finding(Found[SimilarIncident](), not_there(sources, asked.incident_id, searched))
    query = IncidentQuery(until=incident.opened_time, limit=sources.rows)
    listed = store.incidents(sources.scope, query)
    past = [
        one
        for one in listed
        if one.incident_id != incident.incident_id
        and one.tenant == incident.tenant
        and one.opened_time < incident.opened_time
    ]
    searched = f"{len(past)} {searched}"
    rarity = _rarity([*past, incident])
    scored = [(parts_of(incident, one, rarity, sources), one) for one in past]
    ranked = [(likeness(parts), parts, one) for parts, one in scored]
    ranked = [entry for entry in ranked if entry[0] >= LEAST and entry[1]["problems"] > 0]
    ranked.sort(key=lambda entry: (-entry[0], -entry[2].opened_time.timestamp(), entry[2].incident_id))
    corrections = _corrections(store.feedback(sources.scope)) if ranked else {}
    items = tuple(
        SimilarIncident(
            incident_id=one.incident_id,
            likeness=round(score, 3),
            parts={name: round(part, 3) for name, part in parts.items()},
            opened_time=one.opened_time,
            status=one.status.value,
            shared_problems=tuple(
                sources.text(name, 120) for name in sorted(set(one.problems) & set(incident.problems))[:10]
            ),
            root_cause_resource=one.root_cause_resource,
            root_cause_problem=sources.text(one.root_cause_problem, 120),
            solved_by=_solutions(sources, one, corrections),
        )
        for score, parts, one in ranked[:_SHOWN]
    )
    if len(ranked) > _SHOWN:
        searched += f"; {len(ranked)} are alike, the {_SHOWN} likest are told of"
    counts = {
        "root_cause_problem": counted([item.root_cause_problem for item in items if item.root_cause_problem])
    }
    note = "likeness = " + " + ".join(f"{weight:g} x {name}" for name, weight in WEIGHTS.items())
    complete = len(listed) < sources.rows and len(ranked) <= _SHOWN
    return Finding(Found(items, counts, note), searched, complete)


def likeness(parts: Mapping[str, float]) -> float:
    """Return the weighted sum of the parts, in 0-1.

    >>> likeness({"problems": 1.0, "object_types": 1.0, "neighbourhood": 1.0})
    1.0
    """
    return math.fsum(WEIGHTS[name] * part for name, part in parts.items())


def parts_of(
    one: Incident, other: Incident, rarity: Callable[[str], float], sources: Sources
) -> dict[str, float]:
    """Return how alike two incidents are in each part, in 0-1."""
    network = sources.network
    kinds = [
        {kind for name in incident.affected_objects if (kind := kind_of(network, name))}
        for incident in (one, other)
    ]
    places = [_places(sources, incident) for incident in (one, other)]
    return {
        "problems": overlap(set(one.problems), set(other.problems), rarity),
        "object_types": overlap(kinds[0], kinds[1]),
        "neighbourhood": overlap(places[0], places[1]),
    }


def overlap(
    one: Collection[str], other: Collection[str], weight: Callable[[str], float] = lambda _: 1.0
) -> float:
    """Return the weight of what two sets share by that of all they hold, in 0-1; 0 where one is empty.

    >>> overlap({"a", "b"}, {"b", "c"}), overlap(set(), {"a"})
    (0.3333333333333333, 0.0)
    """
    if not one or not other:
        return 0.0
    shared, union = set(one) & set(other), set(one) | set(other)
    return math.fsum(map(weight, sorted(shared))) / math.fsum(map(weight, sorted(union)))


def _rarity(incidents: Collection[Incident]) -> Callable[[str], float]:
    """Return the weight of a problem: 1 and the logarithm of how few of the incidents have it."""
    having = counted([name for incident in incidents for name in incident.problems], most=10**9)
    return lambda name: 1.0 + math.log(len(incidents) / having.get(name[:120], 1))


def _places(sources: Sources, incident: Incident) -> set[str]:
    near = around(sources.network, incident.affected_objects[:64], incident.opened_time, 1, most=2_000)
    return {*near, *(f"neighbourhood {name}" for name in incident.neighbourhoods)}


def _corrections(feedback: Iterable[Feedback]) -> dict[str, list[Feedback]]:
    """Return what people corrected, by what it was about."""
    found: dict[str, list[Feedback]] = {}
    for one in feedback:
        if one.kind is FeedbackKind.CORRECTED and (one.correction or one.reason):
            found.setdefault(one.subject_id, []).append(one)
    return found


def _solutions(
    sources: Sources, incident: Incident, corrections: Mapping[str, list[Feedback]]
) -> tuple[Solution, ...]:
    """Return what tickets and corrections of an incident say solved it, corrections first."""
    stores = sources.stores
    diagnoses = stores.store.diagnoses(sources.scope, incident.incident_id)
    subjects = (incident.incident_id, *(one.diagnosis_id for one in diagnoses))
    found = [
        Solution("correction", one.feedback_id, sources.text(one.correction or one.reason))
        for subject in subjects
        for one in corrections.get(subject, ())
    ]
    by_id = {
        ticket.ticket_id: ticket
        for ticket in stores.tickets.tickets(
            sources.scope, TicketQuery(related_entity=incident.incident_id, limit=10)
        )
    }
    for ticket_id in incident.trouble_ticket[:10]:
        ticket = stores.tickets.ticket(sources.scope, ticket_id)
        if ticket is not None:
            by_id.setdefault(ticket_id, ticket)
    for ticket_id in sorted(by_id):
        found += _told_by(sources, by_id[ticket_id])
    return tuple(found[:5])


def _told_by(sources: Sources, ticket: TroubleTicket) -> list[Solution]:
    """Return why a finished ticket changed its status, and its last notes."""
    if ticket.status not in _DONE:
        return []
    told = []
    if ticket.status_change_reason.strip():
        text = sources.text(ticket.status_change_reason)
        told.append(Solution("ticket status", ticket.ticket_id, text))
    notes = [note for note in ticket.note if note.text.strip()]
    notes.sort(key=lambda note: note.date.timestamp() if note.date else 0.0)
    told += [Solution("ticket note", ticket.ticket_id, sources.text(note.text)) for note in notes[-_NOTES:]]
    return told
