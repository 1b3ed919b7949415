"""What bears on a window beside its alarms: KPIs off their usual, rare log lines, work near by, the weather.

Everything is seen, nothing is truth, and nothing is later than the time at which the window is told. It
deliberately does not know how hints are written for a model.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.simulator.kpi import NORMALS
from streams.simulator.simulation import Simulation
from streams.simulator.windows import Window
from telcollm.prompts import line_shape

_NOISE_FLOOR: Final = 0.02
_NEIGHBOURS: Final = 60
_LOG_BEFORE_S: Final = 180.0
_WORK_AFTER_S: Final = 6 * 3600.0
_HABIT_PER_DAY: Final = 0.5


class KpiHint(NamedTuple):
    """A KPI far off its usual on an object; `deviation` in multiples of its noise, on `objects` alike."""

    managed_object: str
    kpi: str
    value: float
    usual: float
    deviation: float
    objects: int


class LogHint(NamedTuple):
    """A log line of an object, and how rare lines like it are (0: the commonest)."""

    managed_object: str
    text: str
    rarity: float


class WorkHint(NamedTuple):
    """Announced work at or next to a member: minutes since it ended, negative while it goes on."""

    managed_object: str
    description: str
    ended_before_min: float


@dataclass(frozen=True)
class Hints:
    """All that bears on one window. `partner_site`: the likeliest candidate's site is a third party's."""

    kpis: tuple[KpiHint, ...]
    logs: tuple[LogHint, ...]
    works: tuple[WorkHint, ...]
    partner_site: bool
    rain: bool


class HintFinder:
    """Finds what bears on windows of one simulation; keeps what it has read of KPIs and logs."""

    def __init__(
        self, simulation: Simulation, *, deviation: float = 6.0, kpis: int = 5, logs: int = 2
    ) -> None:
        """Take KPIs off their usual by `deviation` times their noise, at most `kpis` and `logs` a window."""
        self._simulation = simulation
        self._deviation = deviation
        self._kpis = kpis
        self._logs = logs
        self._log_times: dict[str, list[float]] = {}
        self._log_lines: dict[str, list[str]] = {}
        self._shapes: Counter[str] = Counter()
        self._habits: Counter[tuple[str, str]] = Counter()
        for line in simulation.logs:
            self._log_times.setdefault(line.element_id, []).append(line.logged_s)
            text = line.text.replace(line.element_id, "").strip()
            self._log_lines.setdefault(line.element_id, []).append(text)
            self._shapes[line_shape(text)] += 1
            self._habits[line.element_id, line_shape(text)] += 1
        self._works: dict[int, list[tuple[float, float, str]]] = {}
        for work in simulation.works:
            for number in work.elements:
                self._works.setdefault(number, []).append((work.start_s, work.end_s, work.description))
        self._deviations = lru_cache(maxsize=8192)(self._deviations_of)

    def find(self, window: Window) -> Hints:
        """Return what bears on the window."""
        network = self._simulation.network
        near = self._near(window)
        suspect = window.candidates[0].managed_object if window.candidates else ""
        site = network.element(suspect).site if suspect else -1
        region = network.elements[near[0]].region if near else ""
        return Hints(
            kpis=tuple(self._kpi_hints(window, near)),
            logs=tuple(self._log_hints(window, near)),
            works=tuple(self._work_hints(window)),
            partner_site=site >= 0 and network.sites[site].third_party,
            rain=any(
                rain.region == region and rain.start_s <= window.first_s < rain.end_s
                for rain in self._simulation.rains
            ),
        )

    def _near(self, window: Window) -> list[int]:
        """Return the members and what is next to them or at their sites, members first."""
        network = self._simulation.network
        found = dict.fromkeys(network.number_of[group.managed_object] for group in window.groups)
        found.update(
            dict.fromkeys(
                network.number_of[item.managed_object]
                for item in window.candidates
                if item.managed_object in network.number_of
            )
        )
        for number in list(found):
            for other in network.neighbours[number]:
                if len(found) >= _NEIGHBOURS:
                    return list(found)
                found.setdefault(other)
        return list(found)

    def _deviations_of(
        self, element_id: str, kpi: str
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return (values, usual, deviations) of a series, each `(samples,)`; 0 where a sample is missing."""
        usual = self._simulation.kpis.normal(element_id, kpi)
        values = self._simulation.kpis.series(element_id, kpi)
        normal = NORMALS[kpi]
        noise = (
            np.full_like(usual, normal.noise * normal.scale) if normal.scale else np.abs(usual) * normal.noise
        )
        floor = _NOISE_FLOOR * np.maximum(np.abs(usual), 1e-6) if not normal.scale else 1e-6
        deviations = np.nan_to_num((values - usual) / np.maximum(noise, floor))
        return values.astype(np.float32), usual.astype(np.float32), deviations.astype(np.float32)

    def _kpi_hints(self, window: Window, near: list[int]) -> list[KpiHint]:
        book, network = self._simulation.kpis, self._simulation.network
        begin = int(np.searchsorted(book.sampled_s, window.first_s, side="left"))
        end = int(np.searchsorted(book.sampled_s, window.told_s, side="right"))
        if begin >= end:
            return []
        strongest: dict[tuple[str, str], KpiHint] = {}
        for number in near:
            element = network.elements[number]
            for kpi in book.kpis_of(element.element_id):
                values, usual, deviations = self._deviations(element.element_id, kpi)
                place = begin + int(np.argmax(np.abs(deviations[begin:end])))
                deviation = float(deviations[place])
                if abs(deviation) < self._deviation:
                    continue
                key = element.element_type, kpi
                known = strongest.get(key)
                hint = KpiHint(
                    element.element_id, kpi, float(values[place]), float(usual[place]), deviation, 1
                )
                if known is None:
                    strongest[key] = hint
                else:
                    better = max(known, hint, key=lambda item: abs(item.deviation))
                    strongest[key] = better._replace(objects=known.objects + 1)
        return sorted(strongest.values(), key=lambda hint: (-abs(hint.deviation), hint.kpi))[: self._kpis]

    def _log_hints(self, window: Window, near: list[int]) -> list[LogHint]:
        network = self._simulation.network
        total = max(sum(self._shapes.values()), 1)
        best: dict[str, LogHint] = {}
        for number in near:
            name = network.elements[number].element_id
            times = self._log_times.get(name)
            if not times:
                continue
            begin = bisect_left(times, window.first_s - _LOG_BEFORE_S)
            for place in range(begin, bisect_right(times, window.told_s)):
                text = self._log_lines[name][place]
                shape = line_shape(text)
                # What an element says most days is no news of it.
                if self._habits[name, shape] > _HABIT_PER_DAY * self._simulation.plan.days + 2:
                    continue
                rarity = -float(np.log(self._shapes[shape] / total))
                if shape not in best:
                    best[shape] = LogHint(name, text, rarity)
        return sorted(best.values(), key=lambda hint: (-round(hint.rarity, 3), hint.text))[: self._logs]

    def _work_hints(self, window: Window) -> list[WorkHint]:
        """Return work on members and candidates themselves: somewhere near by there is always some."""
        elements, number_of = self._simulation.network.elements, self._simulation.network.number_of
        names = [group.managed_object for group in window.groups]
        names += [item.managed_object for item in window.candidates]
        found: dict[str, WorkHint] = {}
        for number in dict.fromkeys(number_of[name] for name in names):
            for start_s, end_s, words in self._works.get(number, ()):
                if start_s <= window.first_s <= end_s + _WORK_AFTER_S:
                    since = (window.first_s - end_s) / 60
                    found.setdefault(words, WorkHint(elements[number].element_id, words, since))
        return sorted(found.values(), key=lambda hint: (hint.ended_before_min, hint.description))[:2]
