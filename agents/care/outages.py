"""What of the network's state touches a customer: open and repaired incidents, planned work, estimates.

Services ride on objects by the topology as of the time asked about. Does not know what is said of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from telcollm.ports import IncidentQuery, Scope
from telcollm.records import Incident, PlannedWork, TicketStatus, TopologyElement, TroubleTicket
from telcollm.store.opening import Stores
from telcollm.store.tickets import TicketQuery
from telcollm.topology import Topology

OPEN: Final = frozenset(
    {TicketStatus.ACKNOWLEDGED, TicketStatus.PENDING, TicketStatus.HELD, TicketStatus.IN_PROGRESS}
)
REPAIRED: Final = frozenset({TicketStatus.RESOLVED, TicketStatus.CLOSED})

_OPEN_NAMES: Final = tuple(sorted(status.value for status in OPEN))
_REPAIRED_NAMES: Final = tuple(sorted(status.value for status in REPAIRED))
_REMEMBERED: Final = timedelta(hours=24)
"""A repaired incident is spoken of for so long."""
_ANNOUNCED: Final = timedelta(hours=24)
_PAGE: Final = 200
_MOST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """When an incident is expected to be repaired, and the ticket that says so."""

    time: datetime
    ticket_id: str


class Outages:
    """One tenant's network as of one time; read once, asked for many customers."""

    def __init__(
        self,
        stores: Stores,
        topology: Topology,
        scope: Scope,
        at: datetime,
        *,
        changed: Incident | None = None,
    ) -> None:
        """Read incidents and planned work within the scope; `changed` stands for its stored self."""
        self._stores, self._topology, self._scope, self._at = stores, topology, scope, at
        self._estimates: dict[str, Estimate | None] = {}
        open_ = list(self._incidents(_OPEN_NAMES, None))
        repaired = list(self._incidents(_REPAIRED_NAMES, at - _REMEMBERED))
        if changed is not None:
            open_, repaired = (
                [one for one in found if one.incident_id != changed.incident_id]
                for found in (open_, repaired)
            )
            if not changed.superseded_by:
                open_ += [changed] if changed.status in OPEN else []
                repaired += [changed] if changed.status in REPAIRED else []
        self._open = self._by_service(open_)
        self._repaired = self._by_service(repaired)
        self._works = [
            (work, self._served(work.managed_objects))
            for work in stores.store.planned_work(scope)
            if at < work.end_time and work.start_time < at + _ANNOUNCED
        ]

    def _incidents(self, statuses: tuple[str, ...], since: datetime | None) -> Iterator[Incident]:
        offset = 0
        while offset < _MOST:
            query = IncidentQuery(statuses=statuses, since=since, limit=_PAGE, offset=offset)
            page = self._stores.store.incidents(self._scope, query)
            yield from page
            if len(page) < _PAGE:
                return
            offset += _PAGE

    def _served(self, objects: Iterable[str]) -> frozenset[str]:
        """Return the services on objects that stand as of the time asked about."""
        elements = (self._topology.elements.get(name) for name in objects)
        return frozenset(
            service
            for element in elements
            if element is not None and _stands(element, self._at)
            for service in element.services
        )

    def _by_service(self, incidents: Iterable[Incident]) -> dict[str, list[Incident]]:
        found: dict[str, list[Incident]] = {}
        for incident in incidents:
            for service in {*incident.affected_service, *self._served(incident.affected_objects)}:
                found.setdefault(service, []).append(incident)
        return found

    def incident_on(self, service_ids: Sequence[str]) -> tuple[str, Incident | None]:
        """Return "open", "resolved" or "none", and the gravest open incident, else the latest repaired."""
        open_ = {one.incident_id: one for name in service_ids for one in self._open.get(name, ())}
        if open_:
            return "open", min(
                open_.values(), key=lambda one: (one.priority, one.opened_time, one.incident_id)
            )
        repaired = {one.incident_id: one for name in service_ids for one in self._repaired.get(name, ())}
        if repaired:
            return "resolved", max(repaired.values(), key=lambda one: (one.last_event_time, one.incident_id))
        return "none", None

    def work_on(self, service_ids: Sequence[str]) -> tuple[str, PlannedWork | None]:
        """Return "running", "announced" or "none", and the work on what carries the services."""
        touching = [work for work, served in self._works if served.intersection(service_ids)]
        if not touching:
            return "none", None
        first = min(touching, key=lambda work: (work.start_time, work.planned_work_id))
        return ("running" if first.start_time <= self._at else "announced"), first

    def estimate(self, incident: Incident) -> Estimate | None:
        """Return when an incident is expected to be repaired, by its newest open ticket; None once passed."""
        if incident.incident_id not in self._estimates:
            self._estimates[incident.incident_id] = self._estimate(incident)
        return self._estimates[incident.incident_id]

    def _estimate(self, incident: Incident) -> Estimate | None:
        scope = Scope((incident.tenant,), self._scope.regions)
        named = [self._stores.tickets.ticket(scope, name) for name in incident.trouble_ticket[:20]]
        query = TicketQuery(statuses=_OPEN_NAMES, related_entity=incident.incident_id, limit=20)
        tickets = [ticket for ticket in named if ticket is not None]
        tickets += self._stores.tickets.tickets(scope, query)
        telling = [
            ticket
            for ticket in tickets
            if ticket.status in OPEN and ticket.expected_resolution_date is not None
        ]
        if not telling:
            return None
        newest = max(telling, key=_told)
        time = newest.expected_resolution_date
        # A time that has passed is no estimate any more, and an older one is none at all.
        return Estimate(time, newest.ticket_id) if time is not None and time > self._at else None


def _told(ticket: TroubleTicket) -> tuple[float, str]:
    time = ticket.last_update or ticket.status_change_date or ticket.creation_date
    return (time.timestamp() if time else 0.0, ticket.ticket_id)


def _stands(element: TopologyElement, at: datetime) -> bool:
    begun = element.valid_from is None or element.valid_from <= at
    return begun and (element.valid_to is None or at < element.valid_to)
