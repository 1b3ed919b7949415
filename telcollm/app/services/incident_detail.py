"""All of one incident as its page shows it: what happened, where, what was said, what people did.

Everything is bounded, and says how much there is. Does not know how any of it is drawn.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from telcollm.access import Action, Caller, allows
from telcollm.app.services.incidents import IncidentRow, row
from telcollm.app.workplace import Workplace
from telcollm.records import (
    Diagnosis,
    Incident,
    KpiSample,
    PlannedWork,
    Reply,
    Route,
    TroubleTicket,
)
from telcollm.state import AlarmState
from telcollm.store.actions import OperatorAction
from telcollm.store.rows import to_ms
from telcollm.store.tickets import TicketQuery
from telcollm.topology import Topology

if TYPE_CHECKING:
    from agents.tools.found import KpiHistory

MOST_ALARMS: Final = 1_000
MOST_KPIS: Final = 5_000
MOST_NODES: Final = 80
MOST_TICKETS: Final = 50

_HOPS: Final = 2
_BEFORE: Final = timedelta(hours=2)
_AFTER: Final = timedelta(minutes=30)
_CHANGES_BEFORE: Final = timedelta(days=2)
_MOST_OBJECTS: Final = 30


class Node(msgspec.Struct, frozen=True):
    """One element near the root cause; `severity` is the worst open alarm's rank on it, 0 for none."""

    element_id: str
    element_type: str
    name: str
    hops: int
    alarms: int
    severity: int
    on_path: bool


class Neighbourhood(msgspec.Struct, frozen=True):
    """The topology around the root cause as of the incident's opening, cut at a number of elements."""

    root: str
    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]
    path: tuple[str, ...]
    complete: bool


class IncidentDetail(msgspec.Struct, frozen=True):
    """One incident with all that hangs on it. None for what the caller may not see.

    `kpis` are series beside their normal, as `agents.tools.normal` tells it, the most unusual first.
    """

    row: IncidentRow
    diagnoses: tuple[Diagnosis, ...]
    alarms: tuple[AlarmState, ...]
    neighbourhood: Neighbourhood | None
    kpis: tuple[KpiHistory, ...]
    kpis_complete: bool
    changes: tuple[PlannedWork, ...]
    tickets: tuple[TroubleTicket, ...] | None
    routes: tuple[Route, ...]
    replies: tuple[Reply, ...] | None
    actions: tuple[OperatorAction, ...]

    @property
    def incident(self) -> Incident:
        """The incident itself."""
        return self.row.incident


def detail(workplace: Workplace, caller: Caller, incident_id: str) -> IncidentDetail:
    """Return all of one incident that the caller may see.

    Raises:
        AccessDenied: not with the caller's roles.
        NotFoundError: there is none in the caller's scope.
    """
    return detail_of(workplace, caller, row(workplace, caller, incident_id))


def detail_of(workplace: Workplace, caller: Caller, listed: IncidentRow) -> IncidentDetail:
    """Return all that hangs on an incident which the caller was shown a row of."""
    found = listed.incident
    scope, stores = caller.scope, workplace.stores
    alarms = stores.store.incident_members(scope, found.incident_id, MOST_ALARMS)
    diagnoses = stores.store.diagnoses(scope, found.incident_id)
    objects = _objects(found, diagnoses)
    since, until = found.opened_time - _BEFORE, found.last_event_time + _AFTER
    kpis = stores.telemetry.kpis(
        scope, objects, since_ms=to_ms(since), until_ms=to_ms(until), limit=MOST_KPIS + 1
    )
    return IncidentDetail(
        row=listed,
        diagnoses=tuple(diagnoses),
        alarms=tuple(alarms),
        neighbourhood=neighbourhood(workplace.topology(scope), found, diagnoses, alarms),
        kpis=against_normal(workplace, caller, kpis[:MOST_KPIS], since, until),
        kpis_complete=len(kpis) <= MOST_KPIS,
        changes=_changes(workplace, caller, objects, found.opened_time - _CHANGES_BEFORE, until),
        tickets=_tickets(workplace, caller, found),
        routes=tuple(stores.tickets.route_history(scope, found.incident_id)),
        replies=_replies(workplace, caller, found.incident_id),
        actions=tuple(workplace.actions.actions(scope, found.incident_id)),
    )


def against_normal(
    workplace: Workplace, caller: Caller, samples: list[KpiSample], since: datetime, until: datetime
) -> tuple[KpiHistory, ...]:
    """Return each KPI of each object beside what is normal at that hour, the most unusual first."""
    from agents.tools.normal import DAYS, WEEKS, judge, windows

    series: dict[tuple[str, str], list[KpiSample]] = {}
    for sample in samples:
        series.setdefault((sample.managed_object, sample.kpi), []).append(sample)
    objects = list(dict.fromkeys(name for name, _ in series))
    past: dict[tuple[str, str], dict[datetime, KpiSample]] = {}
    spans = [
        *windows(since, until, timedelta(weeks=1), WEEKS),
        *windows(since, until, timedelta(days=1), DAYS),
    ]
    for start, end in spans if objects else ():
        found = workplace.stores.telemetry.kpis(
            caller.scope, objects, since_ms=to_ms(start), until_ms=to_ms(end), limit=MOST_KPIS
        )
        for sample in found:
            past.setdefault((sample.managed_object, sample.kpi), {})[sample.sampled_time] = sample
    judged = [
        judge(known, past.get(key, {}).values(), since, until)
        for key, known in series.items()
        if any(math.isfinite(one.value) for one in known)
    ]
    judged.sort(key=lambda one: (not one.summary.departs, -abs(one.summary.deviation or 0.0)))
    return tuple(judged)


def _objects(found: Incident, diagnoses: list[Diagnosis]) -> list[str]:
    """Return the objects that matter most, the root causes first."""
    causes = [item.root_cause_resource for item in diagnoses[-1].hypotheses] if diagnoses else []
    named = [*causes, found.root_cause_resource, *found.affected_objects]
    return [name for name in dict.fromkeys(named) if name][:_MOST_OBJECTS]


def _changes(
    workplace: Workplace, caller: Caller, objects: list[str], since: datetime, until: datetime
) -> tuple[PlannedWork, ...]:
    near = set(objects)
    return tuple(
        work
        for work in workplace.stores.store.planned_work(caller.scope)
        if work.start_time < until and work.end_time > since and near.intersection(work.managed_objects)
    )


def _tickets(workplace: Workplace, caller: Caller, found: Incident) -> tuple[TroubleTicket, ...] | None:
    """Return the tickets that the incident names, and those that name it."""
    if not allows(caller, Action.TICKET_READ):
        return None
    store = workplace.stores.tickets
    named = [store.ticket(caller.scope, one) for one in found.trouble_ticket[:MOST_TICKETS]]
    about = store.tickets(caller.scope, TicketQuery(related_entity=found.incident_id, limit=MOST_TICKETS))
    known = {ticket.ticket_id: ticket for ticket in (*named, *about) if ticket is not None}
    return tuple(known.values())


def _replies(workplace: Workplace, caller: Caller, incident_id: str) -> tuple[Reply, ...] | None:
    if not allows(caller, Action.CARE_READ):
        return None
    return tuple(workplace.stores.care.replies_on_incident(caller.scope, incident_id))


def neighbourhood(
    topology: Topology, found: Incident, diagnoses: list[Diagnosis], alarms: list[AlarmState]
) -> Neighbourhood | None:
    """Return what is within two links of the root cause or on the path of propagation; None without a root.

    The nearest come first, of equally near ones those with alarms; links are those between what is shown.
    """
    first = diagnoses[-1].hypotheses[0] if diagnoses and diagnoses[-1].hypotheses else None
    root = first.root_cause_resource if first else found.root_cause_resource
    if not root:
        return None
    at_ms = to_ms(found.opened_time)
    path = first.path if first else ()
    counts: dict[str, int] = {}
    worst: dict[str, int] = {}
    for alarm in alarms:
        counts[alarm.managed_object] = counts.get(alarm.managed_object, 0) + 1
        if alarm.cleared_ms is None:
            worst[alarm.managed_object] = max(worst.get(alarm.managed_object, 0), alarm.severity)
    hops = {root: 0} | {name: place for place, name in enumerate(path) if name != root}
    reached = [root]
    for distance in range(1, _HOPS + 1):
        reached = sorted(
            {near for name in reached for near in topology.neighbours(name, at_ms)} - hops.keys()
        )
        hops.update((name, distance) for name in reached)
    on_path = set(path)
    order = sorted(hops, key=lambda name: (name not in on_path, hops[name], -counts.get(name, 0), name))
    shown = order[:MOST_NODES]
    nodes = []
    for name in shown:
        element = topology.elements.get(name)
        nodes.append(
            Node(
                name,
                element.element_type if element else "",
                element.name if element else "",
                hops[name],
                counts.get(name, 0),
                worst.get(name, 0),
                name in on_path,
            )
        )
    inside = set(shown)
    edges = {
        (min(name, near), max(name, near))
        for name in shown
        for near in topology.neighbours(name, at_ms)
        if near in inside
    }
    edges |= {(min(pair), max(pair)) for pair in pairwise(path) if inside.issuperset(pair)}
    return Neighbourhood(root, tuple(nodes), tuple(sorted(edges)), tuple(path), len(order) == len(shown))
