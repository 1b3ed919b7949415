"""Incidents as the windows that deciders were trained on: their groups, types, links, causes and hints.

What is told of a window is put together here and nowhere else; its wording is `telcollm.prompts`'. Does not
know who is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agents.window_evidence import WindowEvidence
from telcollm.prompts import WindowFacts
from telcollm.state import Candidate, DiagnosisRequest
from telcollm.topology import Topology

_NEAR: Final = 60


class WindowReader:
    """Reads requests as windows. Without `evidence` there are neither causes nor hints."""

    def __init__(self, topology: Topology, evidence: WindowEvidence | None, max_candidates: int) -> None:
        self._topology = topology
        self._evidence = evidence
        self._max_candidates = max_candidates

    def shortlist(self, request: DiagnosisRequest) -> Sequence[Candidate]:
        """Return the candidates that a window brings: the likeliest of each object, so many objects."""
        first: dict[str, Candidate] = {}
        for item in request.candidates:
            first.setdefault(item.managed_object, item)
        return list(first.values())[: self._max_candidates]

    def read(self, requests: Sequence[DiagnosisRequest]) -> list[WindowFacts]:
        """Return what each request's window tells, in order.

        Raises:
            TransientError: the database did not answer.
        """
        near = [self._near(request) for request in requests]
        links = [self._links(request) for request in requests]
        kinds = {name: self._kind(name) for names in near for name in names}
        kinds.update((name, self._kind(name)) for pairs in links for _, name in pairs)
        if self._evidence is None:
            return [
                WindowFacts(request.groups, kinds, pairs)
                for request, pairs in zip(requests, links, strict=True)
            ]
        hints = self._evidence.hints(requests, near, kinds)
        return [
            WindowFacts(request.groups, kinds, pairs, told, self._evidence.causes(request))
            for request, pairs, told in zip(requests, links, hints, strict=True)
        ]

    def _kind(self, name: str) -> str:
        element = self._topology.elements.get(name)
        return (element.element_type if element else "") or "object"

    def _own(self, request: DiagnosisRequest) -> dict[str, None]:
        own = dict.fromkeys(group.managed_object for group in request.groups)
        own.update(dict.fromkeys(item.managed_object for item in self.shortlist(request)))
        return own

    def _near(self, request: DiagnosisRequest) -> list[str]:
        """Return members, candidates, and what is next to them, at most so many."""
        found = self._own(request)
        at_ms = request.groups[0].raised_ms if request.groups else 0
        for name in list(found):
            for other in self._topology.neighbours(name, at_ms):
                if len(found) >= _NEAR:
                    return list(found)
                found.setdefault(other)
        return list(found)

    def _links(self, request: DiagnosisRequest) -> list[tuple[str, str]]:
        """Return what members hang on or what hangs on them, whether it spoke or not."""
        at_ms = request.groups[0].raised_ms if request.groups else 0
        return [
            (name, other)
            for name in dict.fromkeys(group.managed_object for group in request.groups)
            for other in self._topology.carriers(name, at_ms)
        ]
