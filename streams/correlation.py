"""Correlation: which alarms of a partition belong together, as a pure function of the set of its events.

Two alarms are linked when they are close in event time, on the same object or on neighbours in the topology
as of that time, and their problems are the same or joined in the cause graph. Incidents are the connected
components of these links, so shuffled or repeated input within the allowed lateness gives the same ones.
Does not know Kafka, the store or any model.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from streams.component import Component, Snapshot, component_id_of
from streams.event import AlarmEvent
from streams.life import AlarmLife, LiveAlarm
from telcollm.state import ComponentState, Suppression

_NOT_SUPPRESSED = Suppression.NONE
_NEVER_MS = 2**62


class Relation(Protocol):
    """What correlation asks of a cause graph."""

    def related(self, a: str, b: str) -> bool:
        """Tell whether the problems are the same or joined by an edge."""
        ...

    def knows(self, alarm_type: str) -> bool:
        """Tell whether the problem was in the history the graph was learned from."""
        ...


class Neighbourhood(Protocol):
    """What correlation asks of a topology."""

    def neighbours(self, element_id: str, at_ms: int) -> tuple[str, ...]:
        """Return the elements one link away at event time `at_ms`."""
        ...


class _Lane:
    """The alarms of one problem on one object that can still link, in order of raise."""

    __slots__ = ("alarms", "times")

    def __init__(self) -> None:
        self.times: list[int] = []
        self.alarms: list[LiveAlarm] = []

    def insert(self, alarm: LiveAlarm) -> None:
        raised_ms = alarm.raised_ms
        if not self.times or self.times[-1] <= raised_ms:
            self.times.append(raised_ms)
            self.alarms.append(alarm)
            return
        place = bisect_left(self.times, raised_ms)
        self.times.insert(place, raised_ms)
        self.alarms.insert(place, alarm)

    def discard(self, alarm: LiveAlarm) -> None:
        place = bisect_left(self.times, alarm.raised_ms)
        while place < len(self.times) and self.times[place] == alarm.raised_ms:
            if self.alarms[place] is alarm:
                del self.times[place]
                del self.alarms[place]
                return
            place += 1


class Delta:
    """What has changed since the last commit: rows to write, in no order that matters."""

    def __init__(self) -> None:
        self.alarms: dict[str, LiveAlarm] = {}
        self.too_late: list[LiveAlarm] = []
        self.orphan_clears: list[tuple[str, int]] = []
        self.components: dict[int, Component] = {}
        self.merged: dict[str, str] = {}
        self.late_count = 0
        self.raised = 0
        self.completed = 0


class Correlator:
    """The windows and components of one partition: feed it events and watermarks, take what is to be told."""

    def __init__(
        self,
        partition: int,
        *,
        gap_ms: int,
        graph: Relation | None,
        topology: Neighbourhood,
        planned: Callable[[str, int], bool] | None = None,
    ) -> None:
        self.partition = partition
        self.life = AlarmLife(partition, planned) if planned else AlarmLife(partition)
        self.watermark_ms = -(2**62)
        self._gap_ms = gap_ms
        self._graph = graph
        self._topology = topology
        self._lanes: dict[str, dict[str, dict[str, _Lane]]] = {}
        self._relations: dict[tuple[str, str], bool] = {}
        self._expiry: list[tuple[int, int, LiveAlarm]] = []
        self._windows: list[tuple[int, str, int, Component]] = []
        self._pushes = count()
        self.components: set[Component] = set()
        self.delta = Delta()

    def step(self, event: AlarmEvent) -> list[Snapshot]:
        """Return what is to be told after the event: components that opened, doubled, merged or resolved."""
        outcome = self.life.apply(event, self.watermark_ms)
        told: list[Snapshot] = []
        delta = self.delta
        alarm = outcome.raised
        if alarm is not None:
            delta.alarms[alarm.alarm_id] = alarm
            delta.raised += alarm.home
            if alarm.suppressed is _NOT_SUPPRESSED:
                self._place(alarm, told)
            else:
                self._will_expire(alarm)
        # One event may do both to an alarm: what its clear has counted, its change must not count again.
        for alarm in outcome.cleared:
            delta.alarms[alarm.alarm_id] = alarm
            self._settle(alarm, told)
        for alarm in outcome.changed:
            delta.alarms[alarm.alarm_id] = alarm
            self._revise(alarm, told)
        if outcome.orphan_clear is not None:
            delta.orphan_clears.append(outcome.orphan_clear)
        if outcome.too_late is not None:
            delta.too_late.append(outcome.too_late)
            delta.late_count += 1
        return told

    def advance(self, watermark_ms: int) -> list[Snapshot]:
        """Return the components whose windows the watermark has passed, in order of their last raise."""
        if watermark_ms <= self.watermark_ms:
            return []
        self.watermark_ms = watermark_ms
        told = self._close(watermark_ms)
        self._expire(watermark_ms - self._gap_ms)
        self.life.expire_clears(watermark_ms)
        return told

    def finish(self) -> list[Snapshot]:
        """Return every component whose window is open, taken as complete; the watermark stays where it is."""
        return self._close(_NEVER_MS)

    def _close(self, before_ms: int) -> list[Snapshot]:
        """Complete the windows that end before `before_ms`."""
        completed: list[Component] = []
        windows = self._windows
        while windows and windows[0][0] + self._gap_ms < before_ms:
            last_ms, _, _, component = heappop(windows)
            if component.parent is not component or component.complete:
                continue
            if component.last_ms > last_ms:
                self._push(component)
                continue
            component.complete = True
            completed.append(component)
            self._touch(component)
            if component.active == 0:
                self.components.discard(component)
        # A restart pushes windows anew, so their order in the heap must not tell.
        own = [component for component in completed if component.alarm_count]
        self.delta.completed += len(own)
        return [
            component.snapshot() for component in sorted(own, key=lambda item: (item.last_ms, item.first[1]))
        ]

    def _will_expire(self, alarm: LiveAlarm) -> None:
        heappush(self._expiry, (alarm.raised_ms, next(self._pushes), alarm))

    def _push(self, component: Component) -> None:
        heappush(self._windows, (component.last_ms, component.first[1], next(self._pushes), component))

    def _touch(self, component: Component) -> None:
        self.delta.components[id(component)] = component

    def _place(self, alarm: LiveAlarm, told: list[Snapshot]) -> None:
        """Link a new alarm to what it belongs with, merging components where it bridges them."""
        found: list[Component] = []
        told_before = len(told)
        raised_ms, name = alarm.raised_ms, alarm.managed_object
        places = self._lanes.setdefault(alarm.tenant, {})
        lanes = places.get(name)
        if lanes is None:
            lanes = places[name] = {}
        else:
            self._search(lanes, alarm, True, found)
        for near in self._topology.neighbours(name, raised_ms):
            near_lanes = places.get(near)
            if near_lanes:
                self._search(near_lanes, alarm, False, found)
        lane = lanes.get(alarm.problem)
        if lane is None:
            lane = lanes[alarm.problem] = _Lane()
        lane.insert(alarm)
        alarm.indexed = True
        self._will_expire(alarm)
        if not found:
            component = Component(alarm)
            self.components.add(component)
            self._push(component)
        else:
            component = self._join(alarm, found, told)
        alarm.component = component
        alarm.counted = alarm.facts
        self._touch(component)
        doubled = alarm.home and component.alarm_count & (component.alarm_count - 1) == 0
        if doubled or len(told) > told_before:
            told.append(component.snapshot())

    def _search(
        self, lanes: dict[str, _Lane], alarm: LiveAlarm, same_object: bool, found: list[Component]
    ) -> None:
        """Add the components of the nearest related alarms before and after `alarm` on one object.

        The nearest are enough: alarms of one problem on one object within the gap are linked themselves.
        """
        raised_ms, gap_ms, problem = alarm.raised_ms, self._gap_ms, alarm.problem
        for other, lane in lanes.items():
            times = lane.times
            if not times or times[-1] < raised_ms - gap_ms:
                continue
            if other != problem and not self._related(problem, other, same_object):
                continue
            place = len(times) if times[-1] <= raised_ms else bisect_left(times, raised_ms)
            if place and raised_ms - times[place - 1] <= gap_ms:
                root = lane.alarms[place - 1].component.root
                if root not in found:
                    found.append(root)
            if place < len(times) and times[place] - raised_ms <= gap_ms:
                root = lane.alarms[place].component.root
                if root not in found:
                    found.append(root)

    def _related(self, a: str, b: str, same_object: bool) -> bool:
        graph = self._graph
        if graph is None:
            return True
        known = self._relations.get((a, b))
        if known is None:
            known = graph.related(a, b)
            self._relations[(a, b)] = known
        return known or (same_object and not (graph.knows(a) and graph.knows(b)))

    def _join(self, alarm: LiveAlarm, found: list[Component], told: list[Snapshot]) -> Component:
        """Put the alarm into the earliest of the components found; the others are superseded."""
        if len(found) == 1 and (alarm.raised_ms, alarm.alarm_id) > found[0].first:
            found[0].add(alarm)
            return found[0]
        before = [(component.component_id, component.alarm_count > 0) for component in found]
        largest = max(found, key=lambda component: len(component.groups))
        losers = [component for component in found if component is not largest]
        snapshots = {component.component_id: component for component in found}
        winner_first = min((alarm.raised_ms, alarm.alarm_id), *(component.first for component in found))
        winner_id = component_id_of(winner_first[1])
        for old_id, announced in before:
            if old_id != winner_id:
                self.delta.merged[old_id] = winner_id
                if announced:
                    told.append(snapshots[old_id].snapshot(superseded=(old_id, winner_id)))
        for component in losers:
            largest.take_in(component)
            self.components.discard(component)
            self.delta.components.pop(id(component), None)
        largest.add(alarm)
        return largest

    def _revise(self, alarm: LiveAlarm, told: list[Snapshot]) -> None:
        """Take a change of an alarm in: one more fact, a worse severity, or its coming off the shelf."""
        if alarm.component is None:
            if alarm.suppressed is _NOT_SUPPRESSED and not alarm.indexed:
                self._place(alarm, told)
            return
        component = alarm.component.root
        if alarm.home:
            worse = alarm.severity > component.severity and alarm.facts > alarm.counted
            component.revise(alarm, alarm.facts - alarm.counted)
            alarm.counted = alarm.facts
            if worse:
                told.append(component.snapshot())
        self._touch(component)

    def _settle(self, alarm: LiveAlarm, told: list[Snapshot]) -> None:
        """Take a clear in; the last clear of a complete component resolves it."""
        if alarm.component is not None:
            component = alarm.component.root
            if alarm.home:
                new_facts = alarm.facts - alarm.counted
                if new_facts == 1:
                    component.facts += 1
                else:
                    component.revise(alarm, new_facts)
                component.active -= 1
                alarm.counted = alarm.facts
            self._touch(component)
            if component.complete and component.active == 0 and alarm.home:
                self.components.discard(component)
                told.append(component.snapshot())
        if not alarm.indexed and alarm.raised_ms < self.watermark_ms - self._gap_ms:
            self.life.forget(alarm)

    def _expire(self, before_ms: int) -> None:
        """Take alarms that can link no more out of the index, and out of memory once they have cleared."""
        queue = self._expiry
        while queue and queue[0][0] < before_ms:
            alarm = heappop(queue)[2]
            if alarm.indexed:
                places = self._lanes[alarm.tenant]
                lanes = places.get(alarm.managed_object)
                lane = lanes.get(alarm.problem) if lanes else None
                if lanes and lane:
                    lane.discard(alarm)
                    if not lane.times:
                        del lanes[alarm.problem]
                        if not lanes:
                            del places[alarm.managed_object]
                alarm.indexed = False
            if alarm.cleared_ms is not None:
                self.life.forget(alarm)

    def take_delta(self) -> Delta:
        """Return what has changed since the last call, component ids brought up to date."""
        delta, self.delta = self.delta, Delta()
        for alarm in delta.alarms.values():
            if alarm.component is not None:
                alarm.component_id = alarm.component.root.component_id
        return delta

    def restore(self, alarms: Iterable[LiveAlarm], states: Iterable[ComponentState]) -> None:
        """Take back what the store holds of the partition, the watermark being set already."""
        complete = {state.component_id for state in states if state.complete}
        groups: dict[str, Component] = {}
        kept: list[LiveAlarm] = []
        before_ms = self.watermark_ms - self._gap_ms
        for alarm in sorted(alarms, key=lambda item: (item.raised_ms, item.alarm_id)):
            if alarm.suppressed is Suppression.TOO_LATE:
                continue  # it stayed out of memory before, too
            alarm.counted = alarm.facts
            if alarm.component_id:
                component = groups.get(alarm.component_id)
                if component is None:
                    component = groups[alarm.component_id] = Component(alarm)
                else:
                    component.add(alarm)
                alarm.component = component
            if alarm.raised_ms >= before_ms:
                self._will_expire(alarm)
                if alarm.component is not None:
                    places = self._lanes.setdefault(alarm.tenant, {})
                    lane = places.setdefault(alarm.managed_object, {}).setdefault(alarm.problem, _Lane())
                    lane.insert(alarm)
                    alarm.indexed = True
            elif alarm.cleared_ms is not None:
                continue
            kept.append(alarm)
        self.life.restore(kept, self.watermark_ms)
        for component_id, component in groups.items():
            component.complete = component_id in complete
            if not component.complete:
                self._push(component)
            if not component.complete or component.active:
                self.components.add(component)
