"""The catalogue: nothing is missing, nothing is left over, all of it is there in each language."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from dashboards import pipeline
from dashboards.views import models, now, tickets
from dashboards.wording import LANGUAGES, catalogue, filled
from finetune.gate import RIVALS, SENTENCES
from telcollm.access import PAGES, Role
from telcollm.records import (
    DecidedBy,
    Mode,
    PerceivedSeverity,
    TicketPriority,
    TicketStatus,
    Verdict,
)
from telcollm.store.actions import ActionKind

ROOT = Path(__file__).parents[2] / "dashboards"
SPEAKERS = {"say", "tell", "word", "heading", "empty", "done", "_do"}
GROUPS: dict[str, set[str]] = {
    "severity": set(PerceivedSeverity),
    "status": set(TicketStatus),
    "priority": {*TicketPriority, "as it is"},
    "mode": set(Mode),
    "decided_by": set(DecidedBy),
    "verdict": set(Verdict),
    "action": set(ActionKind),
    "role": set(Role),
    "page": set(PAGES),
    "pipeline": set(pipeline._STATES),
    "level": {"FULL", "COALESCED", "SHORT_PROMPTS", "RULES_ONLY"},
    "state": set(now.STATES),
    "sort": {"impact", "age", "latest"},
    "least": set(now.LEAST),
    "queue": set(tickets.STATES),
    "figure": set(models.FIGURES),
    "origin": {"registered", "shipped"},
    "use": {"root_cause", "fault_kind", "team", "priority", "intent"},
    "rival": set(RIVALS),
    "change": set(models.CHANGES),
    "kind": {"incident", "alarm", "ticket", "kpi", "log", "change", "passage", "element", "customer"},
}


def constants(node: ast.expr) -> Iterator[str]:
    """The texts that an argument may be: a constant, or either side of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)


def keys_in_code() -> set[str]:
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SPEAKERS:
                texts = [text for argument in node.args for text in constants(argument)]
                if node.func.id == "word" and len(texts) == 2:
                    found.add(f"words.{texts[0]} {texts[1]}")
                elif node.func.id != "word":
                    found.update(text for text in texts if re.fullmatch(r"[a-z]+\.[a-z].*", text))
            # Keys that are drawn from a row of constants.
            if isinstance(node, ast.Tuple | ast.List):
                found.update(
                    text
                    for item in node.elts
                    for text in constants(item)
                    if re.fullmatch(r"(ask|tickets|now)\.[a-z ]+", text)
                )
    return found


def keys_of_groups() -> set[str]:
    found = {f"words.{group} {value}" for group, values in GROUPS.items() for value in {*values, "other"}}
    found |= {f"words.column {name}" for name in (*now.COLUMNS, "other")}
    return found | {f"gate.{code}" for code in SENTENCES}


def test_every_key_that_the_console_says_is_in_the_catalogue() -> None:
    assert (keys_in_code() | keys_of_groups()) - set(catalogue()) == set()


def test_every_key_of_the_catalogue_is_said_somewhere() -> None:
    # Whether a sentence is still written by somebody is seen to in test_sentences.
    said = {key for key in catalogue() if not key.startswith("sentences.")}
    assert said - (keys_in_code() | keys_of_groups()) == set()


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_entry_is_there_in_each_language(language: str) -> None:
    assert [key for key, said in catalogue().items() if not said.get(language, "").strip()] == []


def test_no_entry_is_left_in_english() -> None:
    same = {
        key
        for key, said in catalogue().items()
        if said["en"] == said["zh"] and re.search(r"[a-z]{3}", re.sub(r"\{[a-z_]*\}", "", said["en"]))
    }
    assert same == {"login.title"}


def test_both_languages_fill_the_same_gaps() -> None:
    def gaps(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert [key for key, said in catalogue().items() if gaps(said["en"]) != gaps(said["zh"])] == []


def test_a_value_in_a_label_is_shown_as_code_and_in_a_text_as_it_is() -> None:
    hostile = "**x**"
    assert filled("en", "frame.you", {"who": hostile}, markdown=True) == "Signed in as `**x**`"
    assert filled("en", "frame.you", {"who": hostile}, markdown=False) == "Signed in as **x**"


def test_an_unknown_value_has_a_word_and_is_not_shown_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboards import reader

    class Strange(StrEnum):
        NEW = "**new**"

    monkeypatch.setattr(reader, "language", lambda: "en")
    assert reader.word("status", Strange.NEW) == "Unknown state"
