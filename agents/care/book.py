"""The operator's scripts as files: what a customer may be after, and what is answered in which case.

A file holds any of `intents`, `signs` and `scripts`. Every fault is found with its file and line, none is
passed over. Does not choose a script, and does not judge how scripts stand to each other (`lint`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agents.care.condition import NO_SIGN, SIGN, TRAITS, Condition, parse_condition
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
from agents.care.slots import SLOTS, places, stray_braces

SHIPPED: Final = Path(__file__).parent / "scripts"
UNCLEAR: Final = "unclear"
"""The intent of a message that says nothing of what it is about; its scripts are the last resort."""

_SCRIPT_KEYS: Final = frozenset(
    {"id", "intent", "when", "priority", "text", "next_question", "does", "approvals", "cites"}
)
_LISTED_KEYS: Final = frozenset({"id", "about", "phrases"})


@dataclass(frozen=True, slots=True)
class Listed:
    """An intent or a sign: its name and phrases of customers that show it, by language."""

    id: str
    phrases: Mapping[str, tuple[str, ...]]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """What is answered to the intents in the cases that `when` allows, the highest priority first.

    `text` holds wordings by language, the fullest first: the first whose slots can all be filled is used.
    `does` names the actions that sending it sets off, `approvals` the roles that must agree before.
    """

    id: str
    intents: tuple[str, ...]
    when: Condition
    priority: int
    text: Mapping[str, tuple[str, ...]]
    next_question: Mapping[str, str]
    does: frozenset[str]
    approvals: tuple[str, ...]
    cites: tuple[str, ...]
    file: str
    line: int
    lines: Mapping[str, int] = field(default_factory=dict)

    def finding(self, key: str, check: str, what: str, todo: str) -> Finding:
        """Return a fault of this script, at one of its keys."""
        return Finding(self.file, self.lines.get(key, self.line), check, f"script {self.id}: {what}", todo)


@dataclass(frozen=True, slots=True)
class ScriptBook:
    """All scripts of an operator, by intent, with the intents and signs they are for."""

    scripts: tuple[Script, ...]
    intents: Mapping[str, Listed]
    signs: Mapping[str, Listed]

    def of(self, intent: str) -> list[Script]:
        """Return the scripts of an intent, the highest priority first."""
        found = [script for script in self.scripts if intent in script.intents]
        return sorted(found, key=lambda script: (-script.priority, -len(script.when), script.id))


def load_book(paths: Iterable[Path] = (SHIPPED,)) -> ScriptBook:
    """Return the scripts of the files and folders, the shipped example operator's by default.

    Raises:
        CareFileError: lists each fault with file, line and what to do.
    """
    book, findings = read_book(paths)
    stop_on(findings)
    return book


def read_book(paths: Iterable[Path]) -> tuple[ScriptBook, list[Finding]]:
    """Return what can be read of the scripts, and every fault.

    Raises:
        CareFileError: a path is not there.
    """
    findings: list[Finding] = []
    files: list[Located] = []
    for path in yaml_files(paths):
        located, faults = read_located(path)
        findings += faults
        if not isinstance(located.value, dict):
            todo = "write `scripts:`, `intents:` or `signs:` and a list"
            findings.append(located.finding((), "shape", "no mapping at the top", todo))
            continue
        files.append(located)
    intents = _listed(files, "intents", findings)
    signs = _listed(files, "signs", findings)
    domains = {**TRAITS, SIGN: (NO_SIGN, *signs)}
    scripts: dict[str, Script] = {}
    for located in files:
        for number, value in enumerate(_list(located, "scripts", findings)):
            script = _script(located, ("scripts", number), value, domains, intents, findings)
            if script is None:
                continue
            if script.id in scripts:
                first = scripts[script.id]
                todo = "give one of them another id"
                findings.append(script.finding("id", "id", f"also in {first.file}:{first.line}", todo))
                continue
            scripts[script.id] = script
    return ScriptBook(tuple(scripts.values()), intents, signs), findings


def _list(located: Located, section: str, findings: list[Finding]) -> list[Any]:
    value = located.value.get(section, [])
    if isinstance(value, list):
        return value
    if value != "":
        findings.append(
            located.finding((section,), "shape", f"{section} is no list", "begin each with `- id:`")
        )
    return []


def _listed(files: Iterable[Located], section: str, findings: list[Finding]) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    for located in files:
        for number, value in enumerate(_list(located, section, findings)):
            path: Path_ = (section, number)
            entry = mapping_of(value)
            name = text_of(entry.get("id"))
            if not name or name in found:
                what = f"{section[:-1]} {name!r} twice" if name else f"{section[:-1]} without an id"
                findings.append(located.finding(path, "id", what, "give each one id"))
                continue
            _unknown_keys(located, path, entry, _LISTED_KEYS, findings)
            phrases = mapping_of(entry.get("phrases"))
            by_language = {lang: texts_of(phrases.get(lang)) for lang in LANGUAGES}
            missing = [lang for lang, texts in by_language.items() if not texts]
            if missing:
                what = f"{section[:-1]} {name} has no phrases in {', '.join(missing)}"
                findings.append(located.finding((*path, "phrases"), "language", what, "add some"))
            found[name] = Listed(name, by_language, text_of(entry.get("about")))
    return found


def _unknown_keys(
    located: Located, path: Path_, entry: Mapping[str, Any], known: frozenset[str], findings: list[Finding]
) -> None:
    for key in entry:
        if key not in known:
            todo = f"use {', '.join(sorted(known))}"
            findings.append(located.finding((*path, key), "key", f"no such key {key!r}", todo))


def _script(
    located: Located,
    path: Path_,
    value: Any,
    domains: Mapping[str, tuple[str, ...]],
    intents: Mapping[str, Listed],
    findings: list[Finding],
) -> Script | None:
    entry = mapping_of(value)
    name = text_of(entry.get("id"))
    if not name:
        findings.append(located.finding(path, "id", "a script without an id", "give it one"))
        return None
    _unknown_keys(located, path, entry, _SCRIPT_KEYS, findings)
    wanted = texts_of(entry.get("intent"))
    for intent in wanted:
        if intent not in intents:
            known = ", ".join(sorted(intents)) or "none is listed"
            what = f"script {name}: no intent {intent!r}"
            findings.append(located.finding((*path, "intent"), "intent", what, f"use one of {known}"))
    if not wanted:
        findings.append(located.finding(path, "intent", f"script {name} has no intent", "name at least one"))
    when, faults = parse_condition(located, (*path, "when"), entry.get("when", ""), domains)
    findings += faults
    priority = text_of(entry.get("priority")) or "0"
    if not priority.isascii() or not priority.isdigit() or len(priority) > 4:
        what = f"script {name}: priority {priority!r} is no whole number from 0 to 9999"
        findings.append(located.finding((*path, "priority"), "priority", what, "write one, such as 10"))
        priority = "0"
    text = {lang: texts_of(mapping_of(entry.get("text")).get(lang)) for lang in LANGUAGES}
    question = {lang: text_of(mapping_of(entry.get("next_question")).get(lang)) for lang in LANGUAGES}
    findings += _wordings(located, path, name, text, question)
    lines = {key: located.line((*path, key)) for key in entry}
    return Script(
        id=name,
        intents=wanted,
        when=when,
        priority=int(priority),
        text=text,
        next_question=question if any(question.values()) else {},
        does=frozenset(texts_of(entry.get("does"))),
        approvals=texts_of(entry.get("approvals")),
        cites=texts_of(entry.get("cites")),
        file=located.file,
        line=located.line(path),
        lines=lines,
    )


def _wordings(
    located: Located,
    path: Path_,
    name: str,
    text: Mapping[str, tuple[str, ...]],
    question: Mapping[str, str],
) -> list[Finding]:
    """Return the faults of a script's texts: languages that lack, slots that are none or that differ."""
    findings = []
    for key, filled in (("text", text), ("next_question", question)):
        missing = [lang for lang in LANGUAGES if not filled[lang]]
        if missing and (key == "text" or any(filled.values())):
            what = f"script {name}: no {key} in {', '.join(missing)}"
            findings.append(located.finding((*path, key), "language", what, "add it"))
    for key, lang, wording in [
        *(("text", lang, wording) for lang, wordings in text.items() for wording in wordings),
        *(("next_question", lang, wording) for lang, wording in question.items()),
    ]:
        here = (*path, key, lang)
        for slot in places(wording):
            if slot not in SLOTS or key != "text":
                what = f"script {name}: no slot {{{slot}}}" + (" in a question" if key != "text" else "")
                findings.append(located.finding(here, "slot", what, f"use one of {', '.join(sorted(SLOTS))}"))
        if stray_braces(wording):
            what = f"script {name}: braces that are no slot's"
            findings.append(located.finding(here, "slot", what, "write {slot_name} or take them out"))
    slots = [[frozenset(places(wording)) for wording in text[lang]] for lang in LANGUAGES]
    if all(slots) and any(one != slots[0] for one in slots):
        what = f"script {name}: wordings or slots differ between {' and '.join(LANGUAGES)}"
        todo = "give every language as many wordings, in the same order, with the same slots"
        findings.append(located.finding((*path, "text"), "slot", what, todo))
    return findings
