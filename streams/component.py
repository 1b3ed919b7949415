"""Components: alarms of one partition that hang together, kept as counts and groups rather than lists.

Times are ms since the Unix epoch. Does not know why alarms hang together (`streams.correlation`).
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nsmallest

import msgspec

from telcollm.state import AlarmState, MemberGroup

MAX_GROUPS = 64
"""A snapshot holds at most this many groups, the earliest: more would fit no prompt."""


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """A component at one point of its partition's stream; `groups` in order of (raised_ms, alarm_id).

    `revision` counts the facts it rests on, one more when its window is complete, and one more when it was
    superseded, so that the same facts give the same revision whatever the batches were.
    """

    component_id: str
    partition: int
    tenant: str
    region: str
    mode: str
    revision: int
    complete: bool
    alarm_count: int
    active: int
    severity: int
    first_ms: int
    last_ms: int
    groups: tuple[MemberGroup, ...]
    boundary: bool
    append_ms: int
    first_offset: int
    last_offset: int
    superseded_by: str = ""


class Component:
    """A growing set of alarms. Copies from across a cut count only for who was first."""

    __slots__ = (
        "_component_id",
        "active",
        "alarm_count",
        "append_ms",
        "boundary",
        "complete",
        "facts",
        "first",
        "first_offset",
        "groups",
        "last_ms",
        "last_offset",
        "mode",
        "parent",
        "partition",
        "region",
        "severity",
        "tenant",
    )

    def __init__(self, alarm: AlarmState) -> None:
        self.parent: Component = self
        self.partition = alarm.partition
        self.tenant = alarm.tenant
        self.region = alarm.region
        self.mode = alarm.mode
        self.first = (alarm.raised_ms, alarm.alarm_id)
        self._component_id = ""
        self.last_ms = alarm.raised_ms
        self.alarm_count = 0
        self.active = 0
        self.facts = 0
        self.severity = 0
        self.complete = False
        self.boundary = False
        self.append_ms = 0
        self.first_offset = alarm.offset
        self.last_offset = alarm.offset
        self.groups: dict[tuple[str, str], MemberGroup] = {}
        self.add(alarm)

    @property
    def root(self) -> Component:
        """The component that has taken this one in, itself if none has."""
        node = self
        while node.parent is not node:
            node.parent = node.parent.parent
            node = node.parent
        return node

    @property
    def component_id(self) -> str:
        """The id, derived from the earliest alarm: what it is on, what it is, when it was raised."""
        if not self._component_id:
            self._component_id = component_id_of(self.first[1])
        return self._component_id

    @property
    def revision(self) -> int:
        """How many facts it rests on, a complete window being one."""
        return self.facts + self.complete

    def add(self, alarm: AlarmState) -> None:
        """Take an alarm in."""
        raised_ms = alarm.raised_ms
        if raised_ms <= self.first[0]:
            self._begin_at((raised_ms, alarm.alarm_id), alarm.region, alarm.mode)
        if raised_ms > self.last_ms:
            self.last_ms = raised_ms
        if not alarm.home:
            self.boundary = True
            return
        self.alarm_count += 1
        self.facts += alarm.facts
        # Comparisons rather than calls of max and min: this runs for every alarm.
        if alarm.cleared_ms is None:
            self.active += 1
        if alarm.severity > self.severity:
            self.severity = alarm.severity
        if alarm.boundary:
            self.boundary = True
        if alarm.append_ms > self.append_ms:
            self.append_ms = alarm.append_ms
        if alarm.offset < self.first_offset:
            self.first_offset = alarm.offset
        if alarm.offset > self.last_offset:
            self.last_offset = alarm.offset
        place = (alarm.managed_object, alarm.problem)
        known = self.groups.get(place)
        self.groups[place] = _group_of(alarm) if known is None else _grown(known, alarm)

    def revise(self, alarm: AlarmState, new_facts: int) -> None:
        """Take in that a member has changed: more facts, and a severity that may be worse."""
        self.facts += new_facts
        self.severity = max(self.severity, alarm.severity)
        place = (alarm.managed_object, alarm.problem)
        group = self.groups[place]
        if alarm.severity > group.severity:
            self.groups[place] = msgspec.structs.replace(group, severity=alarm.severity)

    def _begin_at(self, first: tuple[int, str], region: str, mode: str) -> None:
        """Take the earliest alarm's name, region and mode, so that none depends on the order of arrival."""
        if first < self.first:
            self.first, self._component_id = first, ""
            self.region, self.mode = region, mode

    def take_in(self, other: Component) -> None:
        """Take all of another component in; it points here from now on."""
        other.parent = self
        self._begin_at(other.first, other.region, other.mode)
        self.last_ms = max(self.last_ms, other.last_ms)
        self.alarm_count += other.alarm_count
        self.active += other.active
        self.facts += other.facts
        self.severity = max(self.severity, other.severity)
        self.boundary = self.boundary or other.boundary
        self.append_ms = max(self.append_ms, other.append_ms)
        self.first_offset = min(self.first_offset, other.first_offset)
        self.last_offset = max(self.last_offset, other.last_offset)
        join_groups(self.groups, other.groups.values())
        other.groups = {}

    def snapshot(self, superseded: tuple[str, str] | None = None) -> Snapshot:
        """Return it as it stands; `superseded` is (its old id, the id that replaces it)."""
        old_id, new_id = superseded or ("", "")
        groups: Iterable[MemberGroup] = self.groups.values()
        if len(self.groups) > MAX_GROUPS:
            groups = nsmallest(MAX_GROUPS, groups, key=group_order)
        elif len(self.groups) > 1:
            groups = sorted(groups, key=group_order)
        # By position, in the order of the fields: by name, msgspec takes five times as long.
        return Snapshot(
            old_id or self.component_id,
            self.partition,
            self.tenant,
            self.region,
            self.mode,
            self.facts + self.complete + bool(new_id),
            self.complete,
            self.alarm_count,
            self.active,
            self.severity,
            self.first[0],
            self.last_ms,
            tuple(groups),
            self.boundary,
            self.append_ms,
            self.first_offset,
            self.last_offset,
            new_id,
        )


def component_id_of(alarm_id: str) -> str:
    """Return the id of the component whose earliest alarm is `alarm_id`."""
    return f"inc-{alarm_id.rpartition('-')[2]}"


def group_order(group: MemberGroup) -> tuple[int, str]:
    """Return what groups are sorted by."""
    return (group.raised_ms, group.alarm_id)


def _group_of(alarm: AlarmState) -> MemberGroup:
    raised_ms = alarm.raised_ms
    return MemberGroup(
        alarm.alarm_id, alarm.managed_object, alarm.problem, alarm.severity, raised_ms, raised_ms, 1
    )


def _grown(group: MemberGroup, alarm: AlarmState) -> MemberGroup:
    """Return the group with one alarm more; the earliest names it."""
    raised_ms, alarm_id = alarm.raised_ms, alarm.alarm_id
    first_ms, first_id, last_ms, severity = group.raised_ms, group.alarm_id, group.last_ms, group.severity
    if (raised_ms, alarm_id) < (first_ms, first_id):
        first_ms, first_id = raised_ms, alarm_id
    return MemberGroup(
        first_id,
        group.managed_object,
        group.problem,
        severity if severity >= alarm.severity else alarm.severity,
        first_ms,
        last_ms if last_ms >= raised_ms else raised_ms,
        group.repeats + 1,
    )


def join_groups(
    groups: dict[tuple[str, str], MemberGroup], others: Iterable[MemberGroup]
) -> dict[tuple[str, str], MemberGroup]:
    """Return `groups`, by (object, problem), with others joined into them."""
    for group in others:
        place = (group.managed_object, group.problem)
        known = groups.get(place)
        groups[place] = group if known is None else _joined(known, group)
    return groups


def _joined(one: MemberGroup, other: MemberGroup) -> MemberGroup:
    early, late = (one, other) if group_order(one) <= group_order(other) else (other, one)
    return MemberGroup(
        alarm_id=early.alarm_id,
        managed_object=early.managed_object,
        problem=early.problem,
        severity=max(early.severity, late.severity),
        raised_ms=early.raised_ms,
        last_ms=max(early.last_ms, late.last_ms),
        repeats=early.repeats + late.repeats,
    )
