"""Filing routed tickets in a ticket system: once each, and only what is live, sure and no duplicate.

One port for every system. It is idempotent by `external_identifier`: filing the same ticket again finds the
first one, however often a worker starts over. Does not know HTTP (`tmf621`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from agents.routing.states import OPEN
from telcollm.errors import TelcollmError, TransientError
from telcollm.ports import Scope
from telcollm.records import Mode, Route, TicketStatus, TroubleTicket
from telcollm.store.tickets import TicketStore

UNTOLD_TYPE: Final = "incident"
"""The ticket type of a ticket that tells none: TMF621 requires one."""

UNTOLD_SEVERITY: Final = "INDETERMINATE"


@dataclass(frozen=True, slots=True)
class Filed:
    """A ticket as its system knows it; `created` tells whether this call made it."""

    ticket_id: str
    href: str = ""
    status: TicketStatus = TicketStatus.ACKNOWLEDGED
    created: bool = False


class TicketSystem(Protocol):
    """Where tickets are filed outside telcollm's own records."""

    def file(self, ticket: TroubleTicket, external_identifier: str) -> Filed:
        """Return the ticket as filed; one that was filed under this identifier before is found, not doubled.

        Raises:
            TransientError: the system did not answer; filing again is safe.
            TelcollmError: it refuses.
        """
        ...


class Outcome(StrEnum):
    """What became of a route."""

    FILED = "filed"
    FOUND = "found"
    LINKED = "linked"
    WAITING = "waiting"
    NOT_LIVE = "notLive"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FilingResult:
    """What became of one ticket, and why; `retry` where the system may take it later."""

    ticket_id: str
    outcome: Outcome
    filed: Filed | None = None
    why: str = ""
    retry: bool = False


def external_identifier(ticket: TroubleTicket) -> str:
    """Return the name under which a ticket is filed once, whoever files it and however often."""
    return f"telcollm:{ticket.tenant}:{ticket.ticket_id}"


def routed(ticket: TroubleTicket, route: Route) -> TroubleTicket:
    """Return the ticket with its route's fields: team, priority, severity, type and what it is linked to."""
    related = dict.fromkeys(ticket.trouble_ticket_relationship)
    if route.duplicate_of:
        related[route.duplicate_of] = None
    entities = dict.fromkeys(ticket.related_entity)
    if route.parent_incident:
        entities[route.parent_incident] = None
    return msgspec.structs.replace(
        ticket,
        team=route.team or ticket.team,
        priority=route.priority or ticket.priority,
        severity=ticket.severity or route.severity or UNTOLD_SEVERITY,
        ticket_type=route.ticket_type or ticket.ticket_type or UNTOLD_TYPE,
        trouble_ticket_relationship=tuple(related),
        related_entity=tuple(entities),
    )


def file_routes(
    tickets: Sequence[TroubleTicket],
    routes: Sequence[Route],
    system: TicketSystem,
    *,
    approved: frozenset[str] = frozenset(),
) -> list[FilingResult]:
    """Return what became of each ticket: live and automatic ones are filed, a failed one stops no other.

    `approved` are ids of tickets whose route a person has confirmed. Linked tickets are never filed.
    """
    results = []
    for ticket, route in zip(tickets, routes, strict=True):
        if why := _held_back(ticket, route, approved):
            results.append(why)
            continue
        try:
            filed = system.file(routed(ticket, route), external_identifier(ticket))
        except TelcollmError as error:
            retry = isinstance(error, TransientError)
            results.append(FilingResult(ticket.ticket_id, Outcome.FAILED, None, str(error), retry))
            continue
        outcome = Outcome.FILED if filed.created else Outcome.FOUND
        results.append(FilingResult(ticket.ticket_id, outcome, filed))
    return results


def _held_back(ticket: TroubleTicket, route: Route, approved: frozenset[str]) -> FilingResult | None:
    if ticket.mode is not Mode.LIVE or route.mode is not Mode.LIVE:
        mode = route.mode if ticket.mode is Mode.LIVE else ticket.mode
        return FilingResult(ticket.ticket_id, Outcome.NOT_LIVE, None, f"mode {mode.value} files nothing")
    linked = route.duplicate_of or route.parent_incident
    if linked:
        return FilingResult(ticket.ticket_id, Outcome.LINKED, None, f"linked to {linked}")
    if ticket.status not in OPEN:
        return FilingResult(ticket.ticket_id, Outcome.WAITING, None, f"it is {ticket.status.value} already")
    if not route.automatic and ticket.ticket_id not in approved:
        return FilingResult(ticket.ticket_id, Outcome.WAITING, None, "a person must look first")
    return None


class StoredTickets:
    """A ticket system in telcollm's own store, for those who have no other; `now` stamps what it files."""

    def __init__(self, tickets: TicketStore, now: datetime) -> None:
        self._tickets = tickets
        self._now = now

    def file(self, ticket: TroubleTicket, external_identifier: str) -> Filed:
        """Return the ticket as kept; see `TicketSystem.file`.

        Raises:
            TransientError: the store did not answer.
        """
        known = self._tickets.ticket(Scope(tenants=(ticket.tenant,)), ticket.ticket_id)
        if known is not None and external_identifier in known.external_identifier:
            return Filed(known.ticket_id, "", known.status)
        named = (*dict.fromkeys((*ticket.external_identifier, external_identifier)),)
        self._tickets.put([msgspec.structs.replace(ticket, external_identifier=named, last_update=self._now)])
        return Filed(ticket.ticket_id, "", ticket.status, created=True)
