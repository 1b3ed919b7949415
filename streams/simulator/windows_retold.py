"""The same windows told another way: in other vendors' words, or with alarms of one second in another order.

Which windows there are, what is in them and what is behind them stays as it was. It deliberately does not
know how a window is written for a model.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import msgspec

from streams.component import MAX_GROUPS, group_order, join_groups
from streams.event import to_ms
from streams.simulator.naming import VENDORS
from streams.simulator.simulation import Simulation
from streams.simulator.windows import Window
from telcollm.records import SEVERITY_RANK
from telcollm.state import MemberGroup

OTHER_DIALECT: Final[Mapping[str, str]] = MappingProxyType(
    {vendor: VENDORS[place - 1] for place, vendor in enumerate(VENDORS)}
)
"""Whose words stand in for each vendor's: every dialect is given away once and taken once."""


def retold(window: Window, simulation: Simulation) -> Window:
    """Return the window as `simulation` words it: the one it is from, or one that says the same otherwise.

    Two problems that another vendor words alike become one group, as they would in its network.
    """
    times_ms = [_raised_ms(simulation, place) for place in window.alarms]
    return _told(window, simulation, times_ms)


def reordered(window: Window, simulation: Simulation, *, seed: int = 0) -> Window:
    """Return the window with the alarms of each second in another order, drawn by seed and window.

    The alarms of a second exchange their times, so that the window begins and ends when it did.
    """
    chance = random.Random(f"{seed}:order:{window.window_id}")
    times_ms = [_raised_ms(simulation, place) for place in window.alarms]
    seconds: dict[int, list[int]] = {}
    for place, at_ms in enumerate(times_ms):
        seconds.setdefault(at_ms // 1000, []).append(place)
    for places in seconds.values():
        own = [times_ms[place] for place in places]
        chance.shuffle(own)
        for place, at_ms in zip(places, own, strict=True):
            times_ms[place] = at_ms
    return _told(window, simulation, times_ms)


def _told(window: Window, simulation: Simulation, times_ms: Sequence[int]) -> Window:
    groups: dict[tuple[str, str], MemberGroup] = {}
    problem_of: dict[str, str] = {}
    for place, at_ms in zip(window.alarms, times_ms, strict=True):
        seen = simulation.alarms[place]
        problem_of[seen.alarm_id] = seen.specific_problem
        severity = SEVERITY_RANK[seen.severity]
        alone = MemberGroup(seen.alarm_id, seen.element_id, seen.specific_problem, severity, at_ms, at_ms, 1)
        join_groups(groups, [alone])
    candidates = tuple(
        msgspec.structs.replace(item, problem=problem_of.get(item.alarm_id, item.problem))
        for item in window.candidates
    )
    ordered = tuple(sorted(groups.values(), key=group_order)[:MAX_GROUPS])
    return replace(window, groups=ordered, candidates=candidates)


def _raised_ms(simulation: Simulation, place: int) -> int:
    return to_ms(simulation.plan.origin) + round(simulation.alarms[place].raised_s * 1000)
