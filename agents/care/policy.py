"""The operator's policy as rules: in which cases what may not be done, asked for or said.

A rule that bites names itself and says, in the customer's language, what is said instead. Does not know
which script it is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agents.care.condition import NO_SIGN, SIGN, TRAITS, Condition, Traits, holds, parse_condition
from agents.care.language import LANGUAGES
from agents.care.located import (
    Finding,
    Located,
    Path_,
    mapping_of,
    read_located,
    stop_on,
    text_of,
    texts_of,
    yaml_files,
)
from agents.care.slots import places, stray_braces
from agents.care.text import folded, mentions

SHIPPED: Final = Path(__file__).parent / "policy"

ANY: Final = "any"
"""Stands for every intent."""

_RULE_KEYS: Final = frozenset({"id", "title", "source", "when", "forbids", "says", "next_question"})
_FORBIDS_KEYS: Final = frozenset({"does", "intents", "asks", "text"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: where `when` holds, none of what it forbids; `says` is answered instead, by language.

    Forbidden are actions (`does`), what customers are after (`intents`), what they ask for in words (`asks`)
    and what a reply may say (`text`), the last two as phrases.
    """

    id: str
    title: str
    source: str
    when: Condition
    does: frozenset[str]
    intents: frozenset[str]
    asks: tuple[str, ...]
    text: tuple[str, ...]
    says: Mapping[str, str]
    next_question: Mapping[str, str]
    file: str
    line: int

    def said_in(self, folded_text: str) -> str:
        """Return the first forbidden phrase that a text of ours, folded, says; else an empty text."""
        return next((phrase for phrase in self.text if mentions(folded_text, phrase)), "")

    def asked_in(self, folded_text: str) -> bool:
        """Tell whether a customer's text, as `folded` returns it, asks for what is forbidden."""
        return any(mentions(folded_text, phrase) for phrase in self.asks)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules, in the order of their files: the first that bites counts."""

    rules: tuple[Rule, ...]

    def against_request(self, traits: Traits, intent: str, text: str) -> Rule | None:
        """Return the rule that forbids what a customer asks for, whatever script were chosen."""
        plain = folded(text)
        for rule in self.rules:
            forbidden = ANY in rule.intents or intent in rule.intents or rule.asked_in(plain)
            if holds(rule.when, traits) and forbidden:
                return rule
        return None

    def against_reply(self, traits: Traits, does: frozenset[str], text: str) -> Rule | None:
        """Return the rule that forbids a reply for what it does or says."""
        plain = folded(text)
        for rule in self.rules:
            if holds(rule.when, traits) and (does & rule.does or rule.said_in(plain)):
                return rule
        return None


def load_policy(
    paths: Iterable[Path] = (SHIPPED,), *, signs: Iterable[str] = (), intents: Iterable[str] = ()
) -> Policy:
    """Return the rules of the files and folders, the shipped example operator's by default.

    Raises:
        CareFileError: lists each fault with file, line and what to do.
    """
    policy, findings = read_policy(paths, signs=signs, intents=intents)
    stop_on(findings)
    return policy


def read_policy(
    paths: Iterable[Path], *, signs: Iterable[str] = (), intents: Iterable[str] = ()
) -> tuple[Policy, list[Finding]]:
    """Return what can be read of the rules, and every fault.

    Raises:
        CareFileError: a path is not there.
    """
    domains = {**TRAITS, SIGN: (NO_SIGN, *signs)}
    known = frozenset(intents)
    rules: dict[str, Rule] = {}
    findings: list[Finding] = []
    for path in yaml_files(paths):
        located, faults = read_located(path)
        findings += faults
        listed = mapping_of(located.value).get("rules", [])
        if not isinstance(listed, list):
            findings.append(located.finding((), "shape", "no list of rules", "write `rules:` and a list"))
            continue
        for number, value in enumerate(listed):
            rule = _rule(located, ("rules", number), value, domains, known, findings)
            if rule is not None and rule.id in rules:
                first = rules[rule.id]
                what = f"rule {rule.id} is also in {first.file}:{first.line}"
                findings.append(Finding(rule.file, rule.line, "id", what, "give one of them another id"))
            elif rule is not None:
                rules[rule.id] = rule
    return Policy(tuple(rules.values())), findings


def _rule(
    located: Located,
    path: Path_,
    value: Any,
    domains: Mapping[str, tuple[str, ...]],
    known: frozenset[str],
    findings: list[Finding],
) -> Rule | None:
    entry = mapping_of(value)
    name = text_of(entry.get("id"))
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,79}", name):
        what = f"a rule with the id {name!r}"
        findings.append(located.finding(path, "id", what, "name it in small letters, digits and hyphens"))
        return None
    forbids = mapping_of(entry.get("forbids"))
    for keys, allowed, here in ((entry, _RULE_KEYS, path), (forbids, _FORBIDS_KEYS, (*path, "forbids"))):
        for key in keys:
            if key not in allowed:
                todo = f"use {', '.join(sorted(allowed))}"
                findings.append(located.finding((*here, key), "key", f"no such key {key!r}", todo))
    when, faults = parse_condition(located, (*path, "when"), entry.get("when", ""), domains)
    findings += faults
    says, question = (
        {lang: text_of(mapping_of(entry.get(key)).get(lang)) for lang in LANGUAGES}
        for key in ("says", "next_question")
    )
    missing = [lang for lang in LANGUAGES if not says[lang]]
    if missing:
        what = f"rule {name} says nothing in {', '.join(missing)}"
        findings.append(located.finding((*path, "says"), "language", what, "add what is said instead"))
    if any(places(text) or stray_braces(text) for text in (*says.values(), *question.values())):
        what = f"rule {name} has a slot in what it says"
        findings.append(
            located.finding((*path, "says"), "slot", what, "a refusal says no facts: take it out")
        )
    asks, text = (
        tuple(phrase for lang in LANGUAGES for phrase in texts_of(mapping_of(forbids.get(key)).get(lang)))
        for key in ("asks", "text")
    )
    does, intents = (frozenset(texts_of(forbids.get(key))) for key in ("does", "intents"))
    for intent in sorted(intents - known - {ANY} if known else ()):
        what = f"rule {name}: no intent {intent!r}"
        todo = f"use one of {', '.join(sorted(known))}"
        findings.append(located.finding((*path, "forbids", "intents"), "intent", what, todo))
    if not (does or intents or asks or text):
        todo = "name under `forbids` what it forbids: does, intents, asks or text"
        findings.append(located.finding(path, "forbids", f"rule {name} forbids nothing", todo))
    return Rule(
        id=name,
        title=text_of(entry.get("title")) or name,
        source=text_of(entry.get("source")),
        when=when,
        does=does,
        intents=intents,
        asks=asks,
        text=text,
        says=says,
        next_question=question if all(question.values()) else {},
        file=located.file,
        line=located.line(path),
    )
