"""A window of alarms as numbers, for experts that read no text: the same facts that a rendering tells.

Names are open: each element type, X.733 cause and KPI has columns of its own, and what a window does not
show is left out. Does not know which of them a decider was fitted on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from telcollm.prompts.window import WindowFacts

NUMBER: Final = "f_"
"""What the name of every column of a window's numbers begins with."""

_AFTER: Final = f"{NUMBER}after_s_"
_MOST_DEVIATION: Final = 99.0
_SIGNS: Final = re.compile(r"\W+")


def window_numbers(facts: WindowFacts) -> dict[str, float]:
    """Return the numbers of a window by column; times in whole seconds after the first raise.

    `f_type_T` counts objects of a type, `f_after_s_T` tells when the first of them raised; `f_cause_C` and
    `f_pair_T_C` count problems by X.733 cause; `f_kpi_K` is a deviation in multiples of noise, at most 99.

    >>> from telcollm.state import MemberGroup
    >>> group = MemberGroup("a", "r-1", "LINK DOWN", 5, 0, 2000, 3)
    >>> facts = WindowFacts([group], {"r-1": "router"}, causes={"LINK DOWN": "lossOfSignal"})
    >>> numbers = window_numbers(facts)
    >>> numbers["f_alarms"], numbers["f_span_s"], numbers["f_pair_router_lossOfSignal"]
    (3.0, 2.0, 1.0)
    """
    groups = facts.groups
    if not groups:
        return {}
    first_ms = groups[0].raised_ms
    counted: Counter[str] = Counter()
    by_type: dict[str, set[str]] = {}
    after: dict[str, float] = {}
    for group in groups:
        kind = _name(facts.kinds.get(group.managed_object, ""))
        by_type.setdefault(kind, set()).add(group.managed_object)
        after.setdefault(kind, float((group.raised_ms - first_ms) // 1000))
        if cause := _name(facts.causes.get(group.problem, "")):
            counted[f"{NUMBER}cause_{cause}"] += 1
            counted[f"{NUMBER}pair_{kind}_{cause}"] += 1
    numbers = {
        "alarms": sum(group.repeats for group in groups),
        "groups": len(groups),
        "objects": len({group.managed_object for group in groups}),
        "problems": len({group.problem for group in groups}),
        "span_s": (max(group.last_ms for group in groups) - first_ms) // 1000,
        "repeats": sum(group.repeats for group in groups) - len(groups),
        "severity": max(group.severity for group in groups),
        "hour": first_ms // 3_600_000 % 24,
        "work": int(any(hint.kind == "work" for hint in facts.hints)),
        "logs": sum(hint.kind == "log" for hint in facts.hints),
    }
    found = {f"{NUMBER}{name}": float(value) for name, value in numbers.items()}
    found.update((name, float(count)) for name, count in counted.items())
    for kind, names in by_type.items():
        found[f"{NUMBER}type_{kind}"] = float(len(names))
        found[f"{_AFTER}{kind}"] = after[kind]
    for hint in facts.hints:
        if hint.kind == "kpi":
            away = max(-_MOST_DEVIATION, min(_MOST_DEVIATION, hint.deviation))
            column = f"{NUMBER}kpi_{_name(hint.kpi)}"
            found[column] = max(found.get(column, 0.0), away, key=abs)
        elif hint.kind == "place":
            found[f"{NUMBER}place_{_name(hint.text)}"] = 1.0
    return found


def number_of(numbers: Mapping[str, float], column: str) -> float:
    """Return a column of a window's numbers; one that the window does not show is 0, a time of none -1."""
    return numbers.get(column, -1.0 if column.startswith(_AFTER) else 0.0)


def _name(text: str) -> str:
    return _SIGNS.sub("_", text).strip("_")
