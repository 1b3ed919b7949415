"""Log-likelihoods of every choice of many examples at once, with whatever they share computed once.

The same figures as the engine's `score`, packed as in training; a tuned model's as with `deciding`. Does not
calibrate or decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from finetune.example import Example
from finetune.packing import encode, plan_batches, tensors
from telcollm.errors import TelcollmError
from telcollm.model.encoding import deciding_beginnings
from telcollm.model.hardware import pick_device, pick_dtype
from telcollm.model.port import FloatArray
from telcollm.model.quiet import quiet_transformers

CPU_BATCH_TOKENS = 2048
CUDA_BATCH_TOKENS = 32768


def label_log_likelihoods(
    base_folder: Path,
    adapter: Path | None,
    examples: Sequence[Example],
    *,
    device: str = "auto",
    dtype: str = "auto",
    on_progress: Callable[[int, int], None] = lambda done, all_: None,
) -> FloatArray:
    """Return log-probabilities of shape (examples, choices), a log-softmax over each example's own choices.

    Rows with fewer choices than the longest are filled with -inf. `adapter` of None is the untuned base.
    `on_progress` is told batches done and all batches.

    Raises:
        TrainingError: the base cannot be loaded.
        TelcollmError: the adapter is none of this base.
    """
    import torch

    from finetune.trainer import model_inputs
    from finetune.training import open_base

    width = max((len(example.choices) for example in examples), default=0)
    table = np.full((len(examples), width), -np.inf)
    if not examples:
        return table
    place_on = pick_device(device)
    with quiet_transformers(), torch.inference_mode():
        model, encoder = open_base(base_folder, pick_dtype(place_on, dtype))
        if adapter is not None:
            model = _with_adapter(model, adapter)
        model = model.to(place_on).eval()
        questions = encode(examples, encoder)
        if adapter is not None:
            questions = [replace(one, tails=deciding_beginnings(one.tails)) for one in questions]
        for place, question in enumerate(questions):
            table[place, : len(question.tails)] = 0.0
        batches = plan_batches(
            questions,
            batch_tokens=CUDA_BATCH_TOKENS if place_on.type == "cuda" else CPU_BATCH_TOKENS,
            every_choice=True,
        )
        padding = int(encoder.tokenizer.pad_token_id or 0)
        for done, planned in enumerate(batches, 1):
            batch = tensors(questions, planned, padding=padding, every_choice=True)
            logits = model(**model_inputs(model, batch, place_on)).logits.float()
            likely = logits[batch.at.to(place_on), batch.token.to(place_on)]
            found = (likely - torch.logsumexp(logits, dim=-1)[batch.at.to(place_on)]).cpu().tolist()
            for read, value in zip(batch.reads, found, strict=True):
                table[read.place, read.choice] += value
            on_progress(done, len(batches))
    highest = table.max(axis=1, keepdims=True)
    normaliser: FloatArray = highest + np.log(np.exp(table - highest).sum(axis=1, keepdims=True))
    return table - normaliser


def _with_adapter(model: Any, adapter: Path) -> Any:
    import peft

    from finetune.lowrank import speed_up

    try:
        wrapped = peft.PeftModel.from_pretrained(
            model, adapter, autocast_adapter_dtype=False, local_files_only=True
        )
    except Exception as error:  # peft raises whatever torch, safetensors or json do
        message = (
            f"adapter {adapter} cannot be loaded over this base ({type(error).__name__}: {error}); a LoRA "
            "adapter of the same base is allowed; train it again or correct the path"
        )
        raise TelcollmError(message) from error
    speed_up(wrapped)
    return wrapped
