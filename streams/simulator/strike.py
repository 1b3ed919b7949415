"""Which faults strike what and when, and which works were announced.

It deliberately does not know what a fault makes elements say: `effects` draws that.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from streams.simulator.catalogue import FAULT_KINDS, PLANNED_OUTAGE
from streams.simulator.kind import FaultKind
from streams.simulator.plan import SimulationPlan
from streams.simulator.topology import Network

_DAY_S: Final = 86_400.0
_SHORTEST_S: Final = 120.0
_LONGEST_S: Final = 3 * _DAY_S
_APART_S: Final = 2_400.0
_HOURS: Final[dict[str, tuple[float, ...]]] = {
    "any": (1.0,) * 24,
    "day": (0.3,) * 6 + (0.7, 1.0, 1.3, 1.5, 1.6, 1.6, 1.6, 1.7, 1.7, 1.6, 1.4, 1.2, 1.0, 0.8) + (0.5,) * 4,
    "evening": (0.1,) * 7 + (0.4,) * 9 + (0.8, 1.2, 2.0, 3.0, 3.2, 2.6, 1.4, 0.4),
    "night": (1.5, 2.0, 2.2, 2.0, 1.2) + (0.03,) * 17 + (0.2, 1.0),
}


class Strike(NamedTuple):
    """One fault to come; times in seconds from the start, `joined` the ordinal of the one it joins or -1."""

    ordinal: int
    kind: FaultKind
    element: int
    started_s: float
    ended_s: float
    planned: bool
    after_work: bool
    joined: int
    rain: bool


class Work(NamedTuple):
    """Announced work: what it names, from when to when, and the words it is announced with."""

    elements: tuple[int, ...]
    start_s: float
    end_s: float
    description: str


class Rain(NamedTuple):
    """Heavy rain over a region for a while."""

    region: str
    start_s: float
    end_s: float


_WORDS: Final = (
    "software upgrade",
    "card exchange",
    "configuration change",
    "preventive maintenance",
    "capacity extension",
    "power maintenance",
)


def draw_rain(plan: SimulationPlan, regions: tuple[str, ...]) -> list[Rain]:
    """Return the heavy rains: about one every two days in each region, of some hours."""
    random = np.random.default_rng((plan.seed, 2))
    found = []
    for region in regions:
        at_s = float(random.exponential(0.6 * _DAY_S))
        while at_s < plan.duration_s:
            length_s = float(random.lognormal(np.log(2.5 * 3600), 0.6))
            found.append(Rain(region, at_s, at_s + length_s))
            at_s += length_s + float(random.exponential(1.8 * _DAY_S))
    return found


def draw_strikes(
    network: Network, plan: SimulationPlan, rains: list[Rain]
) -> tuple[list[Strike], list[Work]]:
    """Return the strikes in order of their start, and the works announced."""
    return _Drawing(network, plan, rains).strikes()


class _Drawing:
    """What is drawn so far, so that one element is not struck twice at a time."""

    def __init__(self, network: Network, plan: SimulationPlan, rains: list[Rain]) -> None:
        self._network = network
        self._plan = plan
        self._random = np.random.default_rng((plan.seed, 3))
        self._rains: dict[str, list[Rain]] = {}
        for rain in rains:
            self._rains.setdefault(rain.region, []).append(rain)
        self._busy: dict[int, list[tuple[float, float]]] = {}
        self._works: list[Work] = []
        self._found: list[tuple[FaultKind, int, float, float, bool, bool, int]] = []
        self._targets: dict[str, tuple[list[int], np.ndarray]] = {}
        weights = np.exp(self._random.normal(0.0, plan.element_skew, len(network)))
        for kind in FAULT_KINDS.values():
            targets = [number for name in kind.strikes for number in network.by_type.get(name, ())]
            share = weights[targets] if targets else np.zeros(0)
            self._targets[kind.name] = (targets, np.cumsum(share))

    def strikes(self) -> tuple[list[Strike], list[Work]]:
        plan = self._plan
        size = len(self._network) / 500.0
        kinds = [kind for kind in FAULT_KINDS.values() if kind.share and self._targets[kind.name][0]]
        shares = np.array([kind.share * plan.shares.get(kind.name, 1.0) for kind in kinds])
        wanted = int(self._random.poisson(plan.faults_per_day * plan.days * size)) if shares.sum() else 0
        chosen = self._random.choice(len(kinds), size=wanted, p=shares / max(shares.sum(), 1e-12))
        for place in chosen.tolist():
            self._one(kinds[place])
        works = int(self._random.poisson(plan.works_per_day * plan.days * size))
        if plan.shares.get(PLANNED_OUTAGE, 1.0):
            for _ in range(works):
                self._planned()
        order = sorted(range(len(self._found)), key=lambda place: (self._found[place][2], place))
        ordinal_of = {place: ordinal for ordinal, place in enumerate(order)}
        strikes = []
        for ordinal, place in enumerate(order):
            kind, element, start_s, end_s, planned, after_work, joined = self._found[place]
            rain = self._raining(element, start_s)
            strikes.append(
                Strike(
                    ordinal,
                    kind,
                    element,
                    start_s,
                    end_s,
                    planned,
                    after_work,
                    ordinal_of.get(joined, -1),
                    rain,
                )
            )
        return strikes, sorted(self._works, key=lambda work: (work.start_s, work.elements))

    def _element(self, kind: FaultKind) -> int:
        targets, mass = self._targets[kind.name]
        return targets[int(np.searchsorted(mass, self._random.random() * mass[-1], side="right"))]

    def _start(self, kind: FaultKind, element: int) -> float:
        if kind.hours == "rain":
            rains = self._rains.get(self._network.elements[element].region, [])
            if rains:
                rain = rains[int(self._random.integers(len(rains)))]
                return float(self._random.uniform(rain.start_s, rain.end_s))
        weights = np.array(_HOURS.get(kind.hours, _HOURS["any"]))
        hour = int(np.searchsorted(np.cumsum(weights), self._random.random() * weights.sum(), side="right"))
        day = int(self._random.integers(max(int(np.ceil(self._plan.days)), 1)))
        return day * _DAY_S + (hour + float(self._random.random())) * 3600.0

    def _length(self, kind: FaultKind) -> float:
        length_s = float(self._random.lognormal(np.log(kind.typical_s), kind.spread))
        return float(np.clip(length_s, _SHORTEST_S, _LONGEST_S))

    def _free(self, element: int, start_s: float, end_s: float) -> bool:
        site = self._network.elements[element].site
        if self._network.elements[element].district < 0:
            site = -1 - element
        busy = self._busy.setdefault(site, [])
        if any(start_s < late + _APART_S and early < end_s + _APART_S for early, late in busy):
            return False
        busy.append((start_s, end_s))
        return True

    def _one(self, kind: FaultKind) -> None:
        for _ in range(12):
            element = self._element(kind)
            start_s = self._start(kind, element)
            if start_s < self._plan.duration_s:
                length_s = self._length(kind)
                # Long faults leave room for others: what matters is the time when they speak.
                if self._free(element, start_s, start_s + min(length_s, 7200.0)):
                    break
        else:
            return
        after_work = bool(self._random.random() < kind.work_share)
        if after_work:
            self._work_before(element, start_s)
        place = len(self._found)
        self._found.append((kind, element, start_s, start_s + length_s, False, after_work, -1))
        if self._random.random() < self._plan.joined_ratio:
            self._join(place, element, start_s)

    def _join(self, place: int, element: int, start_s: float) -> None:
        """Add a second fault at the same site."""
        members = self._network.members[self._network.elements[element].site]
        kinds = [
            kind
            for kind in FAULT_KINDS.values()
            if kind.share * self._plan.shares.get(kind.name, 1.0)
            and kind.hours in ("any", "day")
            and kind is not self._found[place][0]
            and any(name in members for name in kind.strikes)
        ]
        if not kinds:
            return
        kind = kinds[int(self._random.integers(len(kinds)))]
        targets = [number for name in kind.strikes for number in members.get(name, ()) if number != element]
        if targets:
            at_s = start_s + float(self._random.uniform(0.0, 600.0))
            target = targets[int(self._random.integers(len(targets)))]
            self._found.append((kind, target, at_s, at_s + self._length(kind), False, False, place))

    def _work_before(self, element: int, start_s: float) -> None:
        end_s = start_s - float(self._random.uniform(60.0, 2700.0))
        begin_s = end_s - float(self._random.uniform(1800.0, 7200.0))
        if end_s <= 0:
            return
        if self._random.random() >= self._plan.unannounced_ratio:
            self._announce(element, begin_s, end_s)
        outage = FAULT_KINDS[PLANNED_OUTAGE]
        if self._network.elements[element].element_type in outage.strikes and self._random.random() < 0.5:
            self._found.append((outage, element, max(begin_s, 0.0), end_s, True, False, -1))

    def _announce(self, element: int, start_s: float, end_s: float) -> None:
        site = self._network.members[self._network.elements[element].site]
        named = [element]
        if self._network.elements[element].element_type == "site_router":
            named += [number for numbers in site.values() for number in numbers if number != element]
        words = _WORDS[int(self._random.integers(len(_WORDS)))]
        self._works.append(Work(tuple(named), start_s, end_s, words))

    def _planned(self) -> None:
        kind = FAULT_KINDS[PLANNED_OUTAGE]
        element = self._element(kind)
        start_s = self._start(kind, element)
        length_s = self._length(kind)
        if start_s >= self._plan.duration_s or not self._free(element, start_s, start_s + length_s):
            return
        if self._random.random() >= self._plan.unannounced_ratio:
            early_s, late_s = self._random.uniform(300.0, 2400.0, 2).tolist()
            self._announce(element, max(start_s - early_s, 0.0), start_s + length_s + late_s)
        self._found.append((kind, element, start_s, start_s + length_s, True, False, -1))

    def _raining(self, element: int, at_s: float) -> bool:
        rains = self._rains.get(self._network.elements[element].region, ())
        return any(rain.start_s <= at_s < rain.end_s for rain in rains)
