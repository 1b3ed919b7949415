from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import peft
import pytest
import torch
import transformers

from telcollm.errors import TelcollmError
from telcollm.model import Prompt
from telcollm.model.quiet import quiet_transformers
from telcollm.model.torch_engine import TorchEngine, TorchOptions, open_torch
from tests.telcollm.model.conftest import make_lora, make_tiny, save_adapter

PROMPTS = [Prompt("link down on port 7\nTeam:"), Prompt("power supply failed\nTeam:")]
CHOICES = [" RAN", " core network", " power"]
Folders = Callable[[str], Path]


@pytest.fixture
def engine(tiny_folder: Folders, lora_folders: dict[str, Path]) -> TorchEngine:
    options = TorchOptions(device="cpu", dtype="float32")
    return open_torch(tiny_folder("llama"), options=options, adapters=lora_folders)


def test_an_adapter_changes_the_answers_and_leaving_it_restores_them(engine: TorchEngine) -> None:
    base = engine.score(PROMPTS, CHOICES)
    triage = engine.score(PROMPTS, CHOICES, adapter="triage")
    routing = engine.score(PROMPTS, CHOICES, adapter="routing")
    for one, other in ((base, triage), (base, routing), (triage, routing)):
        assert np.abs(one - other).max() > 0.01
    assert (engine.score(PROMPTS, CHOICES) == base).all()
    assert (engine.score(PROMPTS, CHOICES, adapter="triage") == triage).all()


def test_an_adapter_answers_as_a_model_it_was_merged_into(
    engine: TorchEngine, lora_folders: dict[str, Path], tiny_folder: Folders, tmp_path: Path
) -> None:
    bare = transformers.AutoModelForCausalLM.from_pretrained(tiny_folder("llama"))
    with quiet_transformers():
        merged = peft.PeftModel.from_pretrained(bare, lora_folders["routing"]).merge_and_unload()
    merged.save_pretrained(tmp_path)
    engine._encoder.tokenizer.save_pretrained(tmp_path)
    reference = open_torch(tmp_path, options=TorchOptions(device="cpu", dtype="float32"))
    found = engine.score(PROMPTS, CHOICES, adapter="routing")
    assert np.abs(found - reference.score(PROMPTS, CHOICES)).max() <= 1e-4


def test_a_shared_prefix_is_kept_apart_for_each_adapter(engine: TorchEngine) -> None:
    shared = "Answer with one label. Alarms of the last minutes, by device, oldest first:\n"
    for adapter in (None, "triage", "routing", None):
        cut = engine.score([Prompt("port 7\nTeam:", shared)], CHOICES, adapter=adapter)
        whole = engine.score([Prompt(shared + "port 7\nTeam:")], CHOICES, adapter=adapter)
        assert np.abs(cut - whole).max() <= 1e-4


def test_the_base_is_not_loaded_again_for_an_adapter(engine: TorchEngine) -> None:
    before = {id(tensor) for tensor in engine._causal.model.parameters()}
    engine.score(PROMPTS, CHOICES, adapter="triage")
    assert before <= {id(tensor) for tensor in engine._causal.model.parameters()}


def test_an_unknown_adapter_is_refused_with_those_known(engine: TorchEngine) -> None:
    assert engine.adapters == ("routing", "triage")
    for ask in (
        lambda: engine.score(PROMPTS, CHOICES, adapter="care"),
        lambda: engine.generate(PROMPTS, max_new_tokens=2, adapter="care"),
    ):
        with pytest.raises(TelcollmError, match="'care' is not known; known adapters: routing, triage"):
            ask()


def test_an_adapter_may_be_added_while_the_engine_runs(
    engine: TorchEngine, tiny_folder: Folders, tmp_path: Path
) -> None:
    engine.score(PROMPTS, CHOICES, adapter="triage")
    engine.add_adapter("care", make_lora(tiny_folder("llama"), tmp_path, seed=5))
    assert engine.adapters == ("care", "routing", "triage")
    assert engine.score(PROMPTS, CHOICES, adapter="care").shape == (2, 3)


def test_a_name_is_kept_for_one_folder(engine: TorchEngine, lora_folders: dict[str, Path]) -> None:
    engine.add_adapter("triage", lora_folders["triage"])
    with pytest.raises(TelcollmError, match="one folder per name"):
        engine.add_adapter("triage", lora_folders["routing"])


@pytest.mark.parametrize("name", ["", "a.b"])
def test_a_name_that_peft_cannot_hold_is_refused(
    name: str, engine: TorchEngine, lora_folders: dict[str, Path]
) -> None:
    with pytest.raises(TelcollmError, match="empty or holds a dot"):
        engine.add_adapter(name, lora_folders["triage"])


def test_a_folder_without_an_adapter_is_refused(engine: TorchEngine, tmp_path: Path) -> None:
    with pytest.raises(TelcollmError, match=r"no adapter_config\.json"):
        engine.add_adapter("care", tmp_path)


@pytest.mark.parametrize("first", [None, "triage"])
def test_an_adapter_of_another_base_is_refused_and_leaves_no_trace(
    first: str | None, engine: TorchEngine, tmp_path: Path, tiny_folder: Folders
) -> None:
    wide = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=64, hidden_size=32, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4
        )
    )
    torch.manual_seed(3)
    config = peft.LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
    save_adapter(wide, config, tmp_path)
    base = engine.score(PROMPTS, CHOICES)
    known = engine.score(PROMPTS, CHOICES, adapter=first)
    engine.add_adapter("foreign", tmp_path)
    for _ in range(2):
        with pytest.raises(TelcollmError, match="cannot be loaded over this base"):
            engine.score(PROMPTS, CHOICES, adapter="foreign")
    assert (engine.score(PROMPTS, CHOICES) == base).all()
    assert (engine.score(PROMPTS, CHOICES, adapter=first) == known).all()
    assert engine.score(PROMPTS, CHOICES, adapter="routing").shape == (2, 3)


def test_an_adapter_that_is_not_lora_is_refused(
    engine: TorchEngine, tmp_path: Path, tiny_folder: Folders
) -> None:
    base = transformers.AutoModelForCausalLM.from_pretrained(tiny_folder("llama"))
    config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)
    save_adapter(base, config, tmp_path)
    engine.add_adapter("soft", tmp_path)
    with pytest.raises(TelcollmError, match="LORA is allowed"):
        engine.score(PROMPTS, CHOICES, adapter="soft")


def test_an_adapter_serves_models_with_sliding_windows_too(tmp_path: Path) -> None:
    base = make_tiny(tmp_path / "base", "gemma3")
    lora = make_lora(base, tmp_path / "lora", seed=1)
    engine = open_torch(base, options=TorchOptions(device="cpu", dtype="float32"), adapters={"a": lora})
    batched = engine.score(PROMPTS, CHOICES, adapter="a")
    alone = np.concatenate([engine.score([prompt], CHOICES, adapter="a") for prompt in PROMPTS])
    assert np.abs(batched - alone).max() <= 1e-4
    assert np.abs(batched - engine.score(PROMPTS, CHOICES)).max() > 0.01
