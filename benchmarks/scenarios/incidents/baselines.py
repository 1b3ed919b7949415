"""Plain ways to name a root cause, on the same incidents: what a person at a desk might do without telcollm.

Deliberately does not know graphs, models or truth.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from telcollm.state import MemberGroup
from telcollm.topology import Topology

Pick = Callable[[Sequence[MemberGroup]], MemberGroup]
_CORE: Final = "core_router"
_FAR: Final = 10**6


def earliest(groups: Sequence[MemberGroup]) -> MemberGroup:
    """Return the group that was raised first."""
    return min(groups, key=lambda group: (group.raised_ms, group.alarm_id))


def severest(groups: Sequence[MemberGroup]) -> MemberGroup:
    """Return the most severe group, of these the earliest."""
    return min(groups, key=lambda group: (-group.severity, group.raised_ms, group.alarm_id))


def highest(hops: Mapping[str, int]) -> Pick:
    """Return what picks the group nearest the core of the network, of these the earliest."""

    def pick(groups: Sequence[MemberGroup]) -> MemberGroup:
        return min(
            groups,
            key=lambda group: (hops.get(group.managed_object, _FAR), group.raised_ms, group.alarm_id),
        )

    return pick


def hops_to_core(topology: Topology) -> dict[str, int]:
    """Return how many links lead from each element to the nearest core router; places are no links."""
    near: dict[str, set[str]] = {}
    for name, element in topology.elements.items():
        for link in element.links:
            if link.kind != "place":
                near.setdefault(name, set()).add(link.target)
                near.setdefault(link.target, set()).add(name)
    found = {name: 0 for name, element in topology.elements.items() if element.element_type == _CORE}
    waiting = deque(found)
    while waiting:
        name = waiting.popleft()
        for other in sorted(near.get(name, ())):
            if other not in found:
                found[other] = found[name] + 1
                waiting.append(other)
    return found
