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
    WINDOW_VERSION,
    Hint,
    WindowFacts,
    render_window,
    write_candidates,
)
from telcollm.records import PROBABLE_CAUSES

NO_TEAM: Final = "no_action"
"""The team of a window that no fault is behind."""

Row = dict[str, object]

_GUARD: Final = Guard(b"simulated-operators-have-no-customers", remember=False)
_CAUSES: Final = tuple(sorted(PROBABLE_CAUSES.values()))
_ASIDE: Final = frozenset(("neighbour", "xn", "street"))
_SHORT: Final = ("_ratio", "_celsius", "_count")


class WindowWriter:
    """Writes windows of one simulation as rows."""

    def __init__(
        self, simulation: Simulation, *, version: str = WINDOW_VERSION, finder: HintFinder | None = None
    ) -> None:
        self._simulation = simulation
        self._version = version
        self._finder = finder or HintFinder(simulation)
        self._types = tuple(sorted(simulation.network.by_type))
        self._hangs_on: list[list[int]] = [[] for _ in simulation.network.elements]
        for one, other, kind in simulation.network.links:
            # That cells are neighbours on the air says nothing of what hangs on what.
            if kind not in _ASIDE:
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
        names = list(
            dict.fromkeys(
                (
                    *(group.managed_object for group in window.groups),
                    *(item.managed_object for item in window.candidates),
                )
            )
        )
        inside = {network.number_of[name] for name in names}
        links = [
            (name, network.elements[other].element_id)
            for name in names
            for other in self._hangs_on[network.number_of[name]]
            if other in inside
        ]
        kinds = {name: network.element(name).element_type for name in names}
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
        listed = write_candidates(facts, window.candidates, guard=_GUARD)
        fault = window.truth.fault
        texts = [text for _, text in listed]
        objects = [name for name, _ in listed]
        # The struck element where it is listed; else, by rank, another on which its cause is seen.
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
            **self.features(window, hints, facts),
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

    def features(self, window: Window, hints: Hints, facts: WindowFacts) -> Row:
        """Return counts for boosting, `f_*`: what the text says, X.733 causes in the place of wordings."""
        network = self._simulation.network
        groups = window.groups
        first_ms = groups[0].raised_ms
        by_cause: Counter[str] = Counter()
        by_type: dict[str, set[str]] = {}
        after: dict[str, float] = {}
        pairs: Counter[tuple[str, str]] = Counter()
        for group in groups:
            cause = facts.causes.get(group.problem, "")
            kind = facts.kinds[group.managed_object]
            by_cause[cause] += 1
            by_type.setdefault(kind, set()).add(group.managed_object)
            after.setdefault(kind, (group.raised_ms - first_ms) / 1000)
            pairs[kind, cause] += 1
        row: Row = {
            "f_alarms": window.alarm_count,
            "f_groups": len(groups),
            "f_objects": len({group.managed_object for group in groups}),
            "f_problems": len({group.problem for group in groups}),
            "f_span_s": window.last_s - window.first_s,
            "f_repeats": sum(group.repeats for group in groups) - len(groups),
            "f_severity": max(group.severity for group in groups),
            "f_sites": len({network.element(group.managed_object).site for group in groups}),
            "f_partner_site": int(hints.partner_site),
            "f_rain": int(hints.rain),
            "f_work": int(bool(hints.works)),
            "f_hour": int(window.first_s // 3600 % 24),
            "f_first_type": self._types.index(facts.kinds[groups[0].managed_object]),
        }
        for kind in self._types:
            row[f"f_type_{kind}"] = len(by_type.get(kind, ()))
            row[f"f_after_s_{kind}"] = after.get(kind, -1.0)
        for cause in _CAUSES:
            row[f"f_cause_{cause}"] = by_cause.get(cause, 0)
        deviations = {hint.kpi: hint for hint in hints.kpis}
        for kpi in NORMALS:
            hint = deviations.get(kpi)
            row[f"f_kpi_{kpi}"] = 0.0 if hint is None else max(-99.0, min(99.0, hint.deviation))
        for kind, cause in _SPOKEN:
            row[f"f_{kind}_{cause}"] = pairs.get((kind, cause), 0)
        return row


def _spoken() -> tuple[tuple[str, str], ...]:
    """Return the pairs of element type and X.733 cause that the catalogue can bring about."""
    from streams.simulator.background import _MAY_TELL
    from streams.simulator.symptom import SYMPTOMS

    return tuple(
        sorted(
            {
                (kind, SYMPTOMS[symptom].probable_cause)
                for kind, symptoms in _MAY_TELL.items()
                for symptom in symptoms
            }
        )
    )


_SPOKEN: Final[Sequence[tuple[str, str]]] = _spoken()


def written_hints(hints: Hints) -> Iterator[Hint]:
    """Yield hints as words: KPIs with their usual value, log lines, work, then what holds of the place."""
    for kpi in hints.kpis:
        name = kpi.kpi
        for unit in _SHORT:
            name = name.removesuffix(unit)
        many = f" ({kpi.objects})" if kpi.objects > 1 else ""
        yield Hint(
            kpi.managed_object,
            f"{name.replace('_', ' ')} {_number(kpi.value)} usual {_number(kpi.usual)}{many}",
        )
    for log in hints.logs:
        yield Hint(log.managed_object, f"log {log.text}")
    for work in hints.works:
        since = round(work.ended_before_min / 10) * 10
        when = f"ended {since} min before" if since > 0 else "going on"
        yield Hint(work.managed_object, f"work {work.description} {when}")
    if hints.partner_site:
        yield Hint("", "partner site")
    if hints.rain:
        yield Hint("", "heavy rain")


def _number(value: float) -> str:
    """Return a number in two or three digits.

    >>> _number(0.98765), _number(-112.7), _number(53.61)
    ('0.99', '-113', '54')
    """
    size = abs(value)
    if size >= 10:
        return f"{value:.0f}"
    return (
        f"{value:.1f}"
        if size >= 1
        else f"{value:.2f}"
        if size >= 0.01
        else f"{value:.4f}".rstrip("0").rstrip(".")
    )


def distinct_columns(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the f_* columns that hold more than one value: the others teach nothing."""
    if not rows:
        return []
    names = [name for name in rows[0] if name.startswith("f_")]
    return [name for name in names if len({row[name] for row in rows}) > 1]
