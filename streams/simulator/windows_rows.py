"""Windows as rows of a table: the text a model reads, features for boosting that say the same, and labels.

One row is one decision. Text and features are made of the same facts, so that neither is at an advantage. It
deliberately does not know which split a row is in, nor files.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from streams.simulator.kpi import NORMALS
from streams.simulator.simulation import Simulation
from streams.simulator.windows import NO_FAULT, Window
from streams.simulator.windows_hints import HintFinder, Hints
from telcollm.guard import Guard
from telcollm.prompts import (
    NONE_OF_THESE,
    NUMBER,
    WINDOW_VERSION,
    Hint,
    WindowFacts,
    kpi_hint,
    log_hint,
    number_of,
    place_hint,
    render_window,
    window_numbers,
    work_hint,
    write_candidates,
)
from telcollm.records import PROBABLE_CAUSES
from telcollm.topology import BESIDE

NO_TEAM: Final = "no_action"
"""The team of a window that no fault is behind."""

Row = dict[str, object]

_GUARD: Final = Guard(b"simulated-operators-have-no-customers", remember=False)
_CAUSES: Final = tuple(sorted(PROBABLE_CAUSES.values()))
_PARTNER: Final = "partner site"
_RAIN: Final = "heavy rain"


class WindowWriter:
    """Writes windows of one simulation as rows."""

    def __init__(
        self, simulation: Simulation, *, version: str = WINDOW_VERSION, finder: HintFinder | None = None
    ) -> None:
        self._simulation = simulation
        self._version = version
        self._finder = finder or HintFinder(simulation)
        self._columns = _columns(sorted(simulation.network.by_type))
        self._hangs_on: list[list[int]] = [[] for _ in simulation.network.elements]
        for one, other, kind in simulation.network.links:
            # That cells are neighbours on the air says nothing of what hangs on what.
            if kind not in BESIDE:
                self._hangs_on[one].append(other)
                self._hangs_on[other].append(one)
        self._cause_of: dict[tuple[str, str], str] = {}
        for alarm in simulation.alarms:
            self._cause_of.setdefault((alarm.element_type, alarm.specific_problem), alarm.probable_cause)

    def rows(self, windows: Iterable[Window]) -> Iterator[Row]:
        """Yield one row a window, in their order."""
        for window in windows:
            yield self.row(window)

    def facts(self, window: Window, hints: Hints) -> WindowFacts:
        """Return what a rendering is made of."""
        network = self._simulation.network
        names = list(dict.fromkeys(group.managed_object for group in window.groups))
        links = [
            (name, network.elements[other].element_id)
            for name in names
            for other in self._hangs_on[network.number_of[name]]
        ]
        known = dict.fromkeys((*names, *(item.managed_object for item in window.candidates)))
        known.update((other, None) for _, other in links)
        kinds = {name: network.element(name).element_type for name in known}
        beside = [item.managed_object for item in hints.kpis]
        beside += [item.managed_object for item in hints.logs] + [item.managed_object for item in hints.works]
        kinds.update((name, network.element(name).element_type) for name in beside)
        causes = {
            group.problem: self._cause_of.get((kinds[group.managed_object], group.problem), "")
            for group in window.groups
        }
        return WindowFacts(window.groups, kinds, links, tuple(written_hints(hints)), causes)

    def row(self, window: Window) -> Row:
        """Return the window's row: ids, text, candidates, features f_*, slices, and the labels last."""
        hints = self._finder.find(window)
        facts = self.facts(window, hints)
        listed = write_candidates(facts, window.nameable, guard=_GUARD)
        fault = window.truth.fault
        texts = [text for _, text in listed]
        objects = [name for name, _ in listed]
        # The struck element where it spoke; else, by rank, another on which its cause is seen.
        acceptable = (fault.element_id, *fault.root_element_ids) if fault else ()
        right = [name for name in objects if name in acceptable]
        root = right[0] if right else ""
        if fault and fault.element_id in objects:
            root = fault.element_id
        first = self._simulation.network.element(window.groups[0].managed_object)
        return {
            "window_id": window.window_id,
            "time": self._simulation.time(window.first_s),
            "text": render_window(facts, guard=_GUARD, version=self._version),
            "candidates": json.dumps([*texts, NONE_OF_THESE], ensure_ascii=False),
            **self.features(facts),
            "vendor": Counter(self._simulation.alarms[place].vendor for place in window.alarms).most_common(
                1
            )[0][0],
            "region": first.region,
            "combination": "+".join(window.truth.combination) or NO_FAULT,
            "fault_id": fault.fault_id if fault else "",
            "root_candidate": texts[objects.index(root)] if root in objects else NONE_OF_THESE,
            "fault_kind": window.truth.kind,
            "team": fault.team if fault else NO_TEAM,
        }

    def features(self, facts: WindowFacts) -> Row:
        """Return counts for boosting, `f_*`: what the text says, X.733 causes in the place of wordings."""
        numbers = window_numbers(facts)
        return {name: number_of(numbers, name) for name in self._columns}


def _columns(types: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of all numbers that a simulated window can show, in their order."""
    from streams.simulator.background import _MAY_TELL
    from streams.simulator.symptom import SYMPTOMS

    spoken = sorted(
        {
            (kind, SYMPTOMS[symptom].probable_cause)
            for kind, symptoms in _MAY_TELL.items()
            for symptom in symptoms
        }
    )
    places = [place_hint(text) for text in (_PARTNER, _RAIN)]
    about = (
        "alarms",
        "groups",
        "objects",
        "problems",
        "span_s",
        "repeats",
        "severity",
        "hour",
        "work",
        "logs",
    )
    return (
        *(f"{NUMBER}{name}" for name in about),
        *(f"{NUMBER}place_{hint.text.replace(' ', '_')}" for hint in places),
        *(f"{NUMBER}{what}_{kind}" for kind in types for what in ("type", "after_s")),
        *(f"{NUMBER}cause_{cause}" for cause in _CAUSES),
        *(f"{NUMBER}kpi_{kpi}" for kpi in NORMALS),
        *(f"{NUMBER}pair_{kind}_{cause}" for kind, cause in spoken),
    )


def written_hints(hints: Hints) -> Iterator[Hint]:
    """Yield hints as words: KPIs with their usual value, log lines, work, then what holds of the place."""
    for kpi in hints.kpis:
        yield kpi_hint(*kpi)
    for log in hints.logs:
        yield log_hint(log.managed_object, log.text)
    for work in hints.works:
        yield work_hint(*work)
    if hints.partner_site:
        yield place_hint(_PARTNER)
    if hints.rain:
        yield place_hint(_RAIN)


def distinct_columns(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the f_* columns that hold more than one value: the others teach nothing."""
    if not rows:
        return []
    names = [name for name in rows[0] if name.startswith("f_")]
    return [name for name in names if len({row[name] for row in rows}) > 1]
