"""Windows of a simulation: its alarms put together by the same correlation the worker uses, with their truth.

A window is a component whose window the watermark has passed. What is seen (groups, candidates) and what is
true (which fault, where) stand apart. It deliberately does not know how a window is written for a model, nor
KPIs and logs: `windows_hints` does.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from streams.component import Snapshot
from streams.correlation import Correlator
from streams.event import AlarmEvent, EventKind, to_ms
from streams.ranking import rank
from streams.simulator.fault import Fault
from streams.simulator.simulation import Simulation
from telcollm.errors import SettingsError
from telcollm.graph import CauseGraph
from telcollm.records import SEVERITY_RANK, Link, TopologyElement
from telcollm.state import Candidate, MemberGroup
from telcollm.topology import Topology

NO_FAULT = "no_fault"
"""The kind of a window that no fault is behind."""

NAMEABLE: Final = 8
"""How many members are listed as what a diagnosis may name: as many as the worker lists by default."""


@dataclass(frozen=True)
class WindowPlan:
    """How alarms become windows: `gap_s` links, `lateness_s` waits for late ones.

    The gap is wider than the worker's default, because simulated faults unfold over minutes. Windows of
    fewer than `groups` groups are left out: what one or two alarms say needs no reader. A problem that an
    object has told of `chronic_count` times within `chronic_s` is shelved until it has been quiet, as desks
    do with alarms that chatter.

    Source: ANSI/ISA-18.2 on chattering alarms and shelving.
    """

    gap_s: float = 120.0
    lateness_s: float = 600.0
    candidates: int = 7
    groups: int = 3
    chronic_count: int = 4
    chronic_s: float = 43_200.0

    def __post_init__(self) -> None:
        """Check what is asked for.

        Raises:
            SettingsError: a value is out of range.
        """
        if not 0 < self.gap_s <= 86_400 or self.lateness_s < 0 or not 2 <= self.candidates <= 24:
            message = (
                f"gap_s={self.gap_s}, lateness_s={self.lateness_s}, candidates={self.candidates}: a gap to "
                "86400, a lateness from 0 and 2 to 24 candidates are allowed; change the plan"
            )
            raise SettingsError(message)


@dataclass(frozen=True)
class WindowTruth:
    """What is behind a window: the fault of most of its alarms, and the kinds of all with a good part in it.

    `fault` is None where none is; `alarms` counts by fault id, "" for alarms without one. `combination` lists
    the kinds of faults with two alarms or more, sorted; the main one is always in it.
    """

    fault: Fault | None
    alarms: dict[str, int]
    combination: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The fault's kind, NO_FAULT for none."""
        return self.fault.kind if self.fault else NO_FAULT


@dataclass(frozen=True)
class Window:
    """One window. Times are seconds from the simulation's start, by the elements' clocks.

    `told_s` is when it is complete. `candidates` are members, likeliest first, each object once, then
    elements that said nothing (`problem` is empty) but lie between members or are named by them; hints are
    looked for near them. `nameable` are the members that a diagnosis may name, likeliest first, each object
    once.
    """

    window_id: str
    first_s: float
    last_s: float
    told_s: float
    alarm_count: int
    groups: tuple[MemberGroup, ...]
    candidates: tuple[Candidate, ...]
    nameable: tuple[Candidate, ...]
    alarms: tuple[int, ...]
    truth: WindowTruth


def linked_topology(simulation: Simulation) -> list[TopologyElement]:
    """Return the network as records, with what shares a place joined as well, by links of kind "place".

    Elements of one site share power, air and a backhaul; the ends of a span share the span. An inventory
    knows as much, and alarms of one fault turn up on elements that no cable joins.
    """
    network = simulation.network
    added: dict[int, set[int]] = {}
    for span in network.spans.values():
        added.setdefault(span.near, set()).add(span.far)
    sites: dict[int, list[int]] = {}
    for element in network.elements:
        if element.site >= 0:
            sites.setdefault(element.site, []).append(element.number)
    for numbers in sites.values():
        for place, number in enumerate(numbers):
            added.setdefault(number, set()).update(numbers[place + 1 :])
    found = []
    for element, record in zip(network.elements, simulation.topology(), strict=True):
        known = {link.target for link in record.links}
        more = sorted(network.elements[other].element_id for other in added.get(element.number, ()))
        links = (*record.links, *(Link(target=name, kind="place") for name in more if name not in known))
        found.append(msgspec.structs.replace(record, links=links))
    return found


def windows_of(
    simulation: Simulation, plan: WindowPlan | None = None, graph: CauseGraph | None = None
) -> list[Window]:
    """Return the windows in order of their first alarm; the same simulation and plan give the same.

    Alarms of objects under announced work stay out, as they do in the worker. Without a `graph` alarms are
    linked by place and time alone.
    """
    plan = plan or WindowPlan()
    topology = Topology(linked_topology(simulation))
    correlator = Correlator(
        0, gap_ms=int(plan.gap_s * 1000), graph=graph, topology=topology, planned=_planned(simulation)
    )
    told: dict[str, Snapshot] = {}
    origin_ms = to_ms(simulation.plan.origin)
    latest_ms = origin_ms
    for event in _events(simulation, plan, origin_ms):
        told.update(_complete(correlator.step(event)))
        latest_ms = max(latest_ms, event.event_ms)
        told.update(_complete(correlator.advance(latest_ms - int(plan.lateness_s * 1000))))
    told.update(_complete(correlator.finish()))
    members: dict[str, list[int]] = {}
    for alarm in correlator.take_delta().alarms.values():
        if alarm.component_id:
            members.setdefault(alarm.component_id, []).append(alarm.offset)
    found = []
    unheard = _Unheard(simulation)
    for component_id, snapshot in told.items():
        if len(snapshot.groups) < plan.groups:
            continue
        alarms = tuple(sorted(members.get(component_id, ())))
        first_s = (snapshot.first_ms - origin_ms) / 1000
        last_s = (snapshot.last_ms - origin_ms) / 1000
        ranked = _by_object(rank(snapshot.groups, graph, topology))
        silent = unheard.near(snapshot.groups, alarms)[: plan.candidates // 2]
        found.append(
            Window(
                window_id=component_id,
                first_s=first_s,
                last_s=last_s,
                told_s=last_s + plan.gap_s + plan.lateness_s,
                alarm_count=snapshot.alarm_count,
                groups=snapshot.groups,
                candidates=(*ranked[: plan.candidates - len(silent)], *silent),
                nameable=tuple(ranked[:NAMEABLE]),
                alarms=alarms,
                truth=truth_of(simulation, alarms),
            )
        )
    found.sort(key=lambda window: (window.first_s, window.window_id))
    return found


def truth_of(simulation: Simulation, alarms: Sequence[int]) -> WindowTruth:
    """Return what is behind alarms given by their places in `simulation.alarms`."""
    counts = Counter(simulation.truths[place].fault_id for place in alarms)
    faults = {name: count for name, count in counts.items() if name}
    if not faults:
        return WindowTruth(None, dict(counts), ())
    # Ties go to the fault that began first, so that equal evidence gives equal truth.
    main = min(faults, key=lambda name: (-faults[name], simulation.fault_of[name].started_s, name))
    kinds = {simulation.fault_of[name].kind for name, count in faults.items() if count >= 2 or name == main}
    return WindowTruth(simulation.fault_of[main], dict(counts), tuple(sorted(kinds)))


def _complete(snapshots: Sequence[Snapshot]) -> dict[str, Snapshot]:
    return {item.component_id: item for item in snapshots if item.complete and not item.superseded_by}


def _by_object(candidates: Sequence[Candidate]) -> list[Candidate]:
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.managed_object, candidate)
    return list(first.values())


class _Unheard:
    """Finds elements that raised nothing but that members hang on or speak of: spans, core functions."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._number_of = simulation.network.number_of

    def near(self, groups: Sequence[MemberGroup], alarms: Sequence[int]) -> list[Candidate]:
        """Return them, those that most members point to first."""
        network = self._simulation.network
        members = dict.fromkeys(group.managed_object for group in groups)
        pointed: Counter[str] = Counter()
        for name in members:
            for number in network.neighbours[self._number_of[name]]:
                pointed[network.elements[number].element_id] += 1
        # What only one member is next to is no suspect unless an alarm names it.
        suspects = Counter({name: count for name, count in pointed.items() if count > 1})
        for place in alarms[:200]:
            for word in self._simulation.alarms[place].additional_text.replace("=", " ").split():
                if word in self._number_of:
                    suspects[word] += 2
        ranked = sorted(
            (name for name in suspects if name not in members), key=lambda name: (-suspects[name], name)
        )
        return [Candidate(f"silent:{name}", name, "", 0.0, suspects[name]) for name in ranked]


def _events(simulation: Simulation, plan: WindowPlan, origin_ms: int) -> Iterator[AlarmEvent]:
    """Yield raises and clears in order of arrival, as a worker gets them; `offset` is the alarm's place."""
    arrivals = [(alarm.reported_s, number, False) for number, alarm in enumerate(simulation.alarms)]
    arrivals += [
        (alarm.clear_reported_s, number, True)
        for number, alarm in enumerate(simulation.alarms)
        if alarm.clear_reported_s is not None and alarm.cleared_s != alarm.raised_s
    ]
    arrivals.sort()
    tenant = simulation.plan.tenant
    told: dict[tuple[str, str], deque[float]] = {}
    for at_s, number, clear in arrivals:
        seen = simulation.alarms[number]
        shelved = False
        if not clear:
            before = told.setdefault(
                (seen.element_id, seen.specific_problem), deque(maxlen=plan.chronic_count)
            )
            shelved = len(before) == plan.chronic_count and before[0] >= at_s - plan.chronic_s
            before.append(at_s)
        raised_ms = origin_ms + round(seen.raised_s * 1000)
        cleared_ms = None
        if seen.cleared_s is not None and (clear or seen.cleared_s == seen.raised_s):
            cleared_ms = origin_ms + round(seen.cleared_s * 1000)
        yield AlarmEvent(
            EventKind.CLEAR if clear else EventKind.RAISE,
            seen.alarm_id,
            f"{seen.element_id}|{seen.alarm_type}|{seen.probable_cause}|{seen.specific_problem}",
            tenant,
            seen.region,
            seen.source_system_id,
            seen.element_id,
            seen.specific_problem,
            SEVERITY_RANK[seen.severity],
            cleared_ms if clear and cleared_ms is not None else raised_ms,
            raised_ms,
            cleared_ms,
            shelved,
            "replay",
            offset=number,
        )


class _Planned:
    """Whether an object is under announced work at a time; callable as correlation asks for it."""

    def __init__(self, simulation: Simulation) -> None:
        origin_ms = to_ms(simulation.plan.origin)
        self._spans: dict[str, list[tuple[int, int]]] = {}
        for work in simulation.works:
            span = origin_ms + int(work.start_s * 1000), origin_ms + int(work.end_s * 1000)
            for number in work.elements:
                self._spans.setdefault(simulation.network.elements[number].element_id, []).append(span)

    def __call__(self, managed_object: str, at_ms: int) -> bool:
        return any(start <= at_ms < end for start, end in self._spans.get(managed_object, ()))


def _planned(simulation: Simulation) -> _Planned:
    return _Planned(simulation)
