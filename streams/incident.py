"""Incidents: one or several components, told as TMF656 service problems with a ranked root cause.

The winner of components that hang together is the one with the earliest first alarm. Pure: does not know the
store, Kafka or who reads what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from networkx.utils import UnionFind

from streams.component import MAX_GROUPS, Component, Snapshot, group_order, join_groups
from streams.correlation import Neighbourhood
from streams.ranking import rank
from telcollm.graph import CauseGraph
from telcollm.records import (
    SEVERITY_RANK,
    DecidedBy,
    Incident,
    Mode,
    PerceivedSeverity,
    Provenance,
    TicketStatus,
)
from telcollm.state import AlarmState, Candidate, ComponentState

_SEVERITY_NAMES = {rank: PerceivedSeverity(name) for name, rank in SEVERITY_RANK.items()}
_PRIORITIES = {6: 1, 5: 3, 4: 5, 3: 7, 2: 6}
MAX_LISTED = 256


def from_ms(time_ms: int) -> datetime:
    """Return ms since the Unix epoch as an aware UTC time."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def merged(snapshots: Sequence[Snapshot]) -> Snapshot:
    """Return several components of different partitions as one: counts add up, the earliest gives the id."""
    if len(snapshots) == 1:
        return snapshots[0]
    complete = all(item.complete for item in snapshots)
    first = min(snapshots, key=lambda item: (item.first_ms, item.component_id))
    groups = join_groups({}, (group for item in snapshots for group in item.groups))
    return Snapshot(
        component_id=first.component_id,
        partition=first.partition,
        tenant=first.tenant,
        region=first.region,
        mode=first.mode,
        revision=sum(item.revision - item.complete for item in snapshots) + complete,
        complete=complete,
        alarm_count=sum(item.alarm_count for item in snapshots),
        active=sum(item.active for item in snapshots),
        severity=max(item.severity for item in snapshots),
        first_ms=min(item.first_ms for item in snapshots),
        last_ms=max(item.last_ms for item in snapshots),
        groups=tuple(sorted(groups.values(), key=group_order)[:MAX_GROUPS]),
        boundary=True,
        append_ms=max(item.append_ms for item in snapshots),
        first_offset=min(item.first_offset for item in snapshots),
        last_offset=max(item.last_offset for item in snapshots),
    )


def hanging_together(
    states: Sequence[ComponentState], alarms: Sequence[AlarmState]
) -> list[list[tuple[ComponentState, list[AlarmState]]]]:
    """Return the components in groups that share an alarm, directly or by way of others, with their alarms.

    Of an alarm that several partitions hold, one has the original and the others have copies.
    """
    members: dict[tuple[int, str], list[AlarmState]] = {
        (state.partition, state.component_id): [] for state in states
    }
    together = UnionFind(members)
    holder: dict[str, tuple[int, str]] = {}
    for alarm in alarms:
        place = (alarm.partition, alarm.component_id)
        members[place].append(alarm)
        together.union(holder.setdefault(alarm.alarm_id, place), place)
    by_place = {(state.partition, state.component_id): state for state in states}
    groups = [sorted(group) for group in together.to_sets()]
    return [[(by_place[place], members[place]) for place in group] for group in sorted(groups)]


def restored(component: ComponentState, alarms: Sequence[AlarmState]) -> Snapshot | None:
    """Return a stored component as it stands, None where it holds only copies from across a cut."""
    home = [alarm for alarm in alarms if alarm.home]
    if not home:
        return None
    built = Component(alarms[0])
    for alarm in alarms[1:]:
        built.add(alarm)
    built.complete = component.complete
    return built.snapshot()


class IncidentWriter:
    """Tells snapshots as incidents, with candidates ranked by the cause graph and the topology."""

    def __init__(
        self,
        *,
        topic: str,
        graph: CauseGraph | None,
        topology: Neighbourhood,
        neighbourhood_of: Callable[[str], str],
        services_of: Callable[[str], tuple[str, ...]],
    ) -> None:
        self._topic = topic
        self._graph = graph
        self._topology = topology
        self._neighbourhood_of = neighbourhood_of
        self._services_of = services_of

    def write(self, snapshot: Snapshot) -> tuple[Incident, tuple[Candidate, ...]]:
        """Return the incident and its candidates, likeliest first."""
        groups = snapshot.groups
        candidates = rank(groups, self._graph, self._topology)
        objects = tuple(dict.fromkeys(group.managed_object for group in groups))
        problems: dict[str, int] = {}
        for group in groups:
            problems[group.problem] = problems.get(group.problem, 0) + group.repeats
        root = candidates[0] if candidates else None
        if snapshot.superseded_by:
            status = TicketStatus.CANCELLED
        elif not snapshot.complete:
            status = TicketStatus.PENDING
        else:
            status = TicketStatus.IN_PROGRESS if snapshot.active else TicketStatus.RESOLVED
        services = sorted({service for name in objects for service in self._services_of(name)})
        incident = Incident(
            tenant=snapshot.tenant,
            region=snapshot.region,
            incident_id=snapshot.component_id,
            revision=snapshot.revision,
            status=status,
            opened_time=from_ms(snapshot.first_ms),
            last_event_time=from_ms(snapshot.last_ms),
            window_complete=snapshot.complete,
            priority=_PRIORITIES.get(snapshot.severity, 5),
            description=_describe(snapshot, objects, root),
            reason=root.problem if root else "",
            superseded_by=snapshot.superseded_by,
            underlying_alarm=tuple(group.alarm_id for group in groups[:MAX_LISTED]),
            alarm_count=snapshot.alarm_count,
            active_alarms=snapshot.active,
            perceived_severity=_SEVERITY_NAMES.get(snapshot.severity, PerceivedSeverity.INDETERMINATE),
            affected_objects=objects,
            affected_service=tuple(services[:MAX_LISTED]),
            problems=problems,
            neighbourhoods=tuple(sorted({self._neighbourhood_of(name) for name in objects})),
            root_cause_resource=root.managed_object if root else "",
            root_cause_alarm=root.alarm_id if root else "",
            root_cause_problem=root.problem if root else "",
            confidence=root.share if root else 0.0,
            decided_by=DecidedBy.GRAPH if self._graph is not None else DecidedBy.RULE,
            mode=Mode(snapshot.mode),
            provenance=(
                Provenance(
                    topic=self._topic,
                    partition=snapshot.partition,
                    first_offset=snapshot.first_offset,
                    last_offset=snapshot.last_offset,
                ),
            ),
        )
        return incident, candidates


def _describe(snapshot: Snapshot, objects: Sequence[str], root: Candidate | None) -> str:
    alarms = "1 alarm" if snapshot.alarm_count == 1 else f"{snapshot.alarm_count} alarms"
    where = "1 object" if len(objects) == 1 else f"{len(objects)} objects"
    cause = f"; likeliest cause: {root.problem} on {root.managed_object}" if root else ""
    return f"{alarms} on {where}{cause}"
