from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telcollm.model import Prompt
from telcollm.model.filling import Ask, Filler, JsonTokens
from telcollm.model.schema import Node, check_value, parse_schema
from telcollm.model.torch_engine import TorchEngine, TorchOptions, open_torch

Schema = dict[str, Any]


@pytest.fixture(scope="module")
def engine(tiny_folder: Callable[[str], Path]) -> TorchEngine:
    return open_torch(tiny_folder("llama"), options=TorchOptions(device="cpu", dtype="float32"))


def bounded(kind: str, low: str, high: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return st.lists(values, min_size=2, max_size=2).map(
        lambda pair: {"type": kind, low: min(pair), high: max(pair)}
    )


SCALARS: st.SearchStrategy[Schema] = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.lists(st.one_of(st.text(max_size=6), st.integers(-99, 99)), min_size=1, max_size=5, unique_by=str).map(
        lambda values: {"enum": values}
    ),
    bounded("string", "minLength", "maxLength", st.integers(0, 25)),
    bounded("integer", "minimum", "maximum", st.integers(-(10**9), 10**9)),
    bounded("number", "minimum", "maximum", st.floats(-1e6, 1e6, allow_subnormal=False)),
    bounded("number", "minimum", "maximum", st.floats(-1, 1, allow_subnormal=False)),
    st.just({"type": "integer"}),
    st.just({"type": "number"}),
    st.just({"type": "string", "maxLength": 30}),
)


def nested(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    arrays = st.builds(
        lambda items, low, more: {"type": "array", "items": items, "minItems": low, "maxItems": low + more},
        inner,
        st.integers(0, 2),
        st.integers(0, 2),
    )
    objects = st.dictionaries(st.text(max_size=5), inner, min_size=1, max_size=3).map(
        lambda properties: {"type": "object", "properties": properties}
    )
    return st.one_of(arrays, objects)


SCHEMAS = st.recursive(SCALARS, nested, max_leaves=5)


def drive(filler: Filler, node: Node, logits: Callable[[], torch.Tensor]) -> Any:
    """Serve one filler with whatever logits: the model at its most wilful."""
    running = filler.fill(node)
    answer: Any = None
    while True:
        try:
            request = running.send(answer)
        except StopIteration as end:
            return end.value
        answer = (
            [-float(place) for place in range(len(request.branches))]
            if isinstance(request, Ask)
            else logits()
        )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schema=SCHEMAS, seed=st.integers(0, 2**31), budget=st.integers(0, 40))
def test_any_logits_fill_any_schema_with_a_value_that_satisfies_it(
    schema: Schema, seed: int, budget: int, engine: TorchEngine
) -> None:
    node = parse_schema(schema)
    source = torch.Generator().manual_seed(seed)
    tokens = engine._vocabulary()
    size = len(tokens.texts)
    value = drive(Filler(tokens, budget), node, lambda: torch.randn(size, generator=source) * 5)
    check_value(node, json.loads(json.dumps(value)))


@settings(max_examples=15, deadline=None)
@given(schemas=st.lists(SCHEMAS, min_size=1, max_size=2))
def test_the_engine_fills_any_schema_in_a_batch_as_one_by_one(
    schemas: list[Schema], engine: TorchEngine
) -> None:
    prompts = [Prompt("link down on port 7"), Prompt("power supply failed; which team?"), Prompt("光")]
    for schema in schemas:
        batched = engine.generate(prompts, max_new_tokens=12, schema=schema)
        for answer in batched:
            check_value(parse_schema(schema), json.loads(answer.text))
            assert json.loads(answer.text) == answer.value
        assert batched == [
            engine.generate([prompt], max_new_tokens=12, schema=schema)[0] for prompt in prompts
        ]


def test_an_enum_takes_the_value_that_score_prefers(engine: TorchEngine) -> None:
    teams = ["a", "b", "c", "d"]  # as long as each other: random weights love short labels
    schema = {"type": "object", "properties": {"team": {"enum": teams}}}
    chosen = set()
    for text in ("link down", "power supply failed", "fan failure", *(f"{place} x" for place in range(20))):
        [answer] = engine.generate([Prompt(text)], max_new_tokens=5, schema=schema)
        scores = engine.score([Prompt(text + '{"team":')], [f' "{team}",' for team in teams])[0]
        assert answer.value == {"team": teams[int(scores.argmax())]}
        chosen.add(answer.value["team"])
    assert len(chosen) > 1


class Script:
    """Logits that prefer one token after the other, as if a model wrote this text."""

    def __init__(self, tokens: JsonTokens, *texts: str) -> None:
        self._tokens = tokens
        self._ids = iter([index for text in texts for index in tokens.encoder.encode(text)])

    def __call__(self) -> torch.Tensor:
        logits = torch.zeros(len(self._tokens.texts))
        following = next(self._ids, None)
        if following is not None:
            logits[following] = 9.0
        return logits


def fill(engine: TorchEngine, schema: Schema, *texts: str, budget: int = 100) -> tuple[Any, Filler]:
    tokens = engine._vocabulary()
    filler = Filler(tokens, budget)
    return drive(filler, parse_schema(schema), Script(tokens, *texts)), filler


@pytest.mark.parametrize(
    ("schema", "written", "value"),
    [
        ({"type": "string"}, 'fibre cut"', "fibre cut"),
        ({"type": "string"}, "线路中断\n", "线路中断"),
        ({"type": "string", "maxLength": 5}, "fibre cut", "fibre"),
        ({"type": "string"}, "two\\nlines", "two"),
        ({"type": "integer"}, "417,", 417),
        ({"type": "integer"}, "-3,", -3),
        ({"type": "integer", "minimum": 1, "maximum": 4}, "3", 3),
        ({"type": "integer", "minimum": 10, "maximum": 12}, "11", 11),
        ({"type": "number"}, "0.25}", 0.25),
        ({"type": "number", "minimum": 0, "maximum": 1}, "1}", 1.0),
        ({"type": "array", "items": {"type": "integer"}}, "]", []),
    ],
)
def test_a_value_is_what_the_model_wrote(
    schema: Schema, written: str, value: Any, engine: TorchEngine
) -> None:
    assert fill(engine, schema, *written)[0] == value


def test_a_string_that_outgrows_the_budget_is_cut_and_says_so(engine: TorchEngine) -> None:
    value, filler = fill(engine, {"type": "string"}, "power supply failed on port 7, and more", budget=4)
    assert filler.cut and filler.spent == 4
    assert "power supply failed on port 7, and more".startswith(value) and value


def test_a_string_is_padded_where_the_model_has_nothing_to_say(engine: TorchEngine) -> None:
    tokens = engine._vocabulary()
    silent = torch.full((len(tokens.texts),), -math.inf)
    silent[tokens.encoder.encode("\u2028")[0]] = 0.0  # the first byte of a character, for ever
    value = drive(Filler(tokens, 100), parse_schema({"type": "string", "minLength": 5}), lambda: silent)
    assert len(value) >= 5
