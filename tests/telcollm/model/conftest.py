"""Models for the tests: tiny ones made here, and the embedded base, pulled once into the user's cache."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telcollm.model.quiet import quiet_transformers
from telcollm.model.weights import ModelNotPulledError, locate

CORPUS = [
    "loss of signal on port 7 of BTS-12, power supply failed, which team? RAN, core network, transport",
    "critical alarm raised on device 41 at 03:15; cleared; underlying resource unavailable",
    "Answer with one label. Alarms: link down, high temperature, fan failure.\nTeam:",
    '{"team": "RAN", "priority": 12, "reason": "fibre cut", "urgent": true, "steps": []}',
    "线路中断 基站退服 光模块故障",
]


def make_tiny(folder: Path, kind: str) -> Path:
    """A random model and a byte-level tokenizer in `folder`; its logits are far from flat."""
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=["<bos>", "<eos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(CORPUS * 3, trainer)
    tokenizer: Any = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, bos_token="<bos>", eos_token="<eos>", pad_token="<eos>"
    )
    sizes = dict(
        vocab_size=len(tokenizer),
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=12,
        max_position_embeddings=512,
        initializer_range=0.4,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )
    torch.manual_seed(7)
    model: Any
    if kind == "llama":
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes))
    elif kind == "gemma3":  # two of its three layers see 8 tokens back only
        layers = ["sliding_attention", "full_attention", "sliding_attention"]
        config = transformers.Gemma3TextConfig(**sizes, sliding_window=8, layer_types=layers)
        model = transformers.Gemma3ForCausalLM(config)
    else:
        config = transformers.MistralConfig(**sizes, sliding_window=8)
        model = transformers.MistralForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_lora(base: Path, folder: Path, seed: int, rank: int = 4) -> Path:
    """A LoRA adapter with random weights for the model in `base`."""
    import peft
    import torch
    import transformers

    with quiet_transformers():
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(base)
    torch.manual_seed(seed)
    config = peft.LoraConfig(r=rank, lora_alpha=8, target_modules="all-linear", init_lora_weights=False)
    return save_adapter(model, config, folder)


def save_adapter(model: Any, config: Any, folder: Path) -> Path:
    """A fresh adapter over the model, saved in `folder`; peft warns about transformers as it is made."""
    import peft

    with quiet_transformers():
        peft.get_peft_model(model, config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def get(kind: str = "llama") -> Path:
        if kind not in made:
            made[kind] = make_tiny(tmp_path_factory.mktemp(kind), kind)
        return made[kind]

    return get


@pytest.fixture(scope="session")
def lora_folders(
    tiny_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    return {
        name: make_lora(tiny_folder("llama"), tmp_path_factory.mktemp(name), seed)
        for name, seed in (("triage", 1), ("routing", 2))
    }


def _pulled(name: str) -> Path:
    try:
        return locate(name)
    except ModelNotPulledError:
        # In a process of its own: the conversion takes memory that this one would keep.
        code = "import sys; from telcollm.model.weights import pull; pull(sys.argv[1])"
        done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, timeout=280)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["nothing"]
            pytest.skip(f"{name} cannot be had here: {said[-1]}")
        return locate(name)


@pytest.fixture(scope="session")
def embedded_base() -> Path:
    return _pulled("smollm2-135m-instruct")


@pytest.fixture(scope="session")
def multilingual_base() -> Path:
    return _pulled("gemma3-270m")
