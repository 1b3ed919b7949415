"""A small network, its events, and a plain reference for what belongs together, for the tests of streams."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from hypothesis import strategies as st

from streams.event import AlarmEvent, EventKind
from telcollm.graph import CauseEdge, cause_graph
from telcollm.identity import derive_id
from telcollm.records import Link, TopologyElement
from telcollm.topology import Topology

GAP_MS = 10_000
LATENESS_MS = 20_000
OBJECTS = tuple(f"n{number}" for number in range(8))
PROBLEMS = ("loss", "power", "degraded", "door")

GRAPH = cause_graph(
    list(PROBLEMS),
    [CauseEdge("power", "loss", 0.9), CauseEdge("loss", "degraded", 0.7)],
    method="by hand",
    learned_from="the tests",
)


def chain_topology() -> Topology:
    """A chain n0 - n1 - ... - n7."""
    return Topology(
        TopologyElement(tenant="t", element_id=name, links=(Link(target=after),))
        for name, after in itertools.pairwise(OBJECTS)
    )


def make_event(
    kind: EventKind,
    managed_object: str,
    problem: str,
    event_ms: int,
    *,
    raised_ms: int | None = None,
    cleared_ms: int | None = None,
    severity: int = 4,
    shelved: bool = False,
    listed: frozenset[str] = frozenset(),
) -> AlarmEvent:
    """One event of one alarm, with the ids that the edge would derive."""
    key = derive_id("key", managed_object, problem)
    raised = event_ms if raised_ms is None else raised_ms
    return AlarmEvent(
        kind=kind,
        alarm_id=derive_id("alm", key, str(raised)),
        key=key,
        tenant="t",
        region="r",
        source_system_id="ems",
        managed_object=managed_object,
        problem=problem,
        severity=severity,
        event_ms=event_ms,
        raised_ms=raised,
        cleared_ms=cleared_ms,
        shelved=shelved,
        mode="live",
        listed=listed,
    )


@st.composite
def histories(draw: st.DrawFn, max_alarms: int = 14) -> list[AlarmEvent]:
    """Events of a few alarms in event-time order: raises, some changes, most cleared, some momentary."""
    events: list[AlarmEvent] = []
    for _ in range(draw(st.integers(1, max_alarms))):
        managed_object = draw(st.sampled_from(OBJECTS))
        problem = draw(st.sampled_from(PROBLEMS))
        raised_ms = draw(st.integers(0, 60)) * 1000
        length_ms = draw(st.sampled_from((0, 1000, 7000, 30_000, None)))
        if length_ms == 0:
            events.append(
                make_event(EventKind.RAISE, managed_object, problem, raised_ms, cleared_ms=raised_ms)
            )
            continue
        events.append(make_event(EventKind.RAISE, managed_object, problem, raised_ms))
        if draw(st.booleans()):
            changed_ms = raised_ms + draw(st.integers(0, 5)) * 1000
            events.append(
                make_event(
                    EventKind.CHANGE, managed_object, problem, changed_ms, raised_ms=raised_ms, severity=6
                )
            )
        if length_ms is not None:
            cleared_ms = raised_ms + length_ms
            events.append(
                make_event(
                    EventKind.CLEAR,
                    managed_object,
                    problem,
                    cleared_ms,
                    raised_ms=raised_ms,
                    cleared_ms=cleared_ms,
                )
            )
    return sorted(events, key=lambda event: event.event_ms)


@dataclass(frozen=True)
class Expected:
    """What the plain reference says of one incident."""

    members: frozenset[str]
    revision: int
    active: int


def reference_incidents(events: list[AlarmEvent], topology: Topology) -> dict[str, Expected]:
    """Link every pair by brute force and take connected components; by id of the earliest member."""
    raises: dict[str, AlarmEvent] = {}
    clears: dict[str, set[int]] = {}
    changes: dict[str, set[int]] = {}
    for event in events:
        if event.kind is not EventKind.CLEAR:
            raises.setdefault(event.alarm_id, event)
        if event.kind is EventKind.CHANGE:
            changes.setdefault(event.alarm_id, set()).add(event.event_ms)
        if event.cleared_ms is not None:
            clears.setdefault(event.key, set()).add(event.cleared_ms)
    alarms = sorted(raises.values(), key=lambda event: (event.raised_ms, event.alarm_id))
    group = list(range(len(alarms)))
    for i, a in enumerate(alarms):
        for j, b in enumerate(alarms[:i]):
            near = a.managed_object == b.managed_object or b.managed_object in topology.neighbours(
                a.managed_object, a.raised_ms
            )
            close = abs(a.raised_ms - b.raised_ms) <= GAP_MS
            if near and close and GRAPH.related(a.problem, b.problem):
                group = [group[j] if other == group[i] else other for other in group]
    found: dict[str, Expected] = {}
    for label in set(group):
        members = [alarm for alarm, other in zip(alarms, group, strict=True) if other == label]
        ends = [
            min((at for at in clears.get(alarm.key, ()) if at >= alarm.raised_ms), default=None)
            for alarm in members
        ]
        facts = sum(1 + len(changes.get(alarm.alarm_id, ())) for alarm in members)
        facts += sum(end is not None for end in ends)
        found[f"inc-{members[0].alarm_id.rpartition('-')[2]}"] = Expected(
            frozenset(alarm.alarm_id for alarm in members), facts + 1, sum(end is None for end in ends)
        )
    return found
