"""Planned work as the correlation asks for it: whether an object is being worked on at a time.

Does not know where planned work comes from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from telcollm.records import PlannedWork


class PlannedCalendar:
    """Answers whether an object is under planned work at an event time in ms."""

    def __init__(self, works: Sequence[PlannedWork]) -> None:
        self._spans: dict[str, list[tuple[int, int]]] = {}
        for work in works:
            span = (int(work.start_time.timestamp() * 1000), int(work.end_time.timestamp() * 1000))
            for name in work.managed_objects:
                self._spans.setdefault(name, []).append(span)
        for spans in self._spans.values():
            spans.sort()

    def __call__(self, managed_object: str, at_ms: int) -> bool:
        """Tell whether work on the object covers `at_ms`."""
        spans = self._spans.get(managed_object)
        if not spans:
            return False
        return any(end > at_ms for _, end in spans[: bisect_right(spans, (at_ms, 2**62))])
