"""Examples learned per CPU second: this project's way beside the plain way, in turn, as a ratio.

The plain way is PEFT's own layers over padded batches, one example to a row, with logits at every token. Ours
packs conversations as trees, computes adapters in the precision of the base, and reads logits only where an
answer is. Both take one step forward and back over the same made-up care dialogues; the ratio is the median
over the rounds. With OMP_NUM_THREADS=1 CPU seconds are what the work costs, however busy the machine is.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from finetune.example import Example
from telcollm.model.hardware import pick_device, pick_dtype
from telcollm.model.port import Prompt
from telcollm.model.quiet import quiet_transformers
from telcollm.model.weights import locate

CHOICES = (" opening greeting", " start service", " content only", " confirmation", " rejection", " thanks")
LINES = (
    ("hi", "hello", "good morning"),
    ("i want a new internet connection", "need to sign up for cable", "please start my broadband service"),
    ("my zip code is {n}", "account {n} and the city is Denver", "{n} springfield"),
    ("yes please", "ok confirm it", "sure go ahead"),
    ("no thanks", "nothing else", "no that is all"),
    ("thank you so much", "thanks for your help", "great thank you"),
)
BATCH_TOKENS = 1024


def make_dialogues(conversations: int, seed: int) -> list[Example]:
    """Turns of care dialogues, each with all turns before it."""
    source = random.Random(seed)
    made: list[Example] = []
    for conversation in range(conversations):
        history = ""
        for turn in range(source.randrange(5, 10)):
            answer = min(turn, 5) if source.random() < 0.8 else source.randrange(6)
            line = source.choice(LINES[answer]).format(n=source.randrange(10000, 99999)) + "\n"
            prompt = Prompt(f"{line}intent:", shared=history)
            name = str(conversation)
            made.append(Example(f"{name}-{turn}", prompt, CHOICES, answer, "train", name, turn))
            history += line
    return made


def plain_step(model: Any, questions: Sequence[Any], padding: int) -> Callable[[], None]:
    """One pass forward and back over the questions as padded rows of one example each."""
    import torch

    rows = [
        ([*question.stem, *question.tails[question.answer]], len(question.stem)) for question in questions
    ]
    rows.sort(key=lambda row: len(row[0]))

    def step() -> None:
        start = 0
        while start < len(rows):
            end = start + 1
            while end < len(rows) and (end + 1 - start) * len(rows[end][0]) <= BATCH_TOKENS:
                end += 1
            width = len(rows[end - 1][0])
            ids = torch.full((end - start, width), padding)
            labels = torch.full((end - start, width), -100)
            seen = torch.zeros((end - start, width), dtype=torch.long)
            for place, (tokens, first) in enumerate(rows[start:end]):
                ids[place, : len(tokens)] = torch.tensor(tokens)
                labels[place, first : len(tokens)] = torch.tensor(tokens[first:])
                seen[place, : len(tokens)] = 1
            model(input_ids=ids, attention_mask=seen, labels=labels, use_cache=False).loss.backward()
            start = end

    return step


def own_step(model: Any, questions: Sequence[Any], padding: int) -> Callable[[], None]:
    """One pass forward and back over the questions as this project trains them."""
    import torch

    from finetune.packing import plan_batches, shorten, tensors
    from finetune.trainer import answer_loss, model_inputs

    short = shorten(questions)
    batches = plan_batches(short, batch_tokens=BATCH_TOKENS, seed="0")

    def step() -> None:
        for planned in batches:
            batch = tensors(short, planned, padding=padding)
            logits = model(**model_inputs(model, batch, torch.device("cpu"))).logits
            answer_loss(logits, batch).backward()  # type: ignore[no-untyped-call]

    return step


def measure(base: Path, conversations: int, rounds: int) -> dict[str, Any]:
    """Return examples per CPU second of both ways and the median of their ratios."""
    import peft

    from finetune.lowrank import speed_up
    from finetune.packing import encode
    from finetune.training import open_base

    steps: dict[str, Callable[[], None]] = {}
    examples = make_dialogues(conversations, 1)
    dtype = pick_dtype(pick_device("cpu"))
    for name in ("plain", "ours"):
        with quiet_transformers():
            model, encoder = open_base(base, dtype)
            config = peft.LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")
            model = peft.get_peft_model(model, config)
        questions = encode(examples, encoder)
        padding = int(encoder.tokenizer.pad_token_id or 0)
        if name == "ours":
            speed_up(model)
        steps[name] = (own_step if name == "ours" else plain_step)(model, questions, padding)
    spent: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            began = time.process_time()
            step()
            spent[name].append(time.process_time() - began)
    ratios = [plain / ours for plain, ours in zip(spent["plain"], spent["ours"], strict=True)]
    return {
        "examples": len(examples),
        "dtype": str(dtype).removeprefix("torch."),
        "examples_per_cpu_s": {
            name: round(len(examples) / statistics.median(seconds), 2) for name, seconds in spent.items()
        },
        "ratio_to_plain": round(statistics.median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
    }


def main(argv: list[str] | None = None) -> int:
    """Measure and print; 0 where it worked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--base", default="smollm2-135m-instruct")
    parser.add_argument("--conversations", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    found = measure(locate(asked.base), asked.conversations, asked.rounds)
    if asked.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        speeds = found["examples_per_cpu_s"]
        sys.stdout.write(
            f"{found['examples']} examples, {found['dtype']}; examples per CPU second: "
            f"plain {speeds['plain']}, ours {speeds['ours']}; "
            f"ratio {found['ratio_to_plain']} (rounds {found['ratios']})\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
