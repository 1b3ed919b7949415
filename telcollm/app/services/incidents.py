"""Incidents as people work on them: lists, counts, acknowledging, assigning, judging what was said of them.

Does not know what is shown of one incident in full (`incident_detail`), nor how it came about (`streams`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from telcollm.access import Action, Caller, narrowed, require, require_place
from telcollm.app.workplace import Workplace
from telcollm.errors import TelcollmError
from telcollm.identity import derive_id
from telcollm.ports import IncidentCounts, IncidentQuery, Scope
from telcollm.records import Diagnosis, Feedback, FeedbackKind, Incident
from telcollm.records.record import Record
from telcollm.store.actions import ActionKind, OperatorAction

ALL: Final = Scope()
MOST_TEXT: Final = 4_000
"""How many characters a comment, reason or correction may have."""

_NEAREST: Final = 5


class IncidentRow(msgspec.Struct, frozen=True):
    """One incident in a list: its latest diagnosis, and who has it in hand."""

    incident: Incident
    diagnosis: Diagnosis | None = None
    acknowledged: OperatorAction | None = None
    assigned: OperatorAction | None = None


class IncidentPage(msgspec.Struct, frozen=True):
    """A page of incidents, and how many there are on all pages."""

    rows: tuple[IncidentRow, ...]
    counts: IncidentCounts


class NotFoundError(TelcollmError):
    """There is nothing of that id that the caller may see; it is not told whether it exists elsewhere."""


def list_incidents(
    workplace: Workplace, caller: Caller, query: IncidentQuery, *, wanted: Scope = ALL
) -> IncidentPage:
    """Return the page that the query asks for; counted, sorted and cut in the database.

    Raises:
        AccessDenied: not with the caller's roles, or not in the wanted tenants and regions.
    """
    require(caller, Action.INCIDENT_LIST)
    scope = narrowed(caller, wanted)
    store = workplace.stores.store
    found = store.incidents(scope, query)
    return IncidentPage(rows_of(workplace, scope, found), store.incident_counts(scope, query))


def row(workplace: Workplace, caller: Caller, incident_id: str) -> IncidentRow:
    """Return one incident as a list has it; its id may be an unambiguous beginning.

    Raises:
        AccessDenied, NotFoundError: as `incident` does.
    """
    return rows_of(workplace, caller.scope, [incident(workplace, caller, incident_id)])[0]


def rows_of(workplace: Workplace, scope: Scope, incidents: Sequence[Incident]) -> tuple[IncidentRow, ...]:
    """Return the incidents with their latest diagnoses and who has them in hand, in their order."""
    ids = [incident.incident_id for incident in incidents]
    diagnoses = workplace.stores.store.latest_diagnoses(scope, ids)
    acknowledged = acknowledgements(workplace, scope, ids)
    assigned = workplace.actions.latest(scope, ids, [ActionKind.ASSIGNED])
    return tuple(
        IncidentRow(
            incident,
            diagnoses.get(incident.incident_id),
            acknowledged.get(incident.incident_id),
            assigned.get(incident.incident_id),
        )
        for incident in incidents
    )


def acknowledgements(
    workplace: Workplace, scope: Scope, subject_ids: Sequence[str]
) -> dict[str, OperatorAction]:
    """Return who acknowledged each subject, where the last word on it is not that it is taken back."""
    kinds = [ActionKind.ACKNOWLEDGED, ActionKind.UNACKNOWLEDGED]
    latest = workplace.actions.latest(scope, subject_ids, kinds)
    return {name: action for name, action in latest.items() if action.kind is ActionKind.ACKNOWLEDGED}


def counts(
    workplace: Workplace, caller: Caller, query: IncidentQuery, *, wanted: Scope = ALL
) -> IncidentCounts:
    """Return how many incidents match, by status and severity.

    Raises:
        AccessDenied: as `list_incidents` does.
    """
    require(caller, Action.INCIDENT_LIST)
    return workplace.stores.store.incident_counts(narrowed(caller, wanted), query)


def incident(
    workplace: Workplace, caller: Caller, incident_id: str, action: Action = Action.INCIDENT_READ
) -> Incident:
    """Return one incident by its id or an unambiguous beginning of it.

    Raises:
        AccessDenied: the caller may not take the action.
        NotFoundError: there is none in the caller's scope; names the nearest.
    """
    require(caller, action)
    store = workplace.stores.store
    found = store.incident(caller.scope, incident_id)
    if found is None:
        near = ", ".join(store.nearest_incident_ids(caller.scope, incident_id, _NEAREST)) or "none"
        message = (
            f"incident={incident_id[:80]!r} is not known; the id of one in your scope is allowed, "
            f"the nearest are {near}; look it up in the list of incidents"
        )
        raise NotFoundError(message)
    return found


def acknowledge(
    workplace: Workplace, caller: Caller, incident_id: str, *, taken_back: bool = False
) -> OperatorAction:
    """Return the acknowledgement of an incident by the caller, or that it is taken back.

    Raises:
        AccessDenied, NotFoundError: not theirs to acknowledge.
    """
    found = incident(workplace, caller, incident_id, Action.INCIDENT_ACKNOWLEDGE)
    kind = ActionKind.UNACKNOWLEDGED if taken_back else ActionKind.ACKNOWLEDGED
    return act(workplace, caller, found, kind)


def assign(workplace: Workplace, caller: Caller, incident_id: str, assignee: str) -> OperatorAction:
    """Return the assignment of an incident to a person or team; an empty one takes it back.

    Raises:
        AccessDenied, NotFoundError: not theirs to assign.
        TelcollmError: the name is too long.
    """
    found = incident(workplace, caller, incident_id, Action.INCIDENT_ASSIGN)
    return act(workplace, caller, found, ActionKind.ASSIGNED, bounded("assignee", assignee, 200))


def comment(workplace: Workplace, caller: Caller, incident_id: str, text: str) -> OperatorAction:
    """Return the comment as kept.

    Raises:
        AccessDenied, NotFoundError: not theirs to comment on.
        TelcollmError: the text is empty or too long.
    """
    found = incident(workplace, caller, incident_id, Action.INCIDENT_ACKNOWLEDGE)
    return act(workplace, caller, found, ActionKind.COMMENTED, filled("comment", text))


def accept(workplace: Workplace, caller: Caller, incident_id: str) -> Feedback:
    """Return the feedback that the incident's latest diagnosis is right.

    Raises:
        AccessDenied, NotFoundError: not theirs to judge.
        TelcollmError: it has not been diagnosed yet.
    """
    return _judge(workplace, caller, incident_id, FeedbackKind.ACCEPTED)


def correct(
    workplace: Workplace, caller: Caller, incident_id: str, correction: str, *, reason: str = ""
) -> Feedback:
    """Return the feedback that the latest diagnosis is wrong, and what is right: an object, or words.

    Raises:
        AccessDenied, NotFoundError: not theirs to judge.
        TelcollmError: no correction is given, or it has not been diagnosed yet.
    """
    right = filled("correction", correction)
    return _judge(workplace, caller, incident_id, FeedbackKind.CORRECTED, right, bounded("reason", reason))


def reject(workplace: Workplace, caller: Caller, incident_id: str, reason: str) -> Feedback:
    """Return the feedback that the latest diagnosis is wrong, and why.

    Raises:
        AccessDenied, NotFoundError: not theirs to judge.
        TelcollmError: no reason is given, or it has not been diagnosed yet.
    """
    why = filled("reason", reason)
    return _judge(workplace, caller, incident_id, FeedbackKind.REJECTED, reason=why)


def _judge(
    workplace: Workplace,
    caller: Caller,
    incident_id: str,
    kind: FeedbackKind,
    correction: str = "",
    reason: str = "",
) -> Feedback:
    found = incident(workplace, caller, incident_id, Action.INCIDENT_JUDGE)
    known = workplace.stores.store.latest_diagnoses(caller.scope, [found.incident_id])
    diagnosis = known.get(found.incident_id)
    if diagnosis is None:
        message = (
            f"incident={found.incident_id!r} has no diagnosis yet; one that was diagnosed is allowed; "
            "wait for it, or leave a comment"
        )
        raise TelcollmError(message)
    act(workplace, caller, found, ActionKind(kind.value), correction or reason)
    return give_feedback(
        workplace,
        caller,
        found,
        subject_id=diagnosis.diagnosis_id,
        subject_kind="diagnosis",
        kind=kind,
        correction=correction,
        reason=reason,
    )


def act(
    workplace: Workplace, caller: Caller, subject: Incident, kind: ActionKind, detail: str = ""
) -> OperatorAction:
    """Return what was done with an incident, kept and told to the audit trail; access was checked before."""
    require_place(caller, subject.tenant, subject.region)
    action = OperatorAction(
        subject.tenant, subject.region, subject.incident_id, kind, caller.name, workplace.now(), detail
    )
    workplace.audit(
        caller,
        f"incident {kind.value}",
        subject.incident_id,
        tenant=subject.tenant,
        region=subject.region,
        detail=detail[:200],
    )
    workplace.actions.put([action])
    return action


def give_feedback(
    workplace: Workplace,
    caller: Caller,
    place: Record,
    *,
    subject_id: str,
    subject_kind: str,
    kind: FeedbackKind,
    correction: str = "",
    reason: str = "",
) -> Feedback:
    """Return the feedback as kept for later tuning, in the tenant and region of `place`."""
    at = workplace.now()
    tenant, region = place.tenant, place.region
    feedback = Feedback(
        tenant=tenant,
        region=region,
        feedback_id=derive_id("fbk", tenant, subject_id, kind.value, caller.name, at.isoformat()),
        subject_id=subject_id,
        subject_kind=subject_kind,
        kind=kind,
        given_time=at,
        actor=caller.name,
        correction=correction,
        reason=reason,
    )
    workplace.stores.store.put_feedback(feedback)
    return feedback


def filled(name: str, text: str, most: int = MOST_TEXT) -> str:
    """Return the text without blanks around it.

    Raises:
        TelcollmError: nothing is left of it, or it is too long.
    """
    if not text.strip():
        message = f"{name} is empty; 1 to {most} characters are allowed; say it in a few words"
        raise TelcollmError(message)
    return bounded(name, text, most)


def bounded(name: str, text: str, most: int = MOST_TEXT) -> str:
    """Return the text without blanks around it.

    Raises:
        TelcollmError: it is too long.
    """
    if len(text.strip()) > most:
        message = f"{name} has {len(text)} characters; at most {most} are allowed; make it shorter"
        raise TelcollmError(message)
    return text.strip()
