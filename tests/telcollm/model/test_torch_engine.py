from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from telcollm.errors import SettingsError, TelcollmError
from telcollm.model import LanguageModel, Prompt, PromptTooLongError
from telcollm.model.batching import BatchLimits
from telcollm.model.encoding import deciding_beginnings
from telcollm.model.torch_engine import TorchEngine, TorchOptions, open_torch

TOLERANCE = 1e-4
KINDS = ["llama", "gemma3", "mistral"]
SHARED = "Answer with one label. Alarms of the last minutes, by device, oldest first:\n"
PROMPTS = [
    Prompt("link down on port 7, fan failure\nTeam:", SHARED),
    Prompt("power supply failed\nTeam:", SHARED),
    Prompt("no shared prefix here, high temperature on device 41; " * 3 + "\nTeam: "),
    Prompt("线路中断 基站退服\nTeam:", SHARED),
    Prompt("x"),
    Prompt("link down on port 9, fan failure\nTeam:", SHARED),
]
CHOICES = [" RAN", " core network", " transport", " power"]
Folders = Callable[[str], Path]


def open_tiny(folder: Path, **options: Any) -> TorchEngine:
    return open_torch(folder, options=TorchOptions(device="cpu", dtype="float32", **options))


def one_by_one(engine: LanguageModel, prompts: Sequence[Prompt], choices: list[str], **how: Any) -> Any:
    return np.concatenate([engine.score([prompt], choices, **how) for prompt in prompts])


def by_whole_forwards(engine: TorchEngine, prompt: Prompt, choices: list[str], mean: bool = False) -> Any:
    """The reference: each choice with its whole prompt through the bare model, no cache, no batch."""
    tokenizer, model = engine._encoder.tokenizer, engine._causal.model
    start = tokenizer(prompt.whole)["input_ids"]
    wholes = [tokenizer(prompt.whole + choice)["input_ids"] for choice in choices]
    shared = 0
    while len({tuple(ids[: shared + 1]) for ids in [start, *wholes]}) == 1 and shared < len(start):
        shared += 1
    likelihoods = []
    for ids in wholes:
        with torch.no_grad():
            logits = torch.log_softmax(model(torch.tensor([ids])).logits[0], dim=-1)
        each = [float(logits[place - 1, ids[place]]) for place in range(shared, len(ids))]
        likelihoods.append(sum(each) / (len(each) if mean else 1))
    weights = np.exp(np.array(likelihoods) - max(likelihoods))
    return weights / weights.sum()


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_gives_the_answers_of_one_by_one(kind: str, tiny_folder: Folders) -> None:
    limits = BatchLimits(token_budget=4096, max_waste_ratio=1.0, max_rows=64)
    engine = open_tiny(tiny_folder(kind), limits=limits)
    batched = engine.score(PROMPTS, CHOICES)
    assert np.abs(batched - one_by_one(engine, PROMPTS, CHOICES)).max() <= TOLERANCE
    assert batched.std(axis=1).min() > 0.01  # a flat model would agree with itself whatever the code did


@pytest.mark.parametrize("mean", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_whole_forwards_through_the_bare_model(
    kind: str, mean: bool, tiny_folder: Folders
) -> None:
    engine = open_tiny(tiny_folder(kind))
    found = engine.score(PROMPTS, CHOICES, length_normalised=mean)
    for row, prompt in zip(found, PROMPTS, strict=True):
        assert np.abs(row - by_whole_forwards(engine, prompt, CHOICES, mean)).max() <= TOLERANCE


def test_a_choice_that_merges_with_the_end_of_the_prompt_is_scored_as_one_text(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("llama"))
    prompt = Prompt("which alarm? p")
    choices = ["ower", "ort 7", "?"]
    ids = [engine._encoder.encode(prompt.text + choice) for choice in choices]
    assert any(one[: engine.count_tokens(prompt.text)] != engine._encoder.encode(prompt.text) for one in ids)
    found = engine.score([prompt], choices)[0]
    assert np.abs(found - by_whole_forwards(engine, prompt, choices)).max() <= TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
def test_a_shared_prefix_changes_no_answer_and_is_computed_once(kind: str, tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder(kind))
    texts = [f"device {place} down\nTeam:" for place in range(12)]
    whole = engine.score([Prompt(SHARED + text) for text in texts], CHOICES)
    computed_whole = engine.usage.tokens_computed
    shared = engine.score([Prompt(text, SHARED) for text in texts], CHOICES)
    assert np.abs(whole - shared).max() <= TOLERANCE
    first = engine.usage.tokens_computed - computed_whole
    engine.score([Prompt(text, SHARED) for text in texts], CHOICES)
    again = engine.usage.tokens_computed - computed_whole - first
    prefix = first - again
    assert 0 < prefix <= engine.count_tokens(SHARED)
    assert computed_whole - again == 12 * prefix


def test_single_token_choices_take_one_forward_pass(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("llama"))
    assert [engine.count_tokens(choice) for choice in ("A", "B", "C")] == [1, 1, 1]
    engine.score([Prompt("which one?")], ["A", "B", "C"])
    assert engine.usage.forward_batches == 1


def test_deciding_scores_are_those_of_labels_cut_where_they_differ(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("llama"))
    names = [" power failure of the mains", " power supply unit", " fibre cut between two sites"]
    whole = [engine._encoder.encode(PROMPTS[0].whole + name) for name in names]
    stem = len(engine._encoder.encode(PROMPTS[0].whole))
    tails = [tokens[stem:] for tokens in whole]
    cut = [engine._encoder.decode(own) for own in deciding_beginnings(tails)]
    assert cut != names
    beginnings = engine.score(PROMPTS[:2], cut)
    before = engine.usage.tokens_computed
    found = engine.score(PROMPTS[:2], names, deciding=True)
    assert np.abs(found - beginnings).max() <= TOLERANCE
    spent = engine.usage.tokens_computed - before
    engine.score(PROMPTS[:2], names)
    assert spent < engine.usage.tokens_computed - before - spent


def test_many_choices_are_scored_in_parts_with_the_same_answer(tiny_folder: Folders) -> None:
    choices = [f" device {place} of the core network" for place in range(40)]
    wide = open_tiny(tiny_folder("llama"))
    narrow = open_tiny(tiny_folder("llama"), limits=BatchLimits(60, 0.5, 8))
    found, parts = wide.score(PROMPTS[:2], choices), narrow.score(PROMPTS[:2], choices)
    assert np.abs(found - parts).max() <= TOLERANCE
    assert narrow.usage.forward_batches > wide.usage.forward_batches


def test_each_prompt_may_have_choices_of_its_own(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("llama"))
    lists = [[" RAN", " core"], [" a", " b", " c"], [" only"]]
    found = engine.score(PROMPTS[:3], lists)
    assert found.shape == (3, 3)
    assert found[0, 2] == 0 and found[2].tolist() == [1.0, 0.0, 0.0]
    for row, prompt, labels in zip(found, PROMPTS, lists, strict=False):
        assert np.abs(row[: len(labels)] - engine.score([prompt], labels)[0]).max() <= TOLERANCE


def test_no_prompts_are_no_answers(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("llama"))
    assert engine.score([], CHOICES).shape == (0, 0)
    assert engine.generate([], max_new_tokens=3) == []


def test_threads_get_the_answers_they_asked_for(tiny_folder: Folders, lora_folders: dict[str, Path]) -> None:
    engine = open_torch(
        tiny_folder("llama"), options=TorchOptions(device="cpu", dtype="float32"), adapters=lora_folders
    )
    names = [None, "triage", "routing"] * 4
    alone = [engine.score(PROMPTS, CHOICES, adapter=name) for name in names[:3]]
    found: dict[int, Any] = {}

    def ask(place: int) -> None:
        found[place] = engine.score(PROMPTS, CHOICES, adapter=names[place])

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(names))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place in range(len(names)):
        assert np.abs(found[place] - alone[place % 3]).max() <= TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
def test_free_text_in_a_batch_is_that_of_one_by_one(kind: str, tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder(kind), limits=BatchLimits(4096, 1.0, 64))
    batched = engine.generate(PROMPTS, max_new_tokens=24)
    assert batched == [engine.generate([prompt], max_new_tokens=24)[0] for prompt in PROMPTS]
    assert max(answer.tokens_out for answer in batched) <= 24
    assert len({answer.text for answer in batched}) > 1


def test_free_text_is_that_of_transformers_own_greedy_decoding(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("llama"))
    for prompt in PROMPTS:
        ids = torch.tensor([engine._encoder.encode(prompt.whole)])
        whole = engine._causal.model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=20, do_sample=False
        )
        [answer] = engine.generate([prompt], max_new_tokens=20)
        assert answer.text == engine._encoder.decode(whole[0, ids.shape[1] :].tolist())


def test_a_prompt_over_the_context_is_refused_with_its_place(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("llama"), context_tokens=64)
    with pytest.raises(PromptTooLongError, match=r"prompt 1 has \d+ tokens; at most") as raised:
        engine.score([Prompt("short"), Prompt("link down " * 60)], CHOICES)
    assert raised.value.index == 1 and raised.value.tokens > raised.value.limit_tokens
    with pytest.raises(PromptTooLongError):
        engine.generate([Prompt("link down " * 30)], max_new_tokens=40)


def test_a_prompt_that_may_be_cut_loses_the_middle_of_its_own_text(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("llama"), context_tokens=96, overlong="cut_middle")
    prompt = Prompt("first " + "link down " * 80 + "\nTeam:", SHARED)
    text, ids = engine._encoder._fit(0, prompt, 8)
    assert text.startswith(SHARED + "first") and text.endswith("\nTeam:") and " … " in text
    assert 96 - 8 - 10 <= len(ids) <= 96 - 8
    assert engine.score([prompt], [" RAN", " core"]).sum() == pytest.approx(1.0)
    with pytest.raises(PromptTooLongError):
        engine.score([Prompt("x", "shared and long " * 60)], CHOICES)


def test_a_context_wider_than_the_model_is_refused(tiny_folder: Folders) -> None:
    with pytest.raises(SettingsError, match="1 to 512 are allowed"):
        open_tiny(tiny_folder("llama"), context_tokens=513)


def test_usage_counts_what_was_asked_and_what_was_computed(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("llama"))
    before = engine.usage
    engine.score([Prompt("which one?")] * 2, ["A", "B"])
    spent = engine.usage - before
    prompt = engine.count_tokens("which one?")
    assert (spent.calls, spent.prompts, spent.tokens_in) == (1, 2, 2 * (prompt + 2))
    assert (spent.tokens_computed, spent.forward_batches) == (2 * prompt, 1)
    assert spent.forward_s > 0
    [answer] = engine.generate([Prompt("which one?")], max_new_tokens=5)
    assert (engine.usage - before).tokens_out == answer.tokens_out


def test_a_chat_without_a_template_is_rendered_plainly(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("llama"))
    turns: Any = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    assert engine.render_chat(turns) == "System: be brief\n\nUser: hi\n\nAssistant:"


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(TelcollmError, match="cannot be loaded"):
        open_torch(tmp_path)


def test_a_model_with_layers_this_engine_cannot_mask_is_refused(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("llama"))
    model = engine._causal.model
    model.config.layer_types = ["linear_attention", "full_attention", "full_attention"]
    with pytest.raises(TelcollmError, match="linear_attention"):
        TorchEngine(model, engine._encoder.tokenizer, engine.info, TorchOptions())


@pytest.mark.parametrize("count", [0, -1])
def test_a_call_for_no_tokens_is_refused(count: int, tiny_folder: Folders) -> None:
    with pytest.raises(TelcollmError, match="at least 1"):
        open_tiny(tiny_folder("llama")).generate([Prompt("a")], max_new_tokens=count)


def test_an_empty_prompt_is_scored_from_the_beginning_of_text(tiny_folder: Folders) -> None:
    assert open_tiny(tiny_folder("llama")).score([Prompt("")], CHOICES).sum() == pytest.approx(1.0)


def test_the_head_is_given_states_without_gaps(tiny_folder: Folders) -> None:
    engine = open_tiny(tiny_folder("gemma3"))
    strides: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    head = engine._causal.model.get_output_embeddings()
    head.register_forward_pre_hook(lambda _, given: strides.append((given[0].shape, given[0].stride())))
    engine.score(PROMPTS, CHOICES)
    assert strides
    assert all(stride == (shape[1] * shape[2], shape[2], 1) for shape, stride in strides)
