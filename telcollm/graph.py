"""The cause graph: which types of alarm bring about which others, as one frozen record.

It deliberately does not know how a graph is learned (`streams.causes` does), nor how root causes are
ranked with it: it only answers look-ups, and is written to and read from JSON.
"""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec

from telcollm.errors import DecodeError, SettingsError

Provenance = Literal["learned", "prior", "expert"]
OperatingPoint = Literal["balanced", "precise"]
SCHEMA_VERSION = 1


class CauseEdge(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """One directed edge: an alarm of type `cause` brings about alarms of type `effect`.

    `weight` is a probability-like score in 0-1, comparable between edges and graphs. `lag_s` is the typical
    delay from cause to effect, at least 0; 0 also where nothing is known of it (an expert's edge).
    """

    cause: str
    effect: str
    weight: float
    lag_s: float = 0.0
    provenance: Provenance = "learned"


class LearnedFrom(msgspec.Struct, frozen=True):
    """What a graph was learned from: the record's name, the sha256 of its alarms, and the part taken."""

    name: str
    sha256: str = ""
    alarms: int = 0
    fraction: float = 1.0


class CauseGraph(msgspec.Struct, frozen=True, dict=True):
    """Alarm types and the weighted cause edges between them; every edge joins two different known types.

    `alarm_types` is sorted and without repeats. There is at most one edge per ordered pair, and edges are
    sorted by (cause, effect), so that equal graphs encode to equal bytes.
    """

    alarm_types: tuple[str, ...]
    edges: tuple[CauseEdge, ...]
    method: str
    learned_from: LearnedFrom
    operating_point: OperatingPoint = "balanced"
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        """Check the invariants named in the class docstring.

        Raises:
            DecodeError: a type is repeated or unsorted, or an edge is repeated, a loop, out of range, or
                names a type that is not listed.
        """
        if list(self.alarm_types) != sorted(set(self.alarm_types)):
            msg = (
                f"alarm_types={list(self.alarm_types)[:5]}... must be sorted and without repeats; "
                "build the graph with telcollm.graph.cause_graph"
            )
            raise DecodeError(msg, "alarm_types")
        if self.schema_version > SCHEMA_VERSION or self.schema_version < 1:
            msg = (
                f"schema_version={self.schema_version} must be 1 to {SCHEMA_VERSION}; "
                "upgrade telcollm, or learn the graph again with telcollm graph learn"
            )
            raise DecodeError(msg, "schema_version")
        known = set(self.alarm_types)
        previous: tuple[str, str] | None = None
        for place, edge in enumerate(self.edges):
            _check_edge(edge, place, known)
            pair = (edge.cause, edge.effect)
            if previous is not None and pair <= previous:
                msg = (
                    f"edges[{place}]={edge.cause}->{edge.effect} must come once and in order of "
                    "(cause, effect); build the graph with telcollm.graph.cause_graph"
                )
                raise DecodeError(msg, f"edges[{place}]")
            previous = pair

    @cached_property
    def _edge_of(self) -> dict[tuple[str, str], CauseEdge]:
        return {(edge.cause, edge.effect): edge for edge in self.edges}

    @cached_property
    def _effects(self) -> dict[str, tuple[CauseEdge, ...]]:
        found: dict[str, list[CauseEdge]] = {}
        for edge in self.edges:
            found.setdefault(edge.cause, []).append(edge)
        return {cause: _heaviest_first(edges) for cause, edges in found.items()}

    @cached_property
    def _causes(self) -> dict[str, tuple[CauseEdge, ...]]:
        found: dict[str, list[CauseEdge]] = {}
        for edge in self.edges:
            found.setdefault(edge.effect, []).append(edge)
        return {effect: _heaviest_first(edges) for effect, edges in found.items()}

    def edge(self, cause: str, effect: str) -> CauseEdge | None:
        """Return the edge from `cause` to `effect`, or None; types the graph never saw have no edges."""
        return self._edge_of.get((cause, effect))

    def weight(self, cause: str, effect: str) -> float:
        """Return the weight of the edge from `cause` to `effect` in 0-1; 0.0 where there is none."""
        found = self._edge_of.get((cause, effect))
        return 0.0 if found is None else found.weight

    def related(self, a: str, b: str) -> bool:
        """Return whether an edge joins `a` and `b` in either direction, or they are the same type."""
        return a == b or (a, b) in self._edge_of or (b, a) in self._edge_of

    def causes_of(self, effect: str) -> tuple[CauseEdge, ...]:
        """Return the edges that end in `effect`, heaviest first, ties by name of the cause."""
        return self._causes.get(effect, ())

    def effects_of(self, cause: str) -> tuple[CauseEdge, ...]:
        """Return the edges that start in `cause`, heaviest first, ties by name of the effect."""
        return self._effects.get(cause, ())

    def knows(self, alarm_type: str) -> bool:
        """Return whether `alarm_type` was in the history the graph was learned from."""
        return alarm_type in self._known

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.alarm_types)

    @cached_property
    def sha256(self) -> str:
        """The sha256 of the graph's canonical JSON: the id that decisions made with it can cite."""
        return hashlib.sha256(encode(self)).hexdigest()


def cause_graph(
    alarm_types: Any,
    edges: Any,
    *,
    method: str,
    learned_from: LearnedFrom,
    operating_point: OperatingPoint = "balanced",
) -> CauseGraph:
    """Return a graph with its types and edges put in canonical order; types named by edges are added.

    Args:
        alarm_types: an iterable of type names, in any order, repeats allowed.
        edges: an iterable of `CauseEdge`, in any order.
        method: how the edges were found, in words.
        learned_from: the data they were found in.
        operating_point: "balanced" or "precise".

    Raises:
        DecodeError: as for `CauseGraph`.

    >>> graph = cause_graph(["b", "a"], [CauseEdge("b", "a", 0.9)], method="expert",
    ...                     learned_from=LearnedFrom("none"))
    >>> graph.alarm_types, graph.weight("b", "a"), graph.weight("a", "b")
    (('a', 'b'), 0.9, 0.0)
    """
    ordered = tuple(sorted(edges, key=lambda edge: (edge.cause, edge.effect)))
    names = set(alarm_types)
    for edge in ordered:
        names.update((edge.cause, edge.effect))
    return CauseGraph(tuple(sorted(names)), ordered, method, learned_from, operating_point)


def encode(graph: CauseGraph) -> bytes:
    """Return the graph as one line of JSON (UTF-8); equal graphs give equal bytes."""
    return msgspec.json.encode(graph)


def decode(payload: bytes | str) -> CauseGraph:
    """Return the graph that `encode` wrote.

    Raises:
        DecodeError: the payload is not JSON, lacks a field, or breaks an invariant of `CauseGraph`.
    """
    try:
        return msgspec.json.decode(payload, type=CauseGraph)
    except DecodeError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # msgspec wraps what __post_init__ raises only for ValueError and TypeError.
        msg = (
            f"cause graph cannot be read: {error}; allowed is the JSON that `telcollm graph learn` writes; "
            "learn the graph again with it"
        )
        raise DecodeError(msg) from error


def save(graph: CauseGraph, path: str | os.PathLike[str]) -> None:
    """Write the graph to `path` as indented JSON, whole or not at all; parent folders are made.

    Raises:
        SettingsError: the file cannot be written there.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.format(encode(graph), indent=1) + b"\n")
            os.replace(temporary, target)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        msg = f"cause graph file {str(target)!r} cannot be written: {error.strerror}; name a writable path"
        raise SettingsError(msg) from error


def load(path: str | os.PathLike[str]) -> CauseGraph:
    """Return the graph written at `path`.

    Raises:
        SettingsError: the file cannot be opened.
        DecodeError: its content is not a cause graph.
    """
    source = Path(path)
    try:
        payload = source.read_bytes()
    except OSError as error:
        msg = (
            f"cause graph file {str(source)!r} cannot be read: {error.strerror}; "
            f"make one with telcollm graph learn --data DATA --out {source}"
        )
        raise SettingsError(msg) from error
    try:
        return decode(payload)
    except DecodeError as error:
        msg = f"{source}: {error}"
        raise DecodeError(msg, error.field) from error


def _heaviest_first(edges: list[CauseEdge]) -> tuple[CauseEdge, ...]:
    return tuple(sorted(edges, key=lambda edge: (-edge.weight, edge.cause, edge.effect)))


def _check_edge(edge: CauseEdge, place: int, known: set[str]) -> None:
    where = f"edges[{place}]"
    for name, value in (("cause", edge.cause), ("effect", edge.effect)):
        if value not in known:
            msg = f"{where}.{name}={value!r} must be among the {len(known)} alarm_types; add it there"
            raise DecodeError(msg, f"{where}.{name}")
    if edge.cause == edge.effect:
        msg = f"{where}={edge.cause!r}->{edge.effect!r} must join two different types; leave the edge out"
        raise DecodeError(msg, where)
    if not 0.0 <= edge.weight <= 1.0:
        msg = f"{where}.weight={edge.weight} must be a number from 0 to 1; scale the weight"
        raise DecodeError(msg, f"{where}.weight")
    if not (math.isfinite(edge.lag_s) and edge.lag_s >= 0.0):
        msg = f"{where}.lag_s={edge.lag_s} must be a finite number of seconds, at least 0; give 0 if unknown"
        raise DecodeError(msg, f"{where}.lag_s")
