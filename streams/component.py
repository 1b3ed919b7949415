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
        return component_id_of(self.first[1])

    @property
    def revision(self) -> int:
        """How many facts it rests on, a complete window being one."""
        return self.facts + self.complete

    def add(self, alarm: AlarmState) -> None:
        """Take an alarm in."""
        first = (alarm.raised_ms, alarm.alarm_id)
        if first < self.first:
            self.first = first
        if alarm.raised_ms > self.last_ms:
            self.last_ms = alarm.raised_ms
        if not alarm.home:
            self.boundary = True
            return
        self.alarm_count += 1
        self.facts += alarm.facts
        self.active += alarm.cleared_ms is None
        self.severity = max(self.severity, alarm.severity)
        self.boundary = self.boundary or alarm.boundary
        self.append_ms = max(self.append_ms, alarm.append_ms)
        self.first_offset = min(self.first_offset, alarm.offset)
        self.last_offset = max(self.last_offset, alarm.offset)
        place = (alarm.managed_object, alarm.problem)
        group = MemberGroup(
            alarm_id=alarm.alarm_id,
            managed_object=alarm.managed_object,
            problem=alarm.problem,
            severity=alarm.severity,
            raised_ms=alarm.raised_ms,
            last_ms=alarm.raised_ms,
            repeats=1,
        )
        known = self.groups.get(place)
        self.groups[place] = group if known is None else _joined(known, group)

    def take_in(self, other: Component) -> None:
        """Take all of another component in; it points here from now on."""
        other.parent = self
        self.first = min(self.first, other.first)
        self.last_ms = max(self.last_ms, other.last_ms)
        self.alarm_count += other.alarm_count
        self.active += other.active
        self.facts += other.facts
        self.severity = max(self.severity, other.severity)
        self.boundary = self.boundary or other.boundary
        self.append_ms = max(self.append_ms, other.append_ms)
        self.first_offset = min(self.first_offset, other.first_offset)
        self.last_offset = max(self.last_offset, other.last_offset)
        for place, group in other.groups.items():
            known = self.groups.get(place)
            self.groups[place] = group if known is None else _joined(known, group)
        other.groups = {}

    def snapshot(self, superseded: tuple[str, str] | None = None) -> Snapshot:
        """Return it as it stands; `superseded` is (its old id, the id that replaces it)."""
        old_id, new_id = superseded or ("", "")
        groups: Iterable[MemberGroup] = self.groups.values()
        if len(self.groups) > MAX_GROUPS:
            groups = nsmallest(MAX_GROUPS, groups, key=group_order)
        elif len(self.groups) > 1:
            groups = sorted(groups, key=group_order)
        return Snapshot(
            component_id=old_id or self.component_id,
            partition=self.partition,
            tenant=self.tenant,
            region=self.region,
            mode=self.mode,
            revision=self.revision + bool(new_id),
            complete=self.complete,
            alarm_count=self.alarm_count,
            active=self.active,
            severity=self.severity,
            first_ms=self.first[0],
            last_ms=self.last_ms,
            groups=tuple(groups),
            boundary=self.boundary,
            append_ms=self.append_ms,
            first_offset=self.first_offset,
            last_offset=self.last_offset,
            superseded_by=new_id,
        )


def component_id_of(alarm_id: str) -> str:
    """Return the id of the component whose earliest alarm is `alarm_id`."""
    return f"inc-{alarm_id.rpartition('-')[2]}"


def group_order(group: MemberGroup) -> tuple[int, str]:
    """Return what groups are sorted by."""
    return (group.raised_ms, group.alarm_id)


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
