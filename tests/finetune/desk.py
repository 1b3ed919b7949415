"""Small tasks to train on: sentences whose label hangs on one word, alone or in conversations."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from finetune.example import Example
from telcollm.model.port import Prompt

CHOICES = (" RAN", " core network", " transport")
WORDS = ("BTS", "core", "fibre")


def examples(count: int, seed: int, *, turns: int = 1, split: str = "train") -> list[Example]:
    """Examples whose last line names the team's word; with `turns` above 1, of conversations."""
    drawn = random.Random(seed)
    made = []
    for conversation in range(-(-count // turns)):
        history = ""
        for turn in range(turns):
            answer = drawn.randrange(3)
            line = f"{drawn.choice(['alarm', 'link', 'power'])} {WORDS[answer]} {drawn.randrange(100)}\n"
            name = f"{seed}-{conversation}" if turns > 1 else ""
            prompt = Prompt(f"{line}team:", shared=history)
            made.append(Example(f"{seed}-{len(made)}", prompt, CHOICES, answer, split, name, turn))
            history += line
    return made[:count]


def letter_examples(count: int, seed: int) -> list[Example]:
    """Examples with two to five lettered choices each."""
    drawn = random.Random(seed)
    made = []
    for place in range(count):
        size = drawn.randrange(2, 6)
        listed = "".join(f"{letter}: o{drawn.randrange(9)}\n" for letter in "ABCDE"[:size])
        choices = tuple(f" {letter}" for letter in "ABCDE"[:size])
        prompt = Prompt(f"link down\n{listed}Root cause:")
        made.append(Example(f"l{place}", prompt, choices, drawn.randrange(size), "train"))
    return made


def weights(adapter: Path) -> dict[str, Any]:
    """The tensors of an adapter folder."""
    from safetensors.torch import load_file

    loaded: dict[str, Any] = load_file(adapter / "adapter_model.safetensors")
    return loaded
