from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telcollm.model import Prompt, open_model, weights
from telcollm.model.batching import BatchLimits
from telcollm.model.schema import check_value, parse_schema
from telcollm.model.torch_engine import BF16_TOLERANCE, TorchEngine, TorchOptions, open_torch
from tests.telcollm.model.test_torch_engine import by_whole_forwards, one_by_one

pytestmark = pytest.mark.model

SHARED = (
    "You route network alarms. Teams: RAN, transport, core, power. Read the alarms of one incident, oldest "
    "first, and answer with the team that owns the root cause.\n\n"
)
ALARMS = [
    "BTS-12 loss of signal on port 7\nBTS-12 link down\nBTS-14 link down",
    "rectifier failure at site 41\nbattery discharging at site 41",
    "MME-3 queue size exceeded, 2 of 6 processors busy\nMME-3 congestion\nHSS-1 response time excessive",
    "站点 41 基站退服 光模块故障",
    "door open",
    "microwave link 9: performance degraded, BER 1e-4\n" * 4,
]
PROMPTS = [Prompt(f"{text}\n\nTeam:", SHARED) for text in ALARMS]
CHOICES = [" RAN", " transport", " core network", " power supply"]
ONE_BATCH = BatchLimits(token_budget=8192, max_waste_ratio=1.0, max_rows=64)
SCHEMA = {
    "type": "object",
    "properties": {
        "team": {"enum": ["RAN", "transport", "core", "power"]},
        "priority": {"type": "integer", "minimum": 1, "maximum": 4},
        "reason": {"type": "string", "maxLength": 60},
        "steps": {"type": "array", "items": {"type": "string", "maxLength": 30}, "maxItems": 2},
        "urgent": {"type": "boolean"},
    },
}


def open_base(folder: Path, dtype: str, **options: Any) -> TorchEngine:
    return open_torch(folder, options=TorchOptions(device="cpu", dtype=dtype, **options))


@pytest.fixture(scope="module")
def float32(embedded_base: Path) -> TorchEngine:
    return open_base(embedded_base, "float32", limits=ONE_BATCH)


@pytest.fixture(scope="module")
def scores(float32: TorchEngine) -> np.ndarray:
    """What the base in float32 makes of all prompts in one batch."""
    return float32.score(PROMPTS, CHOICES)


def test_the_base_is_pinned_and_opens_by_its_name(embedded_base: Path) -> None:
    info = weights.read_info(embedded_base)
    assert info.sha256 == weights.EMBEDDED["smollm2-135m-instruct"].sha256
    assert (info.revision, info.licence) == ("0.1.2", "Apache-2.0")
    model = open_model(device="cpu")
    assert model is not None and model.info.sha256 == info.sha256


def test_in_float32_scores_are_those_of_whole_forwards_through_the_bare_model(
    float32: TorchEngine, scores: np.ndarray
) -> None:
    # The longest, the shortest, and the one in Chinese.
    for row, prompt in list(zip(scores, PROMPTS, strict=True))[3:]:
        assert np.abs(row - by_whole_forwards(float32, prompt, CHOICES)).max() <= 1e-4


def test_in_float32_a_batch_gives_the_answers_of_one_by_one(float32: TorchEngine, scores: np.ndarray) -> None:
    assert np.abs(scores - one_by_one(float32, PROMPTS, CHOICES)).max() <= 1e-4


def test_in_bfloat16_a_batch_stays_within_the_stated_tolerance(
    embedded_base: Path, scores: np.ndarray
) -> None:
    engine = open_base(embedded_base, "bfloat16", limits=ONE_BATCH)
    batched, alone = engine.score(PROMPTS, CHOICES), one_by_one(engine, PROMPTS, CHOICES)
    assert np.abs(batched - alone).max() <= BF16_TOLERANCE
    assert np.abs(batched - scores).max() <= 2 * BF16_TOLERANCE


def test_chats_follow_the_models_own_template(float32: TorchEngine) -> None:
    text = float32.render_chat([{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}])
    assert text == (
        "<|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    )
    assert float32.count_tokens(text) < 25  # its marks are single tokens


def test_free_text_is_language(float32: TorchEngine) -> None:
    question = float32.render_chat([{"role": "user", "content": "What is the capital of France?"}])
    [answer] = float32.generate([Prompt(question)], max_new_tokens=24)
    assert "Paris" in answer.text
    assert answer.finish_reason == "stop"


def test_values_satisfy_their_schema_in_a_batch_as_one_by_one(float32: TorchEngine) -> None:
    prompts = PROMPTS[:2]
    answers = float32.generate(prompts, max_new_tokens=12, schema=SCHEMA)
    for answer in answers:
        check_value(parse_schema(SCHEMA), answer.value)
    alone = [float32.generate([prompt], max_new_tokens=12, schema=SCHEMA)[0] for prompt in prompts]
    assert answers == alone


@pytest.mark.slow
def test_the_multilingual_base_scores_and_writes(multilingual_base: Path) -> None:
    engine = open_base(multilingual_base, "float32", limits=ONE_BATCH)
    found = engine.score(PROMPTS, CHOICES)
    assert np.abs(found - one_by_one(engine, PROMPTS, CHOICES)).max() <= 1e-4
    for row, prompt in zip(found, PROMPTS, strict=True):
        assert np.abs(row - by_whole_forwards(engine, prompt, CHOICES)).max() <= 1e-4
    [answer] = engine.generate(
        [Prompt("法国的首都是巴黎\n意大利的首都是罗马\n德国的首都是")], max_new_tokens=4
    )
    assert "柏林" in answer.text
    assert engine.count_tokens("基站退服 光模块故障") < 12
