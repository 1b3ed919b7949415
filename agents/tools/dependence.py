"""What goes down with an element: what rides on it, what it feeds, what is cut off from the core without it.

Links have no direction in a topology, so dependence is worked out: an element is cut off if it reaches the
core with another and cannot without it. A ring protects, a chain does not. Where no core is known, elements
that declare links to it hang on it. Does not know customers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from typing import Final, Literal, NamedTuple

from telcollm.topology import Topology

How = Literal["rides on it", "is fed by it", "is cut off with it", "hangs on it"]

FEEDING: Final = frozenset({"feeds", "powers"})
"""Kinds of link whose declaring end feeds the other: that goes down with it."""

HANGING: Final = frozenset({"radio", "fronthaul", "pon", "tunnel"})
"""Kinds of link whose declaring end hangs on the other, whatever other links it has."""

CARRYING: Final = frozenset({"carries"})
"""Kinds of link from a span or hop to the two ends of the link that it carries."""

BESIDE: Final = frozenset(
    {"neighbour", "xn", "feeder", "street", "watches", "tunnel", "signalling", *FEEDING, *CARRYING}
)
"""Kinds of link that carry no traffic of their own: neither way to the core leads over them."""

CORE: Final = frozenset({"core_router", "amf", "smf", "upf", "udm", "ims", "mme", "sgw", "pgw", "hss", "bng"})
"""Types of element that are the core."""

_MOST_CUT_OFF: Final = 20_000
_MOST_HANGING: Final = 3


class Reach(NamedTuple):
    """An element that goes down with another, and the way from that one to it."""

    element_id: str
    how: How
    path: tuple[str, ...]


def goes_down_with(network: Topology, name: str, at_ms: int) -> list[Reach]:
    """Return what goes down with an element at an instant, itself first, the nearest before the far.

    Each path leads over links that are valid then.
    """
    found = [Reach(name, "rides on it", (name,))]
    lost = {name}
    for one in found:
        for near, how in _at_once(network, one.element_id, at_ms):
            if near not in lost:
                lost.add(near)
                found.append(Reach(near, how, (*one.path, near)))
    carried = _carried(network, name, at_ms)
    starts = [
        (one.path, near) for one in found for near in _next(network, one.element_id, at_ms, lost, carried)
    ]
    starts += [((name,), end) for end in sorted({end for pair in carried for end in pair}) if end not in lost]
    reaches_core = is_core(network, name)
    seen: set[str] = set()
    for path, near in starts:
        if near in seen:
            continue
        region, free = _region(network, near, at_ms, lost, carried)
        if free:
            reaches_core = True
            continue
        seen.update(region)
        if len(region) <= _MOST_CUT_OFF:
            found += [Reach(one, "is cut off with it", (*path, *way)) for one, way in region.items()]
    if not reaches_core:
        # No core is to be seen with or without it: only what is declared can be gone by.
        found = [one for one in found if one.how != "is cut off with it"]
        found += _hanging(network, name, at_ms, {one.element_id for one in found})
    return found


def is_core(network: Topology, name: str) -> bool:
    """Tell whether an element is of the core, by its type."""
    item = network.elements.get(name)
    kind = item.element_type.casefold() if item else ""
    return kind in CORE or kind.startswith("core")


def _region(
    network: Topology, start: str, at_ms: int, lost: Collection[str], carried: Collection[frozenset[str]]
) -> tuple[dict[str, tuple[str, ...]], bool]:
    """Return what is reached from `start` without the lost, with the way to each; and whether the core is."""
    before: dict[str, str] = {start: ""}
    frontier = deque([start])
    while frontier:
        name = frontier.popleft()
        if is_core(network, name):
            return {}, True
        if len(before) > _MOST_CUT_OFF:
            break
        for near in _next(network, name, at_ms, lost, carried):
            if near not in before:
                before[near] = name
                frontier.append(near)
    ways: dict[str, tuple[str, ...]] = {}
    for name, origin in before.items():
        ways[name] = (*ways.get(origin, ()), name)
    return ways, False


def _next(
    network: Topology, name: str, at_ms: int, lost: Collection[str], carried: Collection[frozenset[str]]
) -> Iterator[str]:
    """Yield the neighbours that traffic reaches from an element."""
    for near in network.neighbours(name, at_ms):
        if near in lost or frozenset((name, near)) in carried:
            continue
        if any(kind not in BESIDE for kind in kinds_between(network, name, near)):
            yield near


def kinds_between(network: Topology, one: str, other: str) -> tuple[str, ...]:
    """Return the kinds of all links between two elements, whichever end declares them."""
    return tuple(
        link.kind
        for source, target in ((one, other), (other, one))
        if source in network.elements
        for link in network.elements[source].links
        if link.target == target
    )


def _declared(network: Topology, name: str, at_ms: int, kinds: Collection[str]) -> list[str]:
    item = network.elements.get(name)
    near = set(network.neighbours(name, at_ms))
    return (
        sorted({link.target for link in item.links if link.kind in kinds and link.target in near})
        if item
        else []
    )


def _at_once(network: Topology, name: str, at_ms: int) -> list[tuple[str, How]]:
    """Return what goes down at once with an element: what it feeds, and what hangs on it."""
    found: list[tuple[str, How]] = [
        (near, "is fed by it") for near in _declared(network, name, at_ms, FEEDING)
    ]
    for near in network.neighbours(name, at_ms):
        if name in _declared(network, near, at_ms, HANGING):
            found.append((near, "hangs on it"))
    return found


def _carried(network: Topology, name: str, at_ms: int) -> set[frozenset[str]]:
    """Return the link that goes with a span: the one between its two ends."""
    ends = _declared(network, name, at_ms, CARRYING)
    return {frozenset(ends)} if len(ends) == 2 else set()


def _hanging(network: Topology, name: str, at_ms: int, known: set[str]) -> list[Reach]:
    """Return the elements that declare links to it, and those to them, a few links far."""
    found: list[Reach] = []
    frontier: list[tuple[str, ...]] = [(name,)]
    seen = set(known)
    for _ in range(_MOST_HANGING):
        further: list[tuple[str, ...]] = []
        for path in frontier:
            for near in network.neighbours(path[-1], at_ms):
                item = network.elements.get(near)
                declares = item is not None and any(
                    link.target == path[-1] and link.kind not in BESIDE for link in item.links
                )
                if declares and near not in seen:
                    seen.add(near)
                    found.append(Reach(near, "hangs on it", (*path, near)))
                    further.append((*path, near))
        frontier = further
    return found
