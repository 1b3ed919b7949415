"""Tools over planned work and tickets. Does not know alarms, nor who should get a ticket."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from agents.tools.arguments import AroundObjects, OverObjects
from agents.tools.found import ChangeFact, Found, TicketFact
from agents.tools.network import around
from agents.tools.sources import Finding, Sources, counted, interval, named
from telcollm.records import PlannedWork, TicketStatus, TroubleTicket
from telcollm.store.tickets import TicketQuery

OPEN: Final = tuple(
    status.value
    for status in (
        TicketStatus.ACKNOWLEDGED,
        TicketStatus.PENDING,
        TicketStatus.HELD,
        TicketStatus.IN_PROGRESS,
    )
)
"""The states of TMF621 in which someone still has to act."""

_MOST_ASKED: Final = 100
# A name may stand between Chinese characters; what goes on after / . : = or ",Key=" is another element's.
_BEFORE: Final = r"(?<![A-Za-z0-9_-])(?<![A-Za-z0-9][/=])"
_AFTER: Final = r"(?![A-Za-z0-9_-]|[/.:=][A-Za-z0-9]|,[A-Za-z]+=)"
_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)


def find_changes(sources: Sources, asked: AroundObjects) -> Finding:
    """Return planned work that overlaps [since, until) and change tickets created or due in it, by start."""
    reached = around(sources.network, asked.objects, asked.since, asked.hops)
    searched = f"planned work and tickets of type change on {named(asked.objects)}"
    if asked.hops:
        searched += f" and {len(reached) - len(asked.objects)} elements within {asked.hops} links"
    searched += f" {interval(asked.since, asked.until)}"
    works = [
        _work_fact(sources, work, reached)
        for work in sources.stores.store.planned_work(sources.scope)
        if work.start_time < asked.until
        and work.end_time > asked.since
        and any(name in reached for name in work.managed_objects)
    ]
    looked = list(reached)[:_MOST_ASKED]
    if len(looked) < len(reached):
        searched += f"; tickets of the {len(looked)} nearest only"
    about, complete = _tickets(sources, looked, TicketQuery(limit=sources.rows))
    tickets = [
        _change_fact(sources, ticket, reached)
        for ticket, _ in about
        if "change" in ticket.ticket_type.casefold() and _in(ticket, asked)
    ]
    items = tuple(sorted([*works, *tickets], key=lambda item: (item.start_time or _EARLIEST, item.change_id)))
    counts = {"kind": counted([item.kind for item in items])} if items else {}
    return Finding(Found(items, counts), searched, complete and len(looked) == len(reached))


def find_open_tickets(sources: Sources, asked: OverObjects) -> Finding:
    """Return open tickets that name one of the objects as related entity or in their text, newest first."""
    searched = f"open tickets ({', '.join(OPEN)}) that name {named(asked.objects)}"
    about, complete = _tickets(sources, asked.objects, TicketQuery(statuses=OPEN, limit=sources.rows))
    items = tuple(
        TicketFact(
            ticket_id=ticket.ticket_id,
            status=ticket.status.value,
            objects=ticket.related_entity[:10],
            matched_by=matched_by,
            ticket_type=sources.text(ticket.ticket_type, 60),
            priority=ticket.priority.value if ticket.priority else "",
            team=sources.text(ticket.team, 60),
            creation_time=ticket.creation_date,
            description=sources.text(ticket.description),
        )
        for ticket, matched_by in about
    )
    counts = {
        "status": counted([item.status for item in items]),
        "team": counted([item.team or "none yet" for item in items]),
    }
    return Finding(Found(items, counts), searched, complete)


def names_object(text: str, name: str) -> bool:
    """Tell whether a text names an object as a whole word, so that cell-1 is not found in cell-10.

    >>> names_object("Cell-1 is down", "cell-1"), names_object("cell-10 is down", "cell-1")
    (True, False)
    >>> names_object("小区cell-1故障", "cell-1"), names_object("MRBTS-7/NRCELL-1 is down", "MRBTS-7")
    (True, False)
    """
    return re.search(_BEFORE + re.escape(name) + _AFTER, text, re.IGNORECASE) is not None


def _tickets(
    sources: Sources, objects: Sequence[str], query: TicketQuery
) -> tuple[list[tuple[TroubleTicket, str]], bool]:
    """Return the tickets about objects with what matched each, newest first; and whether all were read."""
    found: dict[tuple[str, str], tuple[TroubleTicket, str]] = {}
    complete = True
    for name in objects:
        related = sources.stores.tickets.tickets(
            sources.scope, msgspec.structs.replace(query, related_entity=name)
        )
        told = sources.stores.tickets.tickets(sources.scope, msgspec.structs.replace(query, text=name))
        complete = complete and max(len(related), len(told)) < query.limit
        for ticket in related:
            if name in ticket.related_entity:
                found[ticket.tenant, ticket.ticket_id] = (ticket, f"related entity {name}")
        for ticket in told:
            if names_object(f"{ticket.name}\n{ticket.description}", name):
                found.setdefault((ticket.tenant, ticket.ticket_id), (ticket, f"its text names {name}"))
    newest = sorted(found.items(), key=lambda entry: entry[0])
    newest.sort(key=lambda entry: entry[1][0].creation_date or _EARLIEST, reverse=True)
    return [entry for _, entry in newest], complete


def _in(ticket: TroubleTicket, asked: AroundObjects) -> bool:
    """Tell whether a change ticket's time, from creation to resolution as far as they are known, overlaps."""
    start = ticket.creation_date
    end = ticket.resolution_date or ticket.expected_resolution_date or ticket.requested_resolution_date
    return (start is None or start < asked.until) and (end or start or asked.since) >= asked.since


def _work_fact(sources: Sources, work: PlannedWork, reached: Mapping[str, object]) -> ChangeFact:
    return ChangeFact(
        change_id=work.planned_work_id,
        kind="planned work",
        objects=tuple(name for name in work.managed_objects if name in reached)[:10],
        start_time=work.start_time,
        end_time=work.end_time,
        description=sources.text(work.description),
    )


def _change_fact(sources: Sources, ticket: TroubleTicket, reached: Mapping[str, object]) -> ChangeFact:
    return ChangeFact(
        change_id=ticket.ticket_id,
        kind="ticket",
        objects=tuple(name for name in ticket.related_entity if name in reached)[:10],
        start_time=ticket.creation_date,
        end_time=ticket.resolution_date
        or ticket.expected_resolution_date
        or ticket.requested_resolution_date,
        status=ticket.status.value,
        description=sources.text(ticket.description),
    )
