"""What a decision costs in tokens. Does not know what it costs in time, nor what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from finetune.parts import Side
from telcollm.decider.rows import row_prompt
from telcollm.decider.spec import DeciderSpec
from telcollm.guard import Guard

_MOST_ROWS: Final = 600


def prompt_tokens(spec: DeciderSpec, base: str, test: Side, guard: Guard) -> dict[str, float | None]:
    """Return the mean and 95th percentile of a prompt's tokens, by the base's own tokenizer.

    Both are None where no model is asked.

    Raises:
        ModelNotPulledError: names the command that pulls the base.
    """
    if not spec.adapter or not test.rows:
        return {"prompt_tokens_mean": None, "prompt_tokens_p95": None}
    from telcollm.model.weights import locate

    texts = [row_prompt(row, spec, guard=guard).whole for row in test.rows[:_MOST_ROWS]]
    counts = sorted(_count_tokens(locate(base), texts))
    return {
        "prompt_tokens_mean": sum(counts) / len(counts),
        "prompt_tokens_p95": float(counts[int(0.95 * (len(counts) - 1))]),
    }


def _count_tokens(base: Path, texts: Sequence[str]) -> list[int]:
    """Return how many tokens each text has for the base in a folder."""
    import transformers

    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(base, local_files_only=True)
    return [len(one) for one in tokenizer(list(texts), add_special_tokens=False)["input_ids"]]
