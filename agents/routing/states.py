"""TMF621 states of a ticket and which may follow which.

The standard names eight states and leaves the way between them to those who implement it; this one is that of
its life-cycle figure, with a resolved ticket that may be opened again until it is closed. Does not know who
may change a state.
Source: TMF621 v5, Trouble ticket state machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from telcollm.errors import TelcollmError
from telcollm.records import TicketStatus, TroubleTicket

_S = TicketStatus

TRANSITIONS: Final[Mapping[TicketStatus, frozenset[TicketStatus]]] = MappingProxyType(
    {
        _S.ACKNOWLEDGED: frozenset({_S.REJECTED, _S.IN_PROGRESS, _S.PENDING, _S.HELD, _S.CANCELLED}),
        _S.IN_PROGRESS: frozenset({_S.PENDING, _S.HELD, _S.RESOLVED, _S.CANCELLED}),
        _S.PENDING: frozenset({_S.IN_PROGRESS, _S.HELD, _S.RESOLVED, _S.CANCELLED}),
        _S.HELD: frozenset({_S.IN_PROGRESS, _S.PENDING, _S.RESOLVED, _S.CANCELLED}),
        _S.RESOLVED: frozenset({_S.CLOSED, _S.IN_PROGRESS}),
        _S.REJECTED: frozenset(),
        _S.CANCELLED: frozenset(),
        _S.CLOSED: frozenset(),
    }
)
"""Which states may follow each."""

OPEN: Final = frozenset({_S.ACKNOWLEDGED, _S.IN_PROGRESS, _S.PENDING, _S.HELD})
"""States of tickets and incidents that are still worked on."""

_HISTORY: Final = "statusChangeHistory"


class TicketStateError(TelcollmError):
    """A ticket cannot go from its state to the one asked for."""


def with_status(
    ticket: TroubleTicket, status: TicketStatus, *, at: datetime, reason: str = ""
) -> TroubleTicket:
    """Return the ticket in another state, the change in its history; in its own state, the ticket as it is.

    Raises:
        TicketStateError: the state may not follow the ticket's own.
    """
    if status is ticket.status:
        return ticket
    allowed = TRANSITIONS[ticket.status]
    if status not in allowed:
        named = ", ".join(sorted(one.value for one in allowed)) or "none: it is at its end"
        message = (
            f"ticket {ticket.ticket_id}: {ticket.status.value} cannot become {status.value}; allowed next "
            f"states are {named}; choose one of these"
            + ("" if allowed else ", or open a new ticket that refers to it")
        )
        raise TicketStateError(message)
    change: dict[str, Any] = {
        "status": status.value,
        "changeDate": at.astimezone(UTC).isoformat(),
        "changeReason": reason,
        "@type": "StatusChange",
    }
    known = ticket.extra.get(_HISTORY)
    history = [*known, change] if isinstance(known, list) else [change]
    return msgspec.structs.replace(
        ticket,
        status=status,
        status_change_date=at,
        status_change_reason=reason,
        last_update=at,
        resolution_date=at if status is _S.RESOLVED else ticket.resolution_date,
        extra={**ticket.extra, _HISTORY: history},
    )
