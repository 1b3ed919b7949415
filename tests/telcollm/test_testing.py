from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcollm.errors import TelcollmError, TransientError
from telcollm.model import LanguageModel, Prompt
from telcollm.model.schema import check_value, parse_schema
from telcollm.testing import ScriptedModel

SCHEMA = {
    "type": "object",
    "properties": {
        "team": {"enum": ["RAN", "core"]},
        "priority": {"type": "integer", "minimum": 1, "maximum": 4},
        "share": {"type": "number", "minimum": -1, "maximum": 0},
        "reason": {"type": "string", "minLength": 30, "maxLength": 40},
        "steps": {"type": "array", "items": {"type": "string", "maxLength": 5}, "minItems": 1},
    },
}


def test_it_is_a_language_model() -> None:
    assert isinstance(ScriptedModel(), LanguageModel)


def test_its_scores_are_the_same_in_every_process() -> None:
    code = (
        "from telcollm.testing import ScriptedModel; from telcollm.model import Prompt\n"
        "print(ScriptedModel().score([Prompt('a')], ['x', 'y', 'z']).tolist())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == str(ScriptedModel().score([Prompt("a")], ["x", "y", "z"]).tolist())


def test_it_needs_no_torch() -> None:
    code = "import sys, telcollm.testing; print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "False"


def test_prompt_and_adapter_change_its_scores_and_the_cut_of_the_prompt_does_not() -> None:
    model = ScriptedModel(adapters=["triage"])
    plain = model.score([Prompt("ab")], ["x", "y"])
    assert (plain == model.score([Prompt("b", shared="a")], ["x", "y"])).all()
    assert (plain != model.score([Prompt("ac")], ["x", "y"])).any()
    assert (plain != model.score([Prompt("ab")], ["x", "y"], adapter="triage")).any()


@given(st.text(max_size=30))
def test_its_values_satisfy_the_schema_whatever_the_prompt(text: str) -> None:
    [answer] = ScriptedModel().generate([Prompt(text)], max_new_tokens=5, schema=SCHEMA)
    check_value(parse_schema(SCHEMA), answer.value)


def test_rules_decide_where_they_are_given() -> None:
    model = ScriptedModel(
        score_rule=lambda prompt, choices: [3.0 if choice in prompt.text else 1.0 for choice in choices],
        answer_rule=lambda prompt: prompt.text.upper(),
    )
    assert model.score([Prompt("core down")], ["RAN", "core"]).tolist() == [[0.25, 0.75]]
    [answer] = model.generate([Prompt("down")], max_new_tokens=5)
    assert (answer.text, answer.finish_reason) == ("DOWN", "stop")
    [cut] = model.generate([Prompt("down below")], max_new_tokens=1)
    assert (cut.text, cut.finish_reason) == ("DOWN", "length")


@pytest.mark.parametrize("weights", [[1.0], [0.0, 0.0], [-1.0, 2.0], [float("inf"), 1.0]])
def test_a_rule_with_unusable_weights_is_refused(weights: list[float]) -> None:
    model = ScriptedModel(score_rule=lambda prompt, choices: weights)
    with pytest.raises(TelcollmError, match="one finite weight"):
        model.score([Prompt("a")], ["x", "y"])


def test_a_rule_whose_value_breaks_the_schema_is_refused() -> None:
    model = ScriptedModel(answer_rule=lambda prompt: {"team": "sales"})
    with pytest.raises(TelcollmError, match="does not satisfy"):
        model.generate([Prompt("a")], max_new_tokens=5, schema=SCHEMA)


def test_it_fails_at_the_calls_it_was_told_to_and_records_them() -> None:
    model = ScriptedModel(fail_at=[2])
    model.score([Prompt("a")], ["x"])
    with pytest.raises(TransientError, match="call 2 fails"):
        model.score([Prompt("a")], ["x"])
    model.score([Prompt("a"), Prompt("b")], ["x"])
    assert [len(call.prompts) for call in model.calls] == [1, 1, 2]
    assert (model.usage.calls, model.usage.prompts) == (3, 3)


def test_an_adapter_it_was_not_given_is_refused_with_those_known() -> None:
    with pytest.raises(TelcollmError, match="'care' is not loaded; known adapters: triage"):
        ScriptedModel(adapters=["triage"]).score([Prompt("a")], ["x"], adapter="care")


def test_it_counts_tokens_and_renders_chats_by_plain_rules() -> None:
    model = ScriptedModel()
    assert [model.count_tokens(text) for text in ("", "abcd", "abcde", "光")] == [0, 1, 2, 1]
    assert model.render_chat([{"role": "user", "content": "hi"}]) == "user: hi\nassistant:"
    assert (model.name, model.info.source, model.adapters) == ("scripted", "scripted", ())
