"""Duplicates of open tickets and children of open incidents: linked, not filed.

A wrong link hides a problem, a missed one costs a look: so all of a rule's conditions must hold, and where
several incidents fit, none is taken. Nothing is ever linked across tenants. Does not write anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from agents.routing.likeness import alike_ratio
from agents.routing.policy import RoutingPolicy
from agents.routing.rules import words_found
from agents.routing.states import OPEN
from agents.routing.subjects import Subject, SubjectFinder
from telcollm.ports import IncidentQuery, Scope
from telcollm.records import Incident, TroubleTicket
from telcollm.store.opening import Stores
from telcollm.store.tickets import TicketQuery

_STATUSES: Final = tuple(sorted(status.value for status in OPEN))
_MOST_TICKETS: Final = 50
_MOST_INCIDENTS: Final = 20
_SAME_TEXT: Final = 20
"""The fewest characters by which a text repeated by the same party is told from a greeting."""


@dataclass(frozen=True, slots=True)
class Links:
    """What a ticket is linked to, the rules that say so in words, and ids of what they rest on."""

    duplicate_of: str = ""
    parent_incident: str = ""
    reasons: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    severity: str = ""


@dataclass(slots=True)
class Earlier:
    """Tickets of a batch that came before, by what they name and who sent them, and what each repeats."""

    _by_name: dict[tuple[str, str], list[Subject]] = field(default_factory=dict)
    _original: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, subject: Subject, links: Links) -> None:
        """Take one more ticket in, with its links."""
        ticket = subject.ticket
        for name in {*subject.named, *ticket.related_party}:
            self._by_name.setdefault((ticket.tenant, name), []).append(subject)
        self._original[ticket.tenant, ticket.ticket_id] = links.duplicate_of

    def near(self, subject: Subject) -> list[Subject]:
        """Return tickets of the same tenant that name one of the same things, or are of one party."""
        ticket = subject.ticket
        found = {
            other.ticket.ticket_id: other
            for name in sorted({*subject.named, *ticket.related_party})
            for other in self._by_name.get((ticket.tenant, name), ())
        }
        return list(found.values())

    def original(self, tenant: str, ticket_id: str) -> str:
        """Return what a ticket of the batch is a duplicate of, empty where of none."""
        return self._original.get((tenant, ticket_id), "")


class Linker:
    """Finds what tickets belong to among open tickets and incidents, earlier ones of the batch included.

    `read` returns what of a ticket's text may be compared.
    """

    def __init__(
        self,
        stores: Stores,
        finder: SubjectFinder,
        policy: RoutingPolicy,
        read: Callable[[TroubleTicket], str],
    ) -> None:
        self._stores = stores
        self._finder = finder
        self._policy = policy
        self._read = read

    def links(self, subject: Subject, earlier: Earlier, *, team: str, ticket_type: str) -> Links:
        """Return a ticket's links; `earlier` are tickets of this batch, which the store may not hold yet."""
        twin, why = self._duplicate(subject, earlier)
        parent, found, told = self._parent(subject, team, ticket_type)
        evidence = tuple(dict.fromkeys(name for name in (twin, *found) if name))
        return Links(
            duplicate_of=twin,
            parent_incident=parent.incident_id if parent else "",
            reasons=tuple(filter(None, (why, told))),
            evidence=evidence,
            severity=parent.perceived_severity.value if parent else "",
        )

    def _duplicate(self, subject: Subject, earlier: Earlier) -> tuple[str, str]:
        """Return the open ticket that a ticket repeats, and why; empty texts where there is none."""
        best: tuple[float, Subject, str] | None = None
        for other in [*self._stored(subject), *earlier.near(subject)]:
            if not self._may_repeat(subject, other):
                continue
            shared = sorted(subject.named & other.named)
            ratio = alike_ratio(subject.text, other.text)
            minutes = (subject.at - other.at).total_seconds() / 60
            if shared and ratio >= self._policy.linking.alike:
                why = (
                    f"duplicate of open ticket {other.ticket.ticket_id}: both name {', '.join(shared[:3])}, "
                    f"{ratio:.0%} of their words are the same (at least {self._policy.linking.alike:.0%}), "
                    f"{minutes:.0f} minutes apart"
                )
            elif _said_twice(subject, other):
                why = (
                    f"duplicate of open ticket {other.ticket.ticket_id}: the same party said the same, "
                    f"{minutes:.0f} minutes apart"
                )
            else:
                continue
            if best is None or (ratio, -minutes) > (best[0], -(subject.at - best[1].at).total_seconds() / 60):
                best = (ratio, other, why)
        if best is None:
            return "", ""
        return self._original(best[1], earlier), best[2]

    def _may_repeat(self, subject: Subject, other: Subject) -> bool:
        age = subject.at - other.at
        return (
            other.ticket.tenant == subject.ticket.tenant
            and other.ticket.ticket_id != subject.ticket.ticket_id
            and other.ticket.status in OPEN
            and timedelta(0) <= age <= timedelta(hours=self._policy.linking.duplicate_hours)
            and (age > timedelta(0) or other.ticket.ticket_id < subject.ticket.ticket_id)
        )

    def _stored(self, subject: Subject) -> list[Subject]:
        """Return the open tickets of the store that name what a ticket names, or say what it says."""
        ticket = subject.ticket
        scope = Scope(tenants=(ticket.tenant,))
        wanted = sorted(subject.named)
        if ticket.related_party and len(ticket.description) >= _SAME_TEXT:
            wanted.append(ticket.description[:200])
        found: dict[str, Subject] = {}
        for text in wanted:
            query = TicketQuery(
                statuses=_STATUSES,
                text=text,
                since=subject.at - timedelta(hours=self._policy.linking.duplicate_hours),
                until=subject.at + timedelta(milliseconds=1),
                limit=_MOST_TICKETS,
            )
            for other in self._stores.tickets.tickets(scope, query):
                if other.ticket_id not in found:
                    found[other.ticket_id] = self._finder.subject(other, self._read(other), subject.at)
        return list(found.values())

    def _original(self, other: Subject, earlier: Earlier) -> str:
        """Return the ticket that the other one is itself a duplicate of, else the other one."""
        ticket = other.ticket
        if original := earlier.original(ticket.tenant, ticket.ticket_id):
            return original
        routes = self._stores.tickets.routes(Scope(tenants=(ticket.tenant,)), [ticket.ticket_id])
        route = routes.get(ticket.ticket_id)
        return route.duplicate_of if route and route.duplicate_of else ticket.ticket_id

    def _parent(
        self, subject: Subject, team: str, ticket_type: str
    ) -> tuple[Incident | None, tuple[str, ...], str]:
        """Return the open incident that a ticket tells of, ids of those that fit, and why or why not."""
        linking = self._policy.linking
        if team in linking.never_teams or ticket_type in linking.never_types:
            return None, (), ""
        spoken = words_found(subject.text, self._policy.trouble)
        if not spoken:
            return None, (), ""
        fitting = self._incidents(subject)
        roots = [one for one in fitting if one.root_cause_resource in subject.named]
        chosen = fitting if len(fitting) == 1 else roots if len(roots) == 1 else []
        ids = tuple(one.incident_id for one in fitting)
        if not chosen:
            if not fitting:
                return None, (), ""
            told = f"{len(ids)} open incidents fit ({', '.join(ids[:3])}): none is linked, a person decides"
            return None, ids, told
        one = chosen[0]
        shared = sorted(_shared(subject, one))
        told = (
            f"child of open incident {one.incident_id}: it affects {', '.join(shared[:3])}, the ticket tells "
            f"of trouble ({spoken[0]}), and the incident was going on at that time"
        )
        return one, (one.incident_id,), told

    def _incidents(self, subject: Subject) -> list[Incident]:
        """Return the open incidents on what a ticket names that were going on when it came in."""
        linking = self._policy.linking
        scope = Scope(tenants=(subject.ticket.tenant,))
        latest = subject.at - timedelta(minutes=linking.after_incident_minutes)
        found: dict[str, Incident] = {}
        for name in sorted(subject.named | subject.carriers):
            query = IncidentQuery(
                statuses=_STATUSES,
                managed_object=name,
                until=subject.at + timedelta(minutes=linking.before_incident_minutes),
                limit=_MOST_INCIDENTS,
            )
            for one in self._stores.store.incidents(scope, query):
                going_on = one.active_alarms > 0 or one.last_event_time >= latest
                if going_on and not one.superseded_by and _shared(subject, one):
                    found[one.incident_id] = one
        return [found[name] for name in sorted(found)]


def _shared(subject: Subject, incident: Incident) -> frozenset[str]:
    """Return what a ticket names that an incident affects: objects, or services it lists itself."""
    affected = {*incident.affected_objects, incident.root_cause_resource, *incident.affected_service}
    return subject.named & (affected - {""})


def _said_twice(subject: Subject, other: Subject) -> bool:
    """Tell whether the same party sent the same words again."""
    one, two = (" ".join(item.ticket.description.casefold().split()) for item in (subject, other))
    party = set(subject.ticket.related_party) & set(other.ticket.related_party)
    return bool(party) and one == two and len(one) >= _SAME_TEXT
