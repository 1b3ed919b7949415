"""Laws of the model's opinion: on the same candidates, in their order, each question asked once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.advice import ModelAdviser
from telcollm.errors import TransientError
from telcollm.guard import Guard
from telcollm.model.port import Prompt
from telcollm.prompts import PROMPT_VERSION
from telcollm.settings import DiagnosisSettings
from telcollm.state import DiagnosisRequest
from telcollm.testing import ScriptedModel
from tests.streams.test_advice import request

GUARD = Guard(b"0123456789abcdef")
PROBLEMS = ("POWER", "LOSS", "DEGRADED")


def adviser(model: ScriptedModel, **changes: int) -> ModelAdviser:
    return ModelAdviser(model, DiagnosisSettings(**changes), GUARD)


def by_letter(prompt: Prompt, choices: Sequence[str]) -> list[float]:
    """The later a letter, the likelier."""
    return [float(number + 1) for number in range(len(choices))]


@given(st.permutations(range(3)))
def test_probabilities_come_in_the_order_of_the_candidates_whatever_their_letters(order: list[int]) -> None:
    asked = request(1, problems=PROBLEMS)
    ranked = msgspec.structs.replace(asked, candidates=tuple(asked.candidates[place] for place in order))
    (shadow,) = adviser(ScriptedModel(score_rule=by_letter)).advise([ranked], prompt_tokens=512)
    assert shadow.probabilities == pytest.approx([(place + 1) / 6 for place in order], abs=1e-6)
    assert shadow.agrees == (order[0] == 2)


def test_an_opinion_says_which_model_and_which_prompt_it_comes_from() -> None:
    (shadow,) = adviser(ScriptedModel(name="small")).advise([request(1)], prompt_tokens=512)
    assert (shadow.model, shadow.prompt_version) == ("small", PROMPT_VERSION)
    assert sum(shadow.probabilities) == pytest.approx(1, abs=1e-5)


def test_only_the_first_candidates_are_asked_about() -> None:
    model = ScriptedModel()
    asked = request(1, problems=[f"P{number}" for number in range(6)])
    (shadow,) = adviser(model, max_candidates=4).advise([asked], prompt_tokens=512)
    assert len(shadow.probabilities) == 4
    assert model.calls[0].choices == ((" A", " B", " C", " D"),)


def test_windows_alike_in_shape_are_asked_once_now_and_later() -> None:
    model = ScriptedModel()
    asking = adviser(model)
    first = asking.advise([request(1), request(2), request(3, problems=PROBLEMS)], prompt_tokens=512)
    again = asking.advise([request(4), request(5, problems=PROBLEMS)], prompt_tokens=512)
    assert [len(call.prompts) for call in model.calls] == [2]
    assert first[0] == first[1] == again[0] and first[2] == again[1]
    counters = asking.counters()
    assert (counters["prompts"], counters["asked"]) == (5, 2)
    assert counters["tokens_in"] == model.usage.tokens_in > 0


def test_what_was_asked_first_is_forgotten_first() -> None:
    def alike(first: int) -> list[DiagnosisRequest]:
        return [request(number, problems=(f"P{number}", "LOSS")) for number in range(first, first + 500)]

    model = ScriptedModel()
    asking = adviser(model)
    for first in range(0, 4_500, 500):
        asking.advise(alike(first), prompt_tokens=512)
    asking.advise(alike(4_000), prompt_tokens=512)
    assert asking.counters()["asked"] == 4_500
    asking.advise(alike(0)[:1], prompt_tokens=512)
    assert asking.counters()["asked"] == 4_501


def test_a_model_that_does_not_answer_is_asked_again() -> None:
    model = ScriptedModel(fail_at=[1])
    asking = adviser(model)
    with pytest.raises(TransientError):
        asking.advise([request(1)], prompt_tokens=512)
    assert len(asking.advise([request(1)], prompt_tokens=512)) == 1
    assert (asking.counters()["prompts"], asking.counters()["asked"]) == (1, 1)


def test_the_adapter_is_named_to_the_model_and_in_the_opinion() -> None:
    model = ScriptedModel(adapters=["triage"])
    asking = ModelAdviser(model, DiagnosisSettings(), GUARD, adapter="triage")
    (shadow,) = asking.advise([request(1)], prompt_tokens=512)
    assert (model.calls[0].adapter, shadow.adapter) == ("triage", "triage")


def test_nothing_to_ask_is_not_asked() -> None:
    model = ScriptedModel()
    assert adviser(model).advise([], prompt_tokens=512) == []
    assert model.calls == []
