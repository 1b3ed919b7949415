"""The reference: windows and incidents computed the plainest way, which every contender must equal.

Times are ms since the Unix epoch. It deliberately shares no code with what it checks but the decoder and the
records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from benchmarks.load import GAP_MS, LATENESS_MS, Load
from telcollm.topology import Topology


@dataclass(frozen=True)
class Count:
    """How many windows (or incidents) there are and how many records (or alarms) they hold together."""

    windows: int
    alarms: int


@dataclass(frozen=True)
class Session:
    """One session window of one device: its first and last event time, and its number of records."""

    first_ms: int
    last_ms: int
    records: int


def sessions(load: Load) -> dict[bytes, list[Session]]:
    """Return the session windows of each device: neighbours in time are at most GAP_MS apart."""
    times: dict[bytes, list[int]] = defaultdict(list)
    for message in load.messages:
        times[message.key].append(message.event_ms)
    return {key: _sessions_of(sorted(found)) for key, found in times.items()}


def _sessions_of(times: list[int]) -> list[Session]:
    found: list[Session] = []
    for time_ms in times:
        if found and time_ms - found[-1].last_ms <= GAP_MS:
            found[-1] = Session(found[-1].first_ms, time_ms, found[-1].records + 1)
        else:
            found.append(Session(time_ms, time_ms, 1))
    return found


def all_sessions(load: Load) -> Count:
    """Return the count of all session windows."""
    return _count(item for found in sessions(load).values() for item in found)


def closed_by_key(load: Load) -> Count:
    """Return the count of the windows that a later record of the same device closes, as Quix Streams does."""
    closed: list[Session] = []
    for found in sessions(load).values():
        latest_ms = found[-1].last_ms
        closed += [item for item in found if item.last_ms + 1 <= latest_ms - 2 * GAP_MS - LATENESS_MS]
    return _count(closed)


def _count(found: Iterable[Session]) -> Count:
    items = list(found)
    return Count(len(items), sum(item.records for item in items))


def incidents(load: Load) -> Count:
    """Return how many incidents there are and how many alarms they hold: the connected components.

    Two alarms are linked when at most GAP_MS apart, on the same object or on neighbours, and of the same
    problem or of two that the cause graph joins; on one object also where the graph knows one of them not.
    """
    topology = Topology(load.topology)
    raises = {
        (message.key.decode(), *_raise_of(message.value)) for message in load.messages
    }  # a duplicate and a clear name the same raise
    alarms = sorted((raised_ms, name, problem) for name, problem, raised_ms in raises)
    parent = list(range(len(alarms)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    recent: dict[str, list[int]] = defaultdict(list)
    for place, (raised_ms, name, problem) in enumerate(alarms):
        for near in (name, *topology.neighbours(name, raised_ms)):
            for other in reversed(recent[near]):
                if raised_ms - alarms[other][0] > GAP_MS:
                    break
                if _joined(load, problem, alarms[other][2], near == name):
                    parent[root(place)] = root(other)
        recent[name].append(place)
    return Count(len({root(place) for place in parent}), len(alarms))


def _joined(load: Load, one: str, other: str, same_object: bool) -> bool:
    unknown = not (load.graph.knows(one) and load.graph.knows(other))
    return load.graph.related(one, other) or (same_object and unknown)


def _raise_of(value: bytes) -> tuple[str, int]:
    wire = msgspec.json.decode(value)
    raised = msgspec.convert(wire["alarmRaisedTime"], type=datetime)
    return wire["specificProblem"], round(raised.timestamp() * 1000)
