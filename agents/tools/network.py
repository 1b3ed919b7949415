"""Tools over the topology as it was at an instant: a path, a neighbourhood. Does not know alarms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from agents.tools.arguments import BetweenObjects, NearObject
from agents.tools.found import Found, Neighbour, PathStep
from agents.tools.sources import Finding, Sources, counted, milliseconds
from telcollm.topology import Topology

MOST_HOPS = 8
_MOST_NEAR = 5_000


def find_path(sources: Sources, asked: BetweenObjects) -> Finding:
    """Return a shortest path between two objects, both ends included, each link valid at the instant."""
    network, at_ms = sources.network, milliseconds(asked.at)
    searched = f"paths of up to {MOST_HOPS} links from {asked.a} to {asked.b} as of {asked.at.isoformat()}"
    unknown = [name for name in (asked.a, asked.b) if not known(network, name)]
    if unknown:
        return Finding(Found[PathStep](), f"{searched}; the topology does not know {', '.join(unknown)}")
    path = network.path(asked.a, asked.b, at_ms, MOST_HOPS)
    if not network.holds_path(path, at_ms):
        return Finding(Found[PathStep](), searched)
    steps = [
        PathStep(name, kind_of(network, name), link_between(network, before, name) if before else "")
        for before, name in zip(("", *path), path, strict=False)
    ]
    return Finding(Found(items=tuple(steps)), searched)


def find_neighbours(sources: Sources, asked: NearObject) -> Finding:
    """Return the elements within so many links of one, the nearest first, then by name."""
    network = sources.network
    searched = f"elements within {asked.hops} links of {asked.object} as of {asked.at.isoformat()}"
    if not known(network, asked.object):
        return Finding(Found[Neighbour](), f"{searched}; the topology does not know {asked.object}")
    reached = around(network, (asked.object,), asked.at, asked.hops)
    items = [
        Neighbour(name, hops, kind_of(network, name), via, len(network.services(name)))
        for name, (hops, via) in reached.items()
        if hops
    ]
    counts = {"element_type": counted([item.element_type or "unknown" for item in items])}
    return Finding(Found(tuple(items), counts), searched, complete=len(reached) < _MOST_NEAR)


def around(
    network: Topology, objects: Iterable[str], at: datetime, hops: int, most: int = _MOST_NEAR
) -> dict[str, tuple[int, str]]:
    """Return what lies within `hops` links of the objects, themselves included: (links away, reached from).

    The nearest come first, then by name; at most `most`.
    """
    at_ms = milliseconds(at)
    found: dict[str, tuple[int, str]] = {name: (0, "") for name in objects}
    frontier = sorted(found)
    for distance in range(1, hops + 1):
        fresh: dict[str, str] = {}
        for name in frontier:
            for near in network.neighbours(name, at_ms):
                if near not in found:
                    fresh.setdefault(near, name)
        for name in sorted(fresh):
            if len(found) >= most:
                return found
            found[name] = (distance, fresh[name])
        frontier = sorted(fresh)
    return found


def known(network: Topology, name: str) -> bool:
    """Tell whether the topology has an element, or a link to one."""
    return name in network.elements or bool(network.all_neighbours(name))


def kind_of(network: Topology, name: str) -> str:
    """Return an element's type, empty where it is not known."""
    item = network.elements.get(name)
    return item.element_type if item else ""


def link_between(network: Topology, one: str, other: str) -> str:
    """Return the kind of the link between two neighbours, whichever of them declares it."""
    for source, target in ((one, other), (other, one)):
        item = network.elements.get(source)
        for link in item.links if item else ():
            if link.target == target:
                return link.kind
    return ""
