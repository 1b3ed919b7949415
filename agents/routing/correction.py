"""What a person makes of a route: accepted or corrected, as feedback to learn from and as a route of its own.

`telcollm finetune run --data tickets.csv --id ticket_id --label team --feedback` learns from it: a correction
of the team names the ticket by its id. Feedback on the priority is kept apart from that on the team. Does not
know who may correct.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final

import msgspec

from telcollm.errors import TelcollmError
from telcollm.identity import derive_id
from telcollm.records import DecidedBy, Feedback, FeedbackKind, Route, TicketPriority, TroubleTicket

ROUTE_KIND: Final = "route"
PRIORITY_KIND: Final = "priority"


class CorrectionError(TelcollmError):
    """A correction says nothing, or names a team that nobody knows."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's word on a route: feedback to keep, the route and the ticket as they now are."""

    feedback: tuple[Feedback, ...]
    route: Route
    ticket: TroubleTicket


def correct(
    ticket: TroubleTicket,
    route: Route | None,
    *,
    team: str,
    given_time: datetime,
    actor: str,
    reason: str = "",
    priority: TicketPriority | None = None,
) -> Correction:
    """Return what follows from a person's team (and priority) for a ticket; the same team again accepts it.

    Raises:
        CorrectionError: no team is given.
    """
    if not team.strip():
        message = "--team is empty; the team the ticket belongs to is needed; name it"
        raise CorrectionError(message)
    team = team.strip()
    said = route.team if route else ticket.team
    feedback = [_feedback(ticket, ROUTE_KIND, ticket.ticket_id, team, said, given_time, actor, reason)]
    if priority is not None:
        before = route.priority if route else ticket.priority
        subject = f"{ticket.ticket_id}/{PRIORITY_KIND}"
        old = before.value if before else ""
        feedback.append(
            _feedback(ticket, PRIORITY_KIND, subject, priority.value, old, given_time, actor, reason)
        )
    known = route or Route(
        tenant=ticket.tenant,
        region=ticket.region,
        route_id="rou-none",
        subject_id=ticket.ticket_id,
        decided_time=given_time,
    )
    level = priority or known.priority
    moved = msgspec.structs.replace(
        known,
        route_id=derive_id("rou", ticket.tenant, ticket.ticket_id, _stamp(given_time), actor),
        decided_time=given_time,
        team=team,
        priority=level,
        reason=reason or f"{actor or 'a person'} says {team}",
        words=(),
        automatic=False,
        alternatives=((team, 1.0),),
        confidence=1.0,
        decided_by=DecidedBy.PERSON,
        model="",
        adapter="",
        prompt_version="",
        mode=ticket.mode,
    )
    kept = msgspec.structs.replace(
        ticket, team=team, priority=level or ticket.priority, last_update=given_time
    )
    return Correction(tuple(feedback), moved, kept)


def check_team(team: str, known: tuple[str, ...]) -> None:
    """Pass where a team is one of those known, or none are known.

    Raises:
        CorrectionError: it is not; names the nearest.
    """
    if not known or team in known:
        return
    near = get_close_matches(team, known, 3, 0.4) or sorted(known)[:12]
    message = (
        f"--team {team!r} is not a team that routes go to; known teams are: {', '.join(sorted(known))}; "
        f"did you mean {' or '.join(near)}? Give --new-team if it really is a new one"
    )
    raise CorrectionError(message)


def _feedback(
    ticket: TroubleTicket,
    what: str,
    subject_id: str,
    right: str,
    said: str,
    given_time: datetime,
    actor: str,
    reason: str,
) -> Feedback:
    corrected = right != said
    return Feedback(
        tenant=ticket.tenant,
        region=ticket.region,
        feedback_id=derive_id("fbk", ticket.tenant, what, subject_id, _stamp(given_time), actor),
        subject_id=subject_id,
        subject_kind=what,
        kind=FeedbackKind.CORRECTED if corrected else FeedbackKind.ACCEPTED,
        given_time=given_time,
        actor=actor,
        correction=right if corrected else "",
        reason=reason,
    )


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()
