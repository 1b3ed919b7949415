"""A window of alarms as one compact line: a dictionary of objects and types, repeats counted, hints last.

Several renderings, by name: which one a decider was trained with is part of its table, and which is worth its
tokens was measured (`benchmarks/realism.py` prints the table). Objects become numbers in order of first
raise, so that windows alike in shape give the same text. Does not know how a window came about, nor what is
asked of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from telcollm.errors import SettingsError
from telcollm.guard import Guard
from telcollm.prompts.hints import Hint
from telcollm.state import MemberGroup

WINDOW_VERSION: Final = "caused-1"
"""The rendering that is used where none is named."""

_PROBLEM_CHARACTERS: Final = 60
_HINT_CHARACTERS: Final = 90
_NEAR_S: Final = 3
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CONTROL: Final = re.compile(r"<(?=\|)|\|(?=>)|<(?=/?[A-Za-z_]+\d*>)")


@dataclass(frozen=True)
class WindowFacts:
    """What a window tells: `groups` in order of first raise, `kinds` the type of each object where known.

    `links` are pairs of neighbours of which one at least is a member, in either order; `hints` come most
    telling first. `causes` tells the X.733 probable cause of a problem, where it says more.
    """

    groups: Sequence[MemberGroup]
    kinds: Mapping[str, str]
    links: Collection[tuple[str, str]] = ()
    hints: Sequence[Hint] = ()
    causes: Mapping[str, str] = field(default_factory=dict)


def object_numbers(groups: Sequence[MemberGroup]) -> dict[str, int]:
    """Return the number by which a rendering calls each object: 1 is the first that was raised on."""
    numbers: dict[str, int] = {}
    for group in groups:
        numbers.setdefault(group.managed_object, len(numbers) + 1)
    return numbers


def one_line(text: str, guard: Guard, most: int = _PROBLEM_CHARACTERS) -> str:
    """Return untrusted text as one short line without identifiers and control tokens, nor our own marks."""
    hidden = _CONTROL.sub("< ", guard.hide(text)).replace(";", ",")
    return " ".join(hidden.replace("_", " ").split())[:most]


def render_window(facts: WindowFacts, *, guard: Guard, version: str = WINDOW_VERSION) -> str:
    """Return the window as one line in a rendering of RENDERINGS.

    Raises:
        SettingsError: there is no such rendering.
    """
    rendering = RENDERINGS.get(version)
    if rendering is None:
        message = (
            f"rendering {version!r} is not known; {', '.join(RENDERINGS)} are allowed; name one of these"
        )
        raise SettingsError(message)
    return rendering(facts, guard)


def kind_words(kind: str) -> str:
    """Return the type of an object as words."""
    return " ".join(kind.replace("_", " ").split()) or "object"


def _after_s(group: MemberGroup, facts: WindowFacts) -> int:
    return (group.raised_ms - facts.groups[0].raised_ms) // 1000


def _times(group: MemberGroup) -> str:
    return f" x{group.repeats}" if group.repeats > 1 else ""


def _lines(facts: WindowFacts, guard: Guard) -> str:
    """One segment a group: seconds, number and kind of the object, problem, repeats."""
    numbers = object_numbers(facts.groups)
    parts = []
    for group in facts.groups:
        kind = kind_words(facts.kinds.get(group.managed_object, "object"))
        what = one_line(group.problem, guard)
        parts.append(
            f"+{_after_s(group, facts)} {numbers[group.managed_object]} {kind}: {what}{_times(group)}"
        )
    return "; ".join([*parts, *_hints(facts, guard, numbers)])


class _Said(NamedTuple):
    """One problem of one object: seconds after the first, words, repeats."""

    after_s: int
    what: str
    repeats: int


def _by_object(facts: WindowFacts, guard: Guard, most: int) -> dict[str, list[_Said]]:
    said: dict[str, list[_Said]] = {}
    for group in facts.groups:
        line = _Said(_after_s(group, facts), one_line(group.problem, guard, most), group.repeats)
        said.setdefault(group.managed_object, []).append(line)
    return said


def _anchors(facts: WindowFacts, numbers: Mapping[str, int]) -> dict[str, int]:
    """Return, for each object, the number of the earliest other object it is linked to; 0 for none."""
    near: dict[str, int] = {}
    for one, other in facts.links:
        for here, there in ((one, other), (other, one)):
            number = numbers.get(there, 0)
            if here in numbers and number and numbers[here] > number:
                near[here] = min(near.get(here, number), number)
    return near


def _objects(facts: WindowFacts, guard: Guard, *, hints: bool = True, most: int = _PROBLEM_CHARACTERS) -> str:
    """One segment an object: what it hangs on and what it said; objects that said the same stand together."""
    numbers = object_numbers(facts.groups)
    said, near = _by_object(facts, guard, most), _anchors(facts, numbers)
    alike: dict[tuple[str, int, tuple[tuple[str, bool], ...]], list[str]] = {}
    for name, lines in said.items():
        kind = kind_words(facts.kinds.get(name, "object"))
        # Siblings that said the same a few seconds apart tell the same thing.
        shape = tuple((line.what, line.repeats > 1) for line in lines)
        alike.setdefault((kind, near.get(name, 0), shape), []).append(name)
    parts = []
    for (kind, anchor, _), names in alike.items():
        which = _ranges([numbers[name] for name in names])
        many = f" ({len(names)})" if len(names) > 1 else ""
        on = f" on {anchor}" if anchor else ""
        said_lines = [said[name] for name in names]
        spoken = ", ".join(
            _spoken([lines[place] for lines in said_lines]) for place in range(len(said_lines[0]))
        )
        parts.append(f"{which} {kind}{many}{on}: {spoken}")
    return "; ".join([*parts, *(_hints(facts, guard, numbers) if hints else ())])


def _spoken(lines: Sequence[_Said]) -> str:
    """Return one problem as several objects told it: `+3-9 what x4`."""
    first, last = min(line.after_s for line in lines), max(line.after_s for line in lines)
    when = f"+{first}" if last - first <= _NEAR_S else f"+{first}-{last}"
    repeats = sum(line.repeats for line in lines)
    return f"{when} {lines[0].what}" + (f" x{repeats}" if repeats > len(lines) else "")


def _ranges(numbers: Sequence[int]) -> str:
    """Return numbers in order as ranges.

    >>> _ranges([1, 2, 3, 5])
    '1-3,5'
    """
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


def _caused(facts: WindowFacts, guard: Guard) -> str:
    """As `objects-1`, each problem followed once by its X.733 probable cause, which all vendors share."""
    causes = {
        group.problem: f"{group.problem[:_PROBLEM_CHARACTERS]} [{camel_words(facts.causes[group.problem])}]"
        for group in facts.groups
        if facts.causes.get(group.problem)
    }
    groups = [
        msgspec.structs.replace(group, problem=causes.get(group.problem, group.problem))
        for group in facts.groups
    ]
    line = _objects(replace(facts, groups=groups), guard, most=_PROBLEM_CHARACTERS + 50)
    for text in set(causes.values()):
        told = one_line(text, guard, _PROBLEM_CHARACTERS + 50)
        first = line.find(told) + len(told)
        line = line[:first] + line[first:].replace(told, told.rsplit(" [", 1)[0])
    return line


def _only_causes(facts: WindowFacts, guard: Guard) -> str:
    """As `objects-1`, with X.733 probable causes in the place of vendors' words, where there are any."""
    groups = [
        msgspec.structs.replace(group, problem=camel_words(facts.causes.get(group.problem) or group.problem))
        for group in facts.groups
    ]
    return _objects(replace(facts, groups=groups), guard)


def camel_words(text: str) -> str:
    """Return a name of the standard as words.

    >>> camel_words("lossOfSignal")
    'loss of signal'
    """
    return _HUMP.sub(" ", text).lower()


def _bare(facts: WindowFacts, guard: Guard) -> str:
    """As `objects-1`, without hints: what KPIs and logs are worth is the difference."""
    return _objects(facts, guard, hints=False)


def _counts(facts: WindowFacts, guard: Guard) -> str:
    """Kinds and problems with how many objects said it how often; no order, no time: the fewest tokens."""
    counted: dict[str, dict[str, list[int]]] = {}
    for group in facts.groups:
        kind = kind_words(facts.kinds.get(group.managed_object, "object"))
        cell = counted.setdefault(kind, {}).setdefault(one_line(group.problem, guard), [0, 0])
        cell[0] += 1
        cell[1] += group.repeats
    parts = [
        f"{kind}: "
        + ", ".join(
            what + (f" {objects}" if objects > 1 else "") + (f" x{times}" if times > objects else "")
            for what, (objects, times) in problems.items()
        )
        for kind, problems in counted.items()
    ]
    return "; ".join([*parts, *_hints(facts, guard, object_numbers(facts.groups))])


def _hints(facts: WindowFacts, guard: Guard, numbers: Mapping[str, int]) -> list[str]:
    """Return hints by object, each object named once."""
    grouped: dict[str, list[str]] = {}
    for hint in facts.hints:
        number = numbers.get(hint.managed_object)
        kind = kind_words(facts.kinds.get(hint.managed_object, ""))
        name = str(number) if number else f"near {kind}" if hint.managed_object else "here"
        grouped.setdefault(name, []).append(one_line(hint.text, guard, _HINT_CHARACTERS))
    return [f"@{name} {', '.join(dict.fromkeys(texts))}" for name, texts in grouped.items()]


RENDERINGS: Final[Mapping[str, Callable[[WindowFacts, Guard], str]]] = MappingProxyType(
    {
        "objects-1": _objects,
        "caused-1": _caused,
        "causes-1": _only_causes,
        "lines-2": _lines,
        "counts-1": _counts,
        "bare-1": _bare,
    }
)
"""Every rendering by its name, which ends in its version: a change of wording is a new name."""
