"""Laws of the shipped scripts and policy: complete, sound, chosen as the simulated desk chooses."""

from __future__ import annotations

from datetime import UTC
from itertools import product
from pathlib import Path

import pytest

from agents.care.book import SHIPPED, ScriptBook
from agents.care.choice import choose
from agents.care.condition import TRAITS, holds
from agents.care.lint import lint
from agents.care.policy import SHIPPED as SHIPPED_POLICY
from agents.care.policy import Policy
from agents.care.slots import SLOTS, places
from agents.care.text import folded
from streams.simulator.messages_scripts import INTENTS, SCRIPTS, Desk, Stage, script_of

QUIET = {name: values[-1] for name, values in TRAITS.items()} | {
    "identified": "yes",
    "names_other": "no",
    "orders": "none",
    "planned_work": "none",
    "ticket": "none",
    "asked_gb": "none",
    "sign": "none",
    "estimate": "none",
}


def test_shipped_scripts_and_policy_have_no_faults() -> None:
    assert lint([SHIPPED, SHIPPED_POLICY]) == []


def test_shipped_scripts_answer_in_english_and_chinese(book: ScriptBook) -> None:
    assert len(book.scripts) >= 25
    assert all(script.text["en"] and script.text["zh"] for script in book.scripts)
    assert all(set(SLOTS) >= set(places(wording)) for one in book.scripts for wording in one.text["zh"])


def test_every_script_of_the_simulated_desk_is_there(book: ScriptBook) -> None:
    assert {script.id for script in book.scripts} >= set(SCRIPTS)


@pytest.mark.parametrize("intent", INTENTS)
def test_scripts_are_chosen_as_the_simulated_desk_chooses_them(
    intent: str, book: ScriptBook, policy: Policy
) -> None:
    stages: tuple[Stage, ...] = ("first", "answer", "accepted", "declined")
    incidents = ("none", "open", "resolved")
    for stage, incident, used, roaming, overdue in product(
        stages, incidents, (False, True), (False, True), (False, True)
    ):
        if intent in ("thanks", "unclear") and stage != "first":
            continue
        desk = Desk(incident, used, roaming, overdue)  # type: ignore[arg-type]
        traits = QUIET | {
            "stage": stage,
            "incident": incident,
            "allowance": "used" if used else "left",
            "roaming": "on" if roaming else "off",
            "overdue": "yes" if overdue else "no",
        }
        first = next(script for script in book.of(intent) if holds(script.when, traits))
        assert first.id == script_of(intent, stage, desk), (stage, desk)


def test_a_case_without_any_record_is_answered_without_slots(book: ScriptBook, policy: Policy) -> None:
    for intent, stage in product(book.intents, TRAITS["stage"]):
        for language in ("en", "zh"):
            traits = QUIET | {"stage": stage, "incident": "none"}
            answer = choose(book, policy, traits, {}, intent=intent, text="", language=language, zone=UTC)
            assert answer.text and not answer.values and "{" not in answer.text


def test_no_shipped_text_says_what_any_rule_forbids_in_its_cases(book: ScriptBook, policy: Policy) -> None:
    for script, rule in product(book.scripts, policy.rules):
        for wording in (text for texts in script.text.values() for text in texts):
            assert not rule.said_in(folded(wording)), (script.id, rule.id)


def test_every_file_of_scripts_ships_with_the_package() -> None:
    assert {path.suffix for path in Path(SHIPPED).iterdir()} == {".yaml"}
