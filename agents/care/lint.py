"""The linter: what is wrong with an operator's scripts and policy before a customer reads it.

Besides what loading finds: scripts that can never be chosen, scripts between which nothing decides, slots
that can never be filled, and texts or actions that a rule forbids. Does not judge style.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import prod
from pathlib import Path
from typing import Final

from agents.care.book import Script, ScriptBook, read_book
from agents.care.condition import NO_SIGN, SIGN, TRAITS, Condition, covers, holds, overlap
from agents.care.language import LANGUAGES
from agents.care.located import Finding, mapping_of, read_located, yaml_files
from agents.care.policy import SHIPPED as SHIPPED_POLICY
from agents.care.policy import Policy, Rule, read_policy
from agents.care.slots import SLOT_NEEDS, places
from agents.care.text import folded

_MOST_CASES: Final = 50_000


def lint(paths: Iterable[Path], *, policy_paths: Iterable[Path] | None = None) -> list[Finding]:
    """Return what is wrong with the scripts and rules under `paths`, in order of file and line.

    Files with `rules:` are policy, the others scripts. Scripts are held against the rules given among the
    paths, else against those under `policy_paths`, else against the shipped example operator's.

    Raises:
        CareFileError: a path is not there, or no YAML is under it.
    """
    scripts, rules = _sorted_out(paths)
    findings: list[Finding] = []
    book = ScriptBook((), {}, {})
    if scripts:
        book, found = read_book(scripts)
        findings += found
    outer = [] if rules else list(policy_paths or (SHIPPED_POLICY,))
    policy, found = read_policy(rules or outer, signs=book.signs, intents=book.intents)
    # Faults of rules that nobody asked about are not told.
    findings += found if rules else []
    findings += [*_overlapping(book), *_unreachable(book), *_never_filled(book), *_forbidden(book, policy)]
    return sorted(set(findings))


def _sorted_out(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    scripts: list[Path] = []
    rules: list[Path] = []
    for path in yaml_files(paths):
        located, _ = read_located(path)
        (rules if "rules" in mapping_of(located.value) else scripts).append(path)
    return scripts, rules


def _overlapping(book: ScriptBook) -> Iterator[Finding]:
    """Yield scripts of one intent and priority that can both fit a case, so that nothing decides."""
    for one, other in combinations(book.scripts, 2):
        shared = sorted(set(one.intents) & set(other.intents))
        if shared and one.priority == other.priority and overlap(one.when, other.when):
            what = f"fits the same cases as {other.id} ({other.file}:{other.line}) for {', '.join(shared)}"
            todo = "give one a higher priority, or conditions that keep them apart"
            yield one.finding("when", "overlap", what, todo)


def _unreachable(book: ScriptBook) -> Iterator[Finding]:
    """Yield scripts that never come first, for none of their intents."""
    domains = {**TRAITS, SIGN: (NO_SIGN, *book.signs)}
    for script in book.scripts:
        if any(_comes_first(script, name, book, domains) for name in script.intents) or not script.intents:
            continue
        above = [
            other.id
            for other in book.scripts
            if other.priority > script.priority
            and set(other.intents) & set(script.intents)
            and overlap(other.when, script.when)
        ]
        what = f"can never be chosen: {', '.join(above[:4])} always comes before"
        todo = "raise its priority, narrow theirs, or take it out"
        yield script.finding("priority" if "priority" in script.lines else "when", "unreachable", what, todo)


def _comes_first(script: Script, intent: str, book: ScriptBook, domains: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether in some case no script of the intent that surely fills stands above this one."""
    above = [
        other.when
        for other in book.of(intent)
        if other.priority > script.priority and overlap(other.when, script.when) and _always_fills(other)
    ]
    if any(covers(when, script.when) for when in above):
        return False
    names = sorted({name for when in above for name in when} | set(script.when))
    choices = [sorted(script.when.get(name, domains[name])) for name in names]
    if prod(map(len, choices)) > _MOST_CASES:
        return True
    cases = (dict(zip(names, values, strict=True)) for values in product(*choices))
    return any(not any(holds(when, case) for when in above) for case in cases)


def _always_fills(script: Script) -> bool:
    """Tell whether some wording needs no record, or records that its conditions vouch for."""
    return any(
        all(name in SLOT_NEEDS and covers(SLOT_NEEDS[name], script.when) for name in places(wording))
        for wording in script.text.get(LANGUAGES[0], ())
    )


def _never_filled(book: ScriptBook) -> Iterator[Finding]:
    for script in book.scripts:
        for wordings in script.text.values():
            for slot in {slot for wording in wordings for slot in places(wording)}:
                needs = SLOT_NEEDS.get(slot)
                if needs is not None and not overlap(needs, script.when):
                    needed = ", ".join(
                        f"{name}: {'/'.join(sorted(values))}" for name, values in needs.items()
                    )
                    what = f"slot {{{slot}}} has no record in any of its cases; it needs {needed}"
                    yield script.finding("text", "never-filled", what, "take it out, or mend the conditions")


def _forbidden(book: ScriptBook, policy: Policy) -> Iterator[Finding]:
    """Yield texts that say what a rule forbids in a case they are for, and actions that it always forbids."""
    for script, rule in product(book.scripts, policy.rules):
        if not (rule.text or script.does & rule.does) or not overlap(rule.when, script.when):
            continue
        where = f"rule {rule.id} ({rule.file}:{rule.line})"
        for said in (text for wordings in script.text.values() for text in wordings):
            if phrase := rule.said_in(folded(said)):
                what = f"its text says {phrase!r}, which {where} forbids"
                yield script.finding("text", "forbidden-text", what, "word it so that nothing is promised")
        for said in script.next_question.values():
            if phrase := rule.said_in(folded(said)):
                what = f"its question says {phrase!r}, which {where} forbids"
                yield script.finding("next_question", "forbidden-text", what, "word it otherwise")
        if script.does & rule.does and _bites(rule, script.when):
            what = f"{', '.join(sorted(script.does & rule.does))} is forbidden by {where} in all of its cases"
            yield script.finding("does", "forbidden-action", what, "narrow `when`, or take the action out")


def _bites(rule: Rule, when: Condition) -> bool:
    """Tell whether a rule holds in every case of a condition."""
    return covers(rule.when, when)
