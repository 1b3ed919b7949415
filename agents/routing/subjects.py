"""What a ticket is about: the objects and services it names, by its fields and in its words.

Only what the topology of the ticket's own tenant knows counts as named in words; what stands in its fields
counts as it is. Does not judge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from telcollm.records import TroubleTicket
from telcollm.topology import Topology

_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]*[A-Za-z0-9]")
_DIGIT: Final = re.compile(r"\d")
_MOST_NAMED: Final = 16
_MOST_CARRIERS: Final = 8


@dataclass(frozen=True, slots=True)
class Subject:
    """A ticket with what it is about: `named` objects and services, and `carriers` its services ride on."""

    ticket: TroubleTicket
    text: str
    at: datetime
    named: frozenset[str]
    carriers: frozenset[str]
    object_types: tuple[str, ...]


class SubjectFinder:
    """Finds what tickets are about in a topology, whose names it sorts once."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._names: dict[tuple[str, str], str] = {}
        self._carriers: dict[tuple[str, str], list[str]] = {}
        for name, element in topology.elements.items():
            self._know(element.tenant, name)
            for service in element.services:
                self._know(element.tenant, service)
                self._carriers.setdefault((element.tenant, service), []).append(name)

    def _know(self, tenant: str, name: str) -> None:
        # A name without a figure may be a word of any text.
        if len(name) >= 3 and _DIGIT.search(name):
            self._names[tenant, name.casefold()] = name

    def named_in(self, ticket: TroubleTicket, text: str) -> frozenset[str]:
        """Return the objects and services a ticket names, in its fields or by exact name in the text."""
        named = dict.fromkeys(name for name in ticket.related_entity if name.strip())
        for found in _TOKEN.finditer(text):
            if name := self._names.get((ticket.tenant, found[0].casefold())):
                named[name] = None
        return frozenset(list(named)[:_MOST_NAMED])

    def subject(self, ticket: TroubleTicket, text: str, now: datetime) -> Subject:
        """Return what a ticket is about; `text` is what may be read, `now` its time where it has none."""
        named = self.named_in(ticket, text)
        carriers = {
            name
            for service in named
            for name in self._carriers.get((ticket.tenant, service), ())[:_MOST_CARRIERS]
        }
        return Subject(
            ticket=ticket,
            text=text,
            at=ticket.creation_date or ticket.last_update or now,
            named=named,
            carriers=frozenset(carriers),
            object_types=tuple(sorted({kind for name in named if (kind := self._kind(ticket.tenant, name))})),
        )

    def _kind(self, tenant: str, name: str) -> str:
        element = self._topology.elements.get(name)
        return element.element_type if element is not None and element.tenant == tenant else ""


def ticket_row(ticket: TroubleTicket, subject: Subject) -> dict[str, object]:
    """Return a ticket as the columns a decider may read: its own fields, then its characteristics.

    Unknown fields keep their names, and never hide known ones.
    """
    row: dict[str, object] = {**_flat(ticket.extra), **_flat(ticket.trouble_ticket_characteristic)}
    row.update(
        ticket_id=ticket.ticket_id,
        description=ticket.description,
        channel=ticket.channel,
        severity=ticket.severity,
        ticket_type=ticket.ticket_type,
        region=ticket.region,
        related_entity=", ".join(sorted(subject.named)),
        object_types=", ".join(subject.object_types),
    )
    row.setdefault("name", ticket.name)
    # As `telcollm simulate` names the type that a reporter gave.
    row.setdefault("reported_type", ticket.ticket_type)
    return row


def _flat(values: Mapping[str, Any]) -> dict[str, object]:
    return {str(name): value for name, value in values.items() if isinstance(value, str | int | float | bool)}
