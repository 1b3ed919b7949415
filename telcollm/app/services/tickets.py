"""Tickets as the triage desk works on them: the queue, one in full, filing, changing, routing, judging.

Does not know how a team is decided on (`agents.routing`), nor the REST interface around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from telcollm import codec
from telcollm.access import Action, Caller, narrowed, require, require_place
from telcollm.app.services.incidents import ALL, NotFoundError, bounded, filled, give_feedback
from telcollm.app.services.speaking import spoken
from telcollm.app.workplace import Workplace
from telcollm.errors import DecodeError, TelcollmError
from telcollm.identity import derive_id
from telcollm.ports import Scope
from telcollm.records import (
    Feedback,
    FeedbackKind,
    Mode,
    Route,
    TicketPriority,
    TicketStatus,
    TroubleTicket,
)
from telcollm.store.actions import ActionKind, OperatorAction
from telcollm.store.tickets import TicketQuery

UNCHANGEABLE: Final = frozenset({"ticketId", "tenant", "region", "schemaVersion", "creationDate", "mode"})
"""The fields of a ticket that stay as they were when it was filed."""


JUDGEMENTS: Final = (ActionKind.ACCEPTED, ActionKind.CORRECTED, ActionKind.REJECTED)


class TicketRow(msgspec.Struct, frozen=True):
    """One ticket in a list, where it was routed last, and what the desk last said of that."""

    ticket: TroubleTicket
    route: Route | None = None
    judged: OperatorAction | None = None


class TicketPage(msgspec.Struct, frozen=True):
    """A page of tickets, and how many there are on all pages."""

    rows: tuple[TicketRow, ...]
    total: int


class TicketDetail(msgspec.Struct, frozen=True):
    """One ticket in full: its routes, the latest last, and what people did with it."""

    ticket: TroubleTicket
    routes: tuple[Route, ...]
    actions: tuple[OperatorAction, ...]


def list_tickets(
    workplace: Workplace, caller: Caller, query: TicketQuery, *, wanted: Scope = ALL
) -> TicketPage:
    """Return the page that the query asks for, newest first.

    Raises:
        AccessDenied: not with the caller's roles, or not in the wanted tenants and regions.
    """
    require(caller, Action.TICKET_LIST)
    scope = narrowed(caller, wanted)
    store = workplace.stores.tickets
    found = store.tickets(scope, query)
    routes = store.routes(scope, [ticket.ticket_id for ticket in found])
    judged = workplace.actions.latest(scope, [one.ticket_id for one in found], JUDGEMENTS)
    rows = tuple(TicketRow(one, routes.get(one.ticket_id), judged.get(one.ticket_id)) for one in found)
    return TicketPage(rows, store.count(scope, query))


def ticket(
    workplace: Workplace, caller: Caller, ticket_id: str, action: Action = Action.TICKET_READ
) -> TroubleTicket:
    """Return one ticket.

    Raises:
        AccessDenied: the caller may not take the action.
        NotFoundError: there is none in the caller's scope.
    """
    require(caller, action)
    found = workplace.stores.tickets.ticket(caller.scope, ticket_id)
    if found is None:
        message = (
            f"ticket={ticket_id[:80]!r} is not known; the id of one in your scope is allowed; "
            "look it up in the list of tickets"
        )
        raise NotFoundError(message)
    return found


def detail(workplace: Workplace, caller: Caller, ticket_id: str) -> TicketDetail:
    """Return one ticket in full.

    Raises:
        AccessDenied, NotFoundError: as `ticket` does.
    """
    found = ticket(workplace, caller, ticket_id)
    return TicketDetail(
        found,
        tuple(workplace.stores.tickets.route_history(caller.scope, found.ticket_id)),
        tuple(workplace.actions.actions(caller.scope, found.ticket_id)),
    )


def file_ticket(workplace: Workplace, caller: Caller, wire: Mapping[str, Any]) -> TroubleTicket:
    """Return the ticket as filed; one that was filed by the same external identifier before is given back.

    `wire` holds telcollm's own field names in camelCase, without `ticketId`.

    Raises:
        AccessDenied: the caller may not file tickets, or not there.
        TelcollmError: a field is missing or not allowed.
    """
    require(caller, Action.TICKET_WRITE)
    now = workplace.now()
    tenant, region = str(wire.get("tenant", "")), str(wire.get("region", ""))
    require_place(caller, tenant, region)
    external = wire.get("externalIdentifier") or ()
    named = [str(one) for one in external] if isinstance(external, list | tuple) else [str(external)]
    parts = ("external", *named) if named else (str(wire.get("description")), caller.name, now.isoformat())
    ticket_id = derive_id("tkt", tenant, *parts)
    known = workplace.stores.tickets.ticket(Scope((tenant,)), ticket_id)
    if known is not None:
        require_place(caller, known.tenant, known.region)
        return known
    made = _decoded(
        {
            "creationDate": now.isoformat(),
            **wire,
            "ticketId": ticket_id,
            "tenant": tenant,
            "lastUpdate": now.isoformat(),
            "mode": Mode.LIVE.value,
        }
    )
    workplace.audit(caller, "ticket filed", ticket_id, tenant=tenant, region=region)
    workplace.stores.tickets.put([made])
    return made


def change_ticket(
    workplace: Workplace,
    caller: Caller,
    ticket_id: str,
    changes: Mapping[str, Any],
    *,
    elsewhere: bool = False,
) -> TroubleTicket:
    """Return the ticket with the changes merged into it (RFC 7386: None takes a field away).

    A status follows the ticket's own as TMF621's life cycle has it, unless it changed `elsewhere`: then the
    other system's word is taken.

    Raises:
        AccessDenied, NotFoundError: not theirs to change.
        TelcollmError: a field must not be changed, or its value is not allowed.
    """
    found = ticket(workplace, caller, ticket_id, Action.TICKET_WRITE)
    fixed = sorted(UNCHANGEABLE & changes.keys())
    if fixed:
        message = (
            f"{', '.join(fixed)} of ticket {found.ticket_id} cannot be changed; every other field can; "
            "leave it out"
        )
        raise TelcollmError(message)
    now = workplace.now()
    wire = merged(codec.to_wire(found), changes)
    wire["lastUpdate"] = now.isoformat()
    changed = _decoded(wire)
    if changed.status is not found.status and not elsewhere:
        from agents.routing.states import with_status

        before = msgspec.structs.replace(changed, status=found.status)
        reason = str(changes.get("statusChangeReason", ""))
        changed = with_status(before, changed.status, at=now, reason=reason)
    fields = ", ".join(sorted(changes))
    workplace.audit(
        caller,
        "ticket changed",
        found.ticket_id,
        tenant=found.tenant,
        region=found.region,
        detail=fields[:200],
    )
    workplace.stores.tickets.put([changed])
    return changed


def merged(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `old` with the changes merged into it. Source: RFC 7386.

    >>> merged({"a": 1, "b": {"c": 2, "d": 3}}, {"a": None, "b": {"c": 4}})
    {'b': {'c': 4, 'd': 3}}
    """
    new = dict(old)
    for name, value in changes.items():
        if value is None:
            new.pop(name, None)
        elif isinstance(value, Mapping):
            before = new.get(name)
            new[name] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            new[name] = value
    return new


def _decoded(wire: Mapping[str, Any]) -> TroubleTicket:
    try:
        return codec.from_wire(wire, TroubleTicket)
    except DecodeError as error:
        message = str(error).partition("; mend the producer")[0] + "; mend the field"
        raise DecodeError(message, field=error.field) from error


def route(workplace: Workplace, caller: Caller, ticket_ids: Sequence[str]) -> list[Route]:
    """Return where the tickets go, as decided now and kept.

    Raises:
        AccessDenied, NotFoundError: one of them is not theirs to route.
    """
    found = [ticket(workplace, caller, one, Action.TICKET_ROUTE) for one in dict.fromkeys(ticket_ids)]
    routes = decided(workplace, caller, found)
    for one in routes:
        workplace.audit(
            caller,
            "ticket routed",
            one.subject_id,
            tenant=one.tenant,
            region=one.region,
            detail=f"{one.team or 'undecided'}, {one.decided_by.value}",
        )
    workplace.stores.tickets.put_routes(routes)
    return routes


def decided(workplace: Workplace, caller: Caller, found: Sequence[TroubleTicket]) -> list[Route]:
    """Return where tickets would go, stored ones or not; nothing is kept.

    Raises:
        AccessDenied: the caller may not have tickets routed, or not these.
    """
    require(caller, Action.TICKET_ROUTE)
    for one in found:
        require_place(caller, one.tenant, one.region)
    if not found:
        return []
    return spoken(
        workplace,
        lambda model: list(workplace.router(model=model).route(found, decided_time=workplace.now())),
    )


def accept(workplace: Workplace, caller: Caller, ticket_id: str) -> Feedback:
    """Return the feedback that the ticket's latest route is right; its team has the ticket from now on.

    Raises:
        AccessDenied, NotFoundError: not theirs to judge.
        TelcollmError: it was not routed, or to no team yet.
    """
    found, latest = _routed(workplace, caller, ticket_id)
    if not latest.team:
        message = (
            f"ticket={found.ticket_id!r} was routed to no team; a route with one is allowed; "
            "correct it and name the team"
        )
        raise TelcollmError(message)
    return _decide(workplace, caller, found, latest, latest.team, None, "")


def correct(
    workplace: Workplace,
    caller: Caller,
    ticket_id: str,
    team: str,
    *,
    priority: TicketPriority | None = None,
    reason: str = "",
) -> Feedback:
    """Return the feedback that the route is wrong; the team named has the ticket, by a route of the caller.

    Raises:
        AccessDenied, NotFoundError: not theirs to judge.
        TelcollmError: it was not routed, or no team that routes go to is named.
    """
    found, latest = _routed(workplace, caller, ticket_id)
    right, why = filled("team", team, 200), bounded("reason", reason)
    from agents.routing.correction import check_team

    known = {*workplace.teams(), latest.team, *(name for name, _ in latest.alternatives)}
    check_team(right, tuple(sorted(known - {""})))
    return _decide(workplace, caller, found, latest, right, priority, why)


def reject(workplace: Workplace, caller: Caller, ticket_id: str, reason: str) -> Feedback:
    """Return the feedback that the route is wrong, and why; the ticket stays where it is.

    Raises:
        AccessDenied, NotFoundError: not theirs to judge.
        TelcollmError: it was not routed, or no reason is given.
    """
    found, latest = _routed(workplace, caller, ticket_id)
    why = filled("reason", reason)
    _note(workplace, caller, found, ActionKind.REJECTED, why)
    return give_feedback(
        workplace,
        caller,
        latest,
        subject_id=found.ticket_id,
        subject_kind="route",
        kind=FeedbackKind.REJECTED,
        reason=why,
    )


def _routed(workplace: Workplace, caller: Caller, ticket_id: str) -> tuple[TroubleTicket, Route]:
    found = ticket(workplace, caller, ticket_id, Action.TICKET_JUDGE)
    latest = workplace.stores.tickets.routes(caller.scope, [found.ticket_id]).get(found.ticket_id)
    if latest is None:
        message = (
            f"ticket={found.ticket_id!r} has no route yet; a routed one is allowed; have it routed first"
        )
        raise TelcollmError(message)
    return found, latest


def _decide(
    workplace: Workplace,
    caller: Caller,
    found: TroubleTicket,
    latest: Route,
    team: str,
    priority: TicketPriority | None,
    reason: str,
) -> Feedback:
    """Return the feedback on the team: the ticket goes to it by a route of the caller's own."""
    from agents.routing.correction import correct as corrected
    from agents.routing.states import with_status

    now = workplace.now()
    said = corrected(
        found, latest, team=team, given_time=now, actor=caller.name, reason=reason, priority=priority
    )
    feedback = said.feedback[0]
    moved = said.ticket
    if moved.status is TicketStatus.ACKNOWLEDGED:
        moved = with_status(moved, TicketStatus.IN_PROGRESS, at=now, reason=f"given to {team}")
    _note(workplace, caller, found, ActionKind(feedback.kind.value), team)
    workplace.stores.tickets.put([moved])
    workplace.stores.tickets.put_routes([said.route])
    for one in said.feedback:
        workplace.stores.store.put_feedback(one)
    return feedback


def _note(workplace: Workplace, caller: Caller, found: TroubleTicket, kind: ActionKind, detail: str) -> None:
    workplace.audit(
        caller,
        f"route {kind.value}",
        found.ticket_id,
        tenant=found.tenant,
        region=found.region,
        detail=detail[:200],
    )
    action = OperatorAction(
        found.tenant, found.region, found.ticket_id, kind, caller.name, workplace.now(), detail
    )
    workplace.actions.put([action])


def teams(workplace: Workplace, caller: Caller) -> list[str]:
    """Return the teams that a ticket may be given to, in order of name.

    Raises:
        AccessDenied: the caller may not see tickets.
    """
    require(caller, Action.TICKET_LIST)
    return sorted(workplace.teams())
