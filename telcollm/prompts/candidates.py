"""A window's candidates as lines of facts that stand by themselves: what it is, said, and stands by.

The place at which a candidate is listed says nothing: all that decides is written, so that choices may come
in any order. Numbers follow our own words, after the last semicolon, which no alarm can bring. Does not know
how candidates were found or ranked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from telcollm.guard import Guard
from telcollm.prompts.window import WindowFacts, camel_words, kind_words, object_numbers, one_line
from telcollm.state import Candidate, MemberGroup

CANDIDATES_VERSION: Final = "facts-1"
"""The wording of candidates: a change of it is a new name."""

NONE_OF_THESE: Final = "none of these"
"""The choice that is right where the root cause is no candidate."""

_PROBLEMS: Final = 3
_MOST_OFF: Final = 99


def write_candidates(
    facts: WindowFacts, candidates: Sequence[Candidate], *, guard: Guard
) -> list[tuple[str, str]]:
    """Return (object, choice text) of each candidate's object once, in their order.

    Facts that are 0 are left out: seconds `after` the first raise, its `alarms` and worst `severity`; members
    it `links` to, those of them `behind` it in order of first raise, those in `reach` of two links, all that
    spoke `later`; members that say the `same`, that share its `rarest` problem, its `peers` of one type; its
    `kpi` off their usual and how far `off`, `log` lines, `work`, hints `beside` it on what it is linked to;
    members that share a `silent` neighbour, and its type. One that raised nothing is told by its neighbours.

    >>> group = MemberGroup("a", "r-1", "link down", 5, 0, 0, 1)
    >>> facts = WindowFacts([group], {"r-1": "router"})
    >>> write_candidates(facts, [Candidate("a", "r-1", "link down", 1.0, 1)], guard=Guard(b"0" * 16))
    [('r-1', '1 router: link down; alarms 1, severity 5, same 1, rarest 1, peers 1')]
    """
    shape = _shape_of(facts)
    found: dict[str, str] = {}
    for item in candidates:
        name = item.managed_object
        if name in found:
            continue
        kind = kind_words(facts.kinds.get(name, ""))
        if name in shape.numbers:
            told = ", ".join(f"{word} {count}" for word, count in _facts_of(name, shape).items() if count)
            told += _silent(name, shape)
            found[name] = f"{shape.numbers[name]} {kind}: {_said(name, shape, guard)}; {told}"
            continue
        beside = ",".join(
            str(number) for number in sorted(shape.numbers[other] for other in shape.near.get(name, ()))[:4]
        )
        found[name] = f"silent {kind} by {beside}" if beside else f"silent {kind}"
    # Two that read the same cannot be told apart by a choice: the second says so.
    told_before: Counter[str] = Counter()
    for name, text in found.items():
        told_before[text] += 1
        found[name] = text if told_before[text] == 1 else f"{text} ({told_before[text]})"
    return list(found.items())


class _Shape(NamedTuple):
    """A window by object: members' numbers and groups, `near` each object the members it is linked to."""

    facts: WindowFacts
    numbers: Mapping[str, int]
    groups: Mapping[str, Sequence[MemberGroup]]
    near: Mapping[str, frozenset[str]]
    spread: Mapping[str, int]
    alike: Mapping[str, int]


def _shape_of(facts: WindowFacts) -> _Shape:
    numbers = object_numbers(facts.groups)
    groups: dict[str, list[MemberGroup]] = {}
    for group in facts.groups:
        groups.setdefault(group.managed_object, []).append(group)
    near: dict[str, set[str]] = {}
    for one, other in facts.links:
        for here, there in ((one, other), (other, one)):
            if there in numbers and here != there:
                near.setdefault(here, set()).add(there)
    return _Shape(
        facts,
        numbers,
        groups,
        {name: frozenset(others) for name, others in near.items()},
        Counter(problem for own in groups.values() for problem in {group.problem for group in own}),
        Counter(facts.kinds.get(name, "") for name in numbers),
    )


def _facts_of(name: str, shape: _Shape) -> dict[str, int]:
    """Return a member's facts as numbers by our own words, in the order in which they are written."""
    facts, own = shape.facts, shape.groups[name]
    first_ms = facts.groups[0].raised_ms
    near = shape.near.get(name, frozenset())
    reach = {two for one in near for two in shape.near.get(one, ())} - {name}
    began = {other: groups[0].raised_ms for other, groups in shape.groups.items()}
    hints = [hint for hint in facts.hints if hint.managed_object == name]
    spread = [shape.spread[group.problem] for group in own]
    linked = _linked(name, shape) - {name}
    return {
        "after": (own[0].raised_ms - first_ms) // 1000,
        "alarms": sum(group.repeats for group in own),
        "severity": max(group.severity for group in own),
        "links": len(near),
        "behind": sum(shape.numbers[other] > shape.numbers[name] for other in near),
        "reach": len(reach),
        "later": sum(other_ms // 1000 > began[name] // 1000 for other_ms in began.values()),
        "same": max(spread),
        "rarest": min(spread),
        "peers": shape.alike[facts.kinds.get(name, "")],
        "kpi": sum(hint.kind == "kpi" for hint in hints),
        "off": round(min(_MOST_OFF, max((abs(hint.deviation) for hint in hints), default=0.0))),
        "log": sum(hint.kind == "log" for hint in hints),
        "work": sum(hint.kind == "work" for hint in hints),
        "beside": sum(hint.kind in ("kpi", "log") for hint in facts.hints if hint.managed_object in linked),
    }


def _linked(name: str, shape: _Shape) -> frozenset[str]:
    """Return all that a member is linked to, members or not."""
    silent = {other for other, members in shape.near.items() if name in members}
    return shape.near.get(name, frozenset()) | silent


def _silent(name: str, shape: _Shape) -> str:
    """Return in words the silent neighbour that most members share with this one, where any does."""
    shared = [
        (-len(members), kind_words(shape.facts.kinds.get(other, "")))
        for other, members in shape.near.items()
        if other not in shape.numbers and name in members and len(members) > 1
    ]
    if not shared:
        return ""
    count, kind = min(shared)
    return f", silent {-count} by {kind}"


def _said(name: str, shape: _Shape, guard: Guard) -> str:
    """Return a member's first problems, each with its X.733 cause where one is known."""
    causes: dict[str, str] = {}
    for group in shape.groups[name]:
        cause = shape.facts.causes.get(group.problem, "")
        causes.setdefault(one_line(group.problem, guard), camel_words(cause) if cause else "")
    told = [f"{what} [{one_line(cause, guard)}]" if cause else what for what, cause in causes.items()]
    return ", ".join(told[:_PROBLEMS])
