"""The topology as of an event time: who is next to whom, and by which path one reaches another.

Does not know how it is cut for partitions (`streams.cut`) or where elements are kept (`telcollm.store`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Final

from telcollm.records import TopologyElement

BESIDE: Final = frozenset(("place", "neighbour", "xn", "street"))
"""Kinds of links that tell who stands by whom, not what hangs on what."""

_EVER: Final = (-(2**62), 2**62)


def _interval_ms(start: datetime | None, end: datetime | None) -> tuple[int, int]:
    return (
        _EVER[0] if start is None else int(start.timestamp() * 1000),
        _EVER[1] if end is None else int(end.timestamp() * 1000),
    )


class Topology:
    """An undirected graph of elements whose links are valid in half-open intervals of event time."""

    def __init__(self, elements: Iterable[TopologyElement] = ()) -> None:
        """Build from elements; a link is there when both its ends and itself are valid."""
        self.elements: dict[str, TopologyElement] = {item.element_id: item for item in elements}
        self._always: dict[str, tuple[str, ...]] = {}
        self._bounded: dict[str, list[tuple[str, int, int]]] = {}
        self._beside: set[tuple[str, str]] = set()
        self._build()

    def __len__(self) -> int:
        return len(self.elements)

    def _build(self) -> None:
        lives = {name: _interval_ms(item.valid_from, item.valid_to) for name, item in self.elements.items()}
        always: dict[str, set[str]] = {name: set() for name in self.elements}
        carrying: set[tuple[str, str]] = set()
        for name, item in self.elements.items():
            for link in item.links:
                if link.target == name:
                    continue
                if link.kind in BESIDE:
                    self._beside |= {(name, link.target), (link.target, name)}
                else:
                    carrying |= {(name, link.target), (link.target, name)}
                spans = (
                    _interval_ms(link.valid_from, link.valid_to),
                    lives[name],
                    lives.get(link.target, _EVER),
                )
                start, end = max(s for s, _ in spans), min(e for _, e in spans)
                if (start, end) == _EVER:
                    always.setdefault(name, set()).add(link.target)
                    always.setdefault(link.target, set()).add(name)
                elif start < end:
                    self._bounded.setdefault(name, []).append((link.target, start, end))
                    self._bounded.setdefault(link.target, []).append((name, start, end))
        self._always = {name: tuple(sorted(near)) for name, near in always.items()}
        self._beside -= carrying

    def neighbours(self, element_id: str, at_ms: int) -> tuple[str, ...]:
        """Return the elements one link away at event time `at_ms`, sorted; none for an unknown element."""
        near = self._always.get(element_id, ())
        bounded = self._bounded.get(element_id)
        if not bounded:
            return near
        return tuple(sorted({*near, *(name for name, start, end in bounded if start <= at_ms < end)}))

    def carriers(self, element_id: str, at_ms: int) -> tuple[str, ...]:
        """Return the neighbours that the element hangs on or that hang on it, not those merely beside it."""
        near = self.neighbours(element_id, at_ms)
        return tuple(name for name in near if (element_id, name) not in self._beside)

    def all_neighbours(self, element_id: str) -> frozenset[str]:
        """Return the elements that were ever one link away."""
        bounded = self._bounded.get(element_id, ())
        return frozenset({*self._always.get(element_id, ()), *(name for name, _, _ in bounded)})

    def nodes(self) -> Iterator[str]:
        """Yield every element and every link's target once, sorted."""
        yield from sorted({*self._always, *self._bounded})

    def services(self, element_id: str) -> tuple[str, ...]:
        """Return the services riding on an element."""
        item = self.elements.get(element_id)
        return item.services if item else ()

    def path(self, source: str, target: str, at_ms: int, max_hops: int = 6) -> tuple[str, ...]:
        """Return a shortest path at `at_ms`, both ends included; empty when there is none in `max_hops`.

        Of several shortest paths the first in order of names is returned.
        """
        if source == target:
            return (source,)
        before: dict[str, str] = {source: source}
        frontier = deque([(source, 0)])
        while frontier:
            name, hops = frontier.popleft()
            if hops == max_hops:
                continue
            for near in self.neighbours(name, at_ms):
                if near in before:
                    continue
                before[near] = name
                if near == target:
                    steps = [near]
                    while steps[-1] != source:
                        steps.append(before[steps[-1]])
                    return tuple(reversed(steps))
                frontier.append((near, hops + 1))
        return ()

    def holds_path(self, path: tuple[str, ...], at_ms: int) -> bool:
        """Tell whether each step of `path` is a link that was valid at `at_ms`."""
        return bool(path) and all(after in self.neighbours(before, at_ms) for before, after in pairwise(path))
