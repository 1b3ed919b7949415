from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from streams.simulator.catalogue import FAULT_KINDS
from streams.simulator.language.case import Case, Slots
from streams.simulator.language.facts import draw_facts, likelihoods
from streams.simulator.language.grammar import combinations, slots
from streams.simulator.language.sayings import LANGUAGES, VOICES, Sayings, sayings
from streams.simulator.messages_scripts import INTENTS
from streams.simulator.voices import can_tell
from tests.streams.simulator.made_faults import made_faults

FILES = ("noc", "field", "customer", "chatter", "guess", "message")
GIVEN = {"old", "guess", "line", "other"}


def test_every_kind_of_fault_has_facts_a_guess_and_a_voice_in_both_languages() -> None:
    assert set(likelihoods()) == set(FAULT_KINDS)
    for language in LANGUAGES:
        assert set(sayings(f"guess_{language}").yes) == set(FAULT_KINDS)
    for kind in FAULT_KINDS:
        assert can_tell(kind, "noc")
        assert can_tell(kind, "customer")


def test_every_fact_can_be_said_by_some_voice() -> None:
    worded = {fact for voice in VOICES for fact in sayings(f"{voice}_en").yes}
    assert {fact for facts in likelihoods().values() for fact in facts} <= worded


@pytest.mark.parametrize("file", FILES)
def test_both_languages_say_the_same_things(file: str) -> None:
    english, chinese = sayings(f"{file}_en"), sayings(f"{file}_zh")
    assert set(english.yes) == set(chinese.yes)
    assert set(english.no) == set(chinese.no)


def test_every_intent_can_be_opened() -> None:
    for language in LANGUAGES:
        assert set(INTENTS) - {"unclear"} <= set(sayings(f"message_{language}").yes)


@pytest.mark.parametrize("file", ["noc", "field", "customer", "chatter", "guess"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_wording_has_a_slot_that_no_case_fills(file: str, language: str) -> None:
    fault = made_faults(1)[0]
    case = Case(fault, (), datetime(2026, 1, 5, tzinfo=UTC), ("S1",))
    filled = set(Slots(case, "noc", "en", Random(1)))
    source: Sayings = sayings(f"{file}_{language}")
    for tree in (*source.yes.values(), *source.no.values()):
        assert slots(tree) <= filled | GIVEN


@pytest.mark.parametrize("language", LANGUAGES)
def test_even_four_facts_of_one_kind_are_said_in_hundreds_of_thousands_of_ways(language: str) -> None:
    source = sayings(f"noc_{language}").yes
    ways = 1
    for fact in list(likelihoods()["fibre_cut"])[:4]:
        ways *= combinations(source[fact], {})
    assert ways * 24 > 300_000  # 24: four pieces in any order


def test_facts_come_as_often_as_their_likelihood_says() -> None:
    drawn = [draw_facts("mains_failure", Random(seed)) for seed in range(2_000)]
    for fact, odd in likelihoods()["mains_failure"].items():
        assert abs(sum(fact in facts for facts in drawn) / 2_000 - odd) < 0.04
