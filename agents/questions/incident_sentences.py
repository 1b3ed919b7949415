"""What is said of incidents, their causes and their like, each sentence with its records.

A cause is told as the stored diagnosis has it; nothing is concluded anew. Does not know alarms or KPIs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from agents.diagnosis.steps import steps_from
from agents.questions.calendar import Span
from agents.questions.telling import Telling
from agents.tools.found import DiagnosisFact, Found, IncidentFact, Passage, SimilarIncident
from telcollm.records import Diagnosis, Hypothesis, Incident, TicketStatus

OPEN: Final = (
    TicketStatus.ACKNOWLEDGED.value,
    TicketStatus.PENDING.value,
    TicketStatus.HELD.value,
    TicketStatus.IN_PROGRESS.value,
)
"""The states of TMF656 in which a problem is not over."""

_LISTED: Final = 10
_CLAIMS: Final = 4
_PASSAGES: Final = 3
_PASSAGE_CHARACTERS: Final = 400


def incidents_on(
    telling: Telling, objects: Sequence[str], span: Span | None, statuses: Sequence[str] = ()
) -> list[Incident]:
    """Return incidents on the objects, those with the most alarms first."""
    arguments: dict[str, Any] = {"objects": tuple(objects[:20]), "statuses": tuple(statuses)}
    if span is not None:
        arguments |= {"since": span.since, "until": span.until}
    found: Found[IncidentFact] | None = telling.found(telling.tools.call("incidents", **arguments))
    incidents = [item.incident for item in found.items] if found else []
    return sorted(incidents, key=lambda one: (-one.alarm_count, one.incident_id))


def tell_incident(telling: Telling, incident_id: str, *, steps: bool = True) -> Incident | None:
    """Tell of one incident, its likeliest cause and on what evidence; return it where it exists."""
    found: DiagnosisFact | None = telling.found(telling.tools.call("diagnosis", incident_id=incident_id))
    if not isinstance(found, DiagnosisFact):
        return None
    incident = found.incident
    phrases = telling.phrases
    telling.say(
        "incident",
        [incident.incident_id],
        incident=incident.incident_id,
        status=phrases.word(incident.status.value),
        severity=phrases.word(incident.perceived_severity.value),
        count=incident.alarm_count,
        objects=phrases.named(incident.affected_objects),
        opened=telling.when(incident.opened_time),
    )
    if found.diagnosis is None:
        telling.say("cause undiagnosed", [incident.incident_id], incident=incident.incident_id)
        return incident
    _tell_cause(telling, found.diagnosis)
    if steps:
        _tell_steps(telling, incident, found.diagnosis)
    return incident


def _tell_cause(telling: Telling, diagnosis: Diagnosis) -> None:
    own = diagnosis.diagnosis_id
    phrases = telling.phrases
    best = diagnosis.hypotheses[0] if diagnosis.hypotheses else None
    if best is None:
        telling.say("cause abstained bare", [own])
    elif diagnosis.abstained:
        telling.say("cause abstained", [own], **_slots(telling, best))
    else:
        decided_by = phrases.word(diagnosis.decided_by.value)
        telling.say("cause likely", [own], decided_by=decided_by, **_slots(telling, best))
    for claim in best.claims[:_CLAIMS] if best else ():
        seen = [name for name in claim.evidence if name in telling.tools.seen_ids]
        telling.say("cause against" if claim.against else "cause claim", [own, *seen], text=claim.text)
    for other in diagnosis.hypotheses[1:3]:
        telling.say("cause other", [own], **_slots(telling, other))
    if diagnosis.missing:
        telling.say("cause missing", [own], missing="; ".join(diagnosis.missing))


def _slots(telling: Telling, hypothesis: Hypothesis) -> dict[str, Any]:
    return {
        "problem": hypothesis.root_cause_problem,
        "resource": hypothesis.root_cause_resource,
        "verdict": telling.phrases.word(hypothesis.verdict.value),
        "confidence": hypothesis.confidence,
    }


def _tell_steps(telling: Telling, incident: Incident, diagnosis: Diagnosis) -> None:
    """Take over the diagnosis's steps, or look up those of the likeliest problem."""
    if diagnosis.next_steps:
        telling.next_steps += [step for step in diagnosis.next_steps if step not in telling.next_steps]
        return
    best = diagnosis.hypotheses[0] if diagnosis.hypotheses else None
    problem = best.root_cause_problem if best else incident.root_cause_problem
    if len(problem) >= 2 and telling.tools.library is not None:
        passages = _passages(telling, problem)
        found = steps_from((one.chunk_id, one.citation, one.text) for one in passages[:2])
        telling.next_steps += [step for step in found if step not in telling.next_steps]


def tell_list(telling: Telling, incidents: Sequence[Incident]) -> None:
    """Tell of incidents in one sentence each, the first ten."""
    for incident in incidents[:_LISTED]:
        telling.say(
            "incident line",
            [incident.incident_id],
            incident=incident.incident_id,
            status=telling.phrases.word(incident.status.value),
            severity=telling.phrases.word(incident.perceived_severity.value),
            opened=telling.when(incident.opened_time),
            cause=_cause(telling, incident.root_cause_problem, incident.root_cause_resource),
            count=incident.alarm_count,
            objects=telling.phrases.named(incident.affected_objects, 2),
        )


def tell_counts(telling: Telling, name: str, span: Span | None, statuses: Sequence[str]) -> list[Incident]:
    """Tell how many incidents there are, counted by state and severity; return those shown."""
    arguments: dict[str, Any] = {"statuses": tuple(statuses)}
    slots: dict[str, Any] = {}
    if span is not None:
        arguments |= {"since": span.since, "until": span.until}
        slots = {"since": telling.when(span.since), "until": telling.when(span.until)}
    answer = telling.tools.call("incidents", **arguments)
    found: Found[IncidentFact] | None = telling.found(answer)
    if not found or not found.items:
        return []
    words = telling.phrases.word
    telling.say(
        name,
        [item.incident.incident_id for item in found.items],
        count=answer.total,
        severities=_counted(telling, {words(k): n for k, n in found.counts.get("severity", {}).items()}),
        statuses=_counted(telling, {words(k): n for k, n in found.counts.get("status", {}).items()}),
        **slots,
    )
    return [item.incident for item in found.items]


def _counted(telling: Telling, counts: dict[str, int]) -> str:
    return telling.phrases.named([f"{count} {name}" for name, count in counts.items()], 8)


def _cause(telling: Telling, problem: str, resource: str) -> str:
    if not resource:
        return telling.phrases.say("no cause")
    return telling.phrases.say("cause", problem=problem, resource=resource)


def tell_similar(telling: Telling, incident_id: str) -> bool:
    """Tell which past incidents were like one, and what solved them; return whether there were any."""
    found: Found[SimilarIncident] | None = telling.found(
        telling.tools.call("similar_incidents", incident_id=incident_id)
    )
    for item in found.items[:5] if found else ():
        telling.say(
            "similar",
            [item.incident_id],
            incident=item.incident_id,
            opened=telling.when(item.opened_time),
            likeness=item.likeness,
            cause=_cause(telling, item.root_cause_problem, item.root_cause_resource),
            status=telling.phrases.word(item.status),
        )
        for solution in item.solved_by[:2]:
            telling.say(
                "solved",
                [item.incident_id, solution.record_id],
                incident=item.incident_id,
                source=telling.phrases.word(solution.source),
                text=solution.text,
            )
    return bool(found and found.items)


def tell_knowledge(telling: Telling, question: str) -> bool:
    """Quote the passages that answer a question, with the steps they list; return whether there are any."""
    passages = _passages(telling, question)[:_PASSAGES]
    for one in passages:
        telling.say(
            "passage",
            [one.chunk_id],
            citation=one.citation,
            text=" ".join(one.text.split())[:_PASSAGE_CHARACTERS],
        )
    telling.next_steps += steps_from((one.chunk_id, one.citation, one.text) for one in passages)
    return bool(passages)


def _passages(telling: Telling, question: str) -> list[Passage]:
    found: Found[Passage] | None = telling.found(telling.tools.call("knowledge", question=question[:1_000]))
    return list(found.items) if found else []
