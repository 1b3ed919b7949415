"""Conditions of scripts and rules: which values each trait of a case may have.

Every trait has few values, all named here, so that whether two conditions can hold together, or one hides
another, is decided and not guessed. Does not know how a trait comes by its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agents.care.located import Located, Path_, texts_of

_KNOWN: Final = ("yes", "no", "unknown")

TRAITS: Final[Mapping[str, tuple[str, ...]]] = {
    "stage": ("first", "answer", "accepted", "declined"),
    "identified": ("yes", "no"),
    "names_other": ("yes", "no"),
    "orders": ("none", "some", "only"),
    "incident": ("none", "open", "resolved"),
    "estimate": ("given", "none"),
    "planned_work": ("none", "announced", "running"),
    "ticket": ("none", "open"),
    "line": ("active", "suspended", "pending", "closed", "unknown"),
    "contract": ("running", "ended", "unknown"),
    "overdue": _KNOWN,
    "awaiting_payment": _KNOWN,
    "allowance": ("left", "used", "unknown"),
    "roaming": ("on", "off", "unknown"),
    "asked_gb": ("none", "within", "over"),
}
"""What a case can be like, and by which values; `sign` is added by the operator's own list of signs."""

SIGN: Final = "sign"
NO_SIGN: Final = "none"

Traits = Mapping[str, str]
Condition = Mapping[str, frozenset[str]]
"""Allowed values by trait; a trait that is not named may have any."""


def holds(condition: Condition, traits: Traits) -> bool:
    """Tell whether a case is as the condition says; a trait that the case lacks meets none.

    >>> holds({"incident": frozenset({"open"})}, {"incident": "open", "stage": "first"})
    True
    """
    return all(traits.get(name) in allowed for name, allowed in condition.items())


def overlap(one: Condition, other: Condition) -> bool:
    """Tell whether some case meets both conditions."""
    return all(allowed & other[name] for name, allowed in one.items() if name in other)


def covers(wide: Condition, narrow: Condition) -> bool:
    """Tell whether every case that meets `narrow` meets `wide` too."""
    return all(name in narrow and narrow[name] <= allowed for name, allowed in wide.items())


def parse_condition(
    located: Located, path: Path_, value: Any, domains: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, frozenset[str]], list[Any]]:
    """Return a `when:` block as a condition, and its faults: unknown traits, unknown values."""
    if value in ("", None):
        return {}, []
    if not isinstance(value, dict):
        return {}, [
            located.finding(path, "condition", "`when` is no mapping", "write `trait: value` or `[a, b]`")
        ]
    condition: dict[str, frozenset[str]] = {}
    faults = []
    for name, allowed in value.items():
        here = (*path, name)
        if name not in domains:
            known = ", ".join(sorted(domains))
            faults.append(located.finding(here, "condition", f"no trait {name!r}", f"use one of {known}"))
            continue
        values = texts_of(allowed)
        unknown = [text for text in values if text not in domains[name]]
        if unknown or not values:
            what = f"{name} is never {', '.join(map(repr, unknown)) or 'nothing'}"
            todo = f"use some of {', '.join(domains[name])}"
            faults.append(located.finding(here, "condition", what, todo))
            continue
        condition[name] = frozenset(values)
    return condition, faults
