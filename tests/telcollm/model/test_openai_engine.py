from __future__ import annotations

import json
import threading
from typing import Any

import numpy as np
import pytest

from telcollm.errors import SettingsError, TelcollmError, TransientError
from telcollm.model import LanguageModel, Prompt, open_model
from telcollm.model.openai_engine import OpenAIEngine, OpenAIOptions
from tests.json_server import CUT_SHORT, HANGS_UP, Answer, Asked, JsonServer, serving

SCHEMA = {"type": "object", "properties": {"team": {"enum": ["RAN", "core"]}}, "required": ["team"]}


def words(text: str) -> list[str]:
    return [piece + " " for piece in text.split(" ")[:-1]] + [text.split(" ")[-1]]


def likelihood(token: str) -> float:
    return -len(token) / 4


def well(asked: Asked) -> tuple[int, bytes]:
    """A model whose tokens are words; each is the less likely, the longer it is."""
    usage = {"prompt_tokens": 7, "completion_tokens": 2}
    body = asked.body
    if asked.path.endswith("/chat/completions"):
        text = '{"team": "core"}' if "response_format" in body else "said " + body["messages"][0]["content"]
        choice = {"message": {"content": text}, "finish_reason": "stop"}
        return 200, json.dumps({"choices": [choice], "usage": usage}).encode()
    choices = []
    for index, text in enumerate(body["prompt"]):
        tokens = [*words(text), "!"]
        offsets = [sum(map(len, tokens[:place])) for place in range(len(tokens))]
        values = [None, *map(likelihood, tokens[1:])]
        logprobs = {"tokens": tokens, "token_logprobs": values, "text_offset": offsets}
        choices.append({"index": index, "logprobs": logprobs})
    return 200, json.dumps({"choices": choices[::-1], "usage": usage}).encode()


def in_turn(*answers: tuple[int, bytes] | Answer) -> Answer:
    """One answer after the other, the last one for ever."""
    left = list(answers)

    def answer(asked: Asked) -> tuple[int, bytes]:
        one = left.pop(0) if len(left) > 1 else left[0]
        return one(asked) if callable(one) else one

    return answer


def chat(content: object) -> tuple[int, bytes]:
    return 200, json.dumps({"choices": [{"message": {"content": content}}]}).encode()


def engine_for(server: JsonServer, waits: list[float] | None = None, **options: Any) -> OpenAIEngine:
    made = OpenAIOptions(f"{server.url}/v1", "base", adapters={"triage": "base-triage"}, **options)
    return OpenAIEngine(made, sleep=(waits if waits is not None else []).append)


def test_scores_are_the_likelihoods_of_whole_labels_from_where_the_texts_part() -> None:
    prompts = [Prompt("which team? ", "shared "), Prompt("and now? ")]
    with serving(well) as server:
        found = engine_for(server).score(prompts, ["RAN", "core network"])
        normalised = engine_for(server).score(prompts, ["RAN", "core network"], length_normalised=True)
    for table, weights in ((found, [-3 / 4, -12 / 4]), (normalised, [-3 / 4, -12 / 8])):
        expected = np.exp(weights) / np.exp(weights).sum()
        assert np.abs(table - expected).max() < 1e-9
    assert {one.body["model"] for one in server.asked} == {"base"}
    assert "shared which team? RAN" in [one.body["prompt"][0] for one in server.asked]


def test_text_and_values_come_in_order_from_many_requests_at_once() -> None:
    gate = threading.Barrier(4, timeout=120)

    def together(asked: Asked) -> tuple[int, bytes]:
        gate.wait()
        return well(asked)

    with serving(together) as server:
        engine = engine_for(server, concurrency=4)
        answers = engine.generate([Prompt(str(place)) for place in range(8)], max_new_tokens=9)
    assert [answer.text for answer in answers] == [f"said {place}" for place in range(8)]
    assert server.most_at_once == 4
    assert (engine.usage.prompts, engine.usage.tokens_in, engine.usage.tokens_out) == (8, 56, 16)


def test_a_schema_goes_to_the_server_and_its_value_comes_back() -> None:
    with serving(well) as server:
        [answer] = engine_for(server, api_key="s3cret").generate(
            [Prompt("a")], max_new_tokens=9, schema=SCHEMA, adapter="triage"
        )
    assert answer.value == {"team": "core"}
    [asked] = server.asked
    assert (asked.path, asked.body["model"], asked.authorization) == (
        "/v1/chat/completions",
        "base-triage",
        "Bearer s3cret",
    )
    assert asked.body["response_format"]["json_schema"]["schema"] == SCHEMA


@pytest.mark.parametrize(
    "bad",
    [
        (500, b"broken"),
        (429, b"slow down"),
        (HANGS_UP, b""),
        (CUT_SHORT, b'{"cut":'),
        (200, b"no json"),
        (200, b"[]"),
        (200, b"{}"),
        chat(None),
        chat("not json"),
        chat('{"team": "sales"}'),
    ],
)
def test_a_server_that_recovers_is_asked_again_after_longer_and_longer_waits(bad: tuple[int, bytes]) -> None:
    waits: list[float] = []
    with serving(in_turn(bad, bad, well)) as server:
        [answer] = engine_for(server, waits).generate([Prompt("a")], max_new_tokens=9, schema=SCHEMA)
    assert answer.value == {"team": "core"}
    assert waits == [0.5, 1.0]


def test_a_server_that_stays_broken_is_a_transient_error_with_its_last_word() -> None:
    waits: list[float] = []
    with (
        serving(in_turn((503, b"loading the model"))) as server,
        pytest.raises(TransientError, match=r"in 4 attempts .*503: loading the model"),
    ):
        engine_for(server, waits).generate([Prompt("a")], max_new_tokens=9)
    assert waits == [0.5, 1.0, 2.0]


def test_a_server_that_is_not_there_is_a_transient_error() -> None:
    with serving(well) as server:
        pass
    with pytest.raises(TransientError, match="Connection refused"):
        engine_for(server).score([Prompt("a ")], ["x", "y"])


def test_a_server_that_is_too_slow_is_asked_again() -> None:
    done = threading.Event()

    def slow(asked: Asked) -> tuple[int, bytes]:
        done.wait(120)
        return 200, b"{}"

    with serving(in_turn(slow, well)) as server:
        [answer] = engine_for(server, timeout_s=0.5).generate([Prompt("a")], max_new_tokens=9)
        done.set()
    assert answer.text == "said a"


def test_a_request_the_server_refuses_is_not_repeated() -> None:
    with (
        serving(in_turn((404, b"no such model"))) as server,
        pytest.raises(TelcollmError, match=r"refused the request .status 404: no such model"),
    ):
        engine_for(server).generate([Prompt("a")], max_new_tokens=9)
    assert len(server.asked) == 1


@pytest.mark.parametrize("logprobs", [None, {}, {"tokens": ["b"], "token_logprobs": [0], "text_offset": [0]}])
def test_a_server_without_log_probabilities_of_prompts_is_refused_with_the_way_out(logprobs: Any) -> None:
    answer = {"choices": [{"index": place, "logprobs": logprobs} for place in range(2)]}
    with (
        serving(in_turn((200, json.dumps(answer).encode()))) as server,
        pytest.raises(TelcollmError, match=r"no log-probabilities of a prompt .* the engine 'torch'"),
    ):
        engine_for(server).score([Prompt("a ")], ["x", "y"])


def test_an_unknown_adapter_is_refused_with_those_known() -> None:
    with serving(well) as server, pytest.raises(TelcollmError, match="known adapters: triage"):
        engine_for(server).score([Prompt("a")], ["x"], adapter="care")


def test_it_is_opened_by_name_and_hides_its_key() -> None:
    engine = open_model("base", engine="openai", base_url="http://127.0.0.1:1/v1", api_key="s3cret")
    assert isinstance(engine, LanguageModel) and isinstance(engine, OpenAIEngine)
    assert "s3cret" not in repr(engine._options)
    assert (engine.name, engine.adapters, engine.count_tokens("光abc")) == ("base", (), 2)
    assert engine.info.source == "server:http://127.0.0.1:1/v1"
    assert engine.generate([], max_new_tokens=1) == []
    with pytest.raises(SettingsError, match="base_url='' is no address"):
        open_model("base", engine="openai")


def test_chats_become_one_text() -> None:
    engine = OpenAIEngine(OpenAIOptions("http://127.0.0.1:1/v1", "base"))
    assert engine.render_chat([{"role": "user", "content": "hi"}]) == "hi"
    turns: Any = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    assert engine.render_chat(turns) == "be brief\n\nUser: hi"
