"""Prompts scored per second: the engine in its settings beside the plain way, in turn, as ratios.

The plain way is what one writes first: transformers in float32, one prompt after the other, all logits. Every
variant scores the same prompts (one label of six after some 500 tokens, 200 of them shared) in each round; a
ratio is the median over the rounds, so that a machine shared with others does not decide it; the ratio of
CPU seconds (with OMP_NUM_THREADS=1) is steadier still where the cores are busy.
"""

from __future__ import annotations

import argparse
import functools
import json
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from telcollm.model import FloatArray, LanguageModel, Prompt
from telcollm.model.batching import BatchLimits
from telcollm.model.weights import locate

LABELS = [" A", " B", " C", " D", " E", " F"]
SHARED = (
    "You triage alarms of a telecom network. Read the alarms of one window, oldest first, each with time, "
    "device, type and severity, and name the team that owns the root cause by its letter alone.\n"
    "A: radio access, base stations, antennas and their fibres.\n"
    "B: transport, microwave links, routers, rings and their protection.\n"
    "C: core network, mobility management, subscriber data, charging.\n"
    "D: power and cooling: rectifiers, batteries, mains, air conditioning.\n"
    "E: customer premises and the last mile.\n"
    "F: planned work, or nothing that needs a team.\n"
    "Follow the chain of causes: an underlying resource that failed explains what rests on it; a cleared "
    "alarm still counts; a device that many others point to is likelier than one that points to many.\n\n"
)
TYPES = ["LINK_DOWN", "LOSS_OF_SIGNAL", "HIGH_TEMPERATURE", "MAINS_FAILURE", "QUEUE_SIZE_EXCEEDED"]


def make_prompts(count: int, seed: int) -> list[Prompt]:
    """Windows of 8 to 20 alarms after the shared instructions."""
    source = random.Random(seed)
    prompts = []
    for _ in range(count):
        lines = [
            f"{source.randrange(24):02}:{source.randrange(60):02} device {source.randrange(400)} "
            f"{source.choice(TYPES)} major"
            for _ in range(source.randrange(8, 21))
        ]
        prompts.append(Prompt("\n".join(lines) + "\nTeam:", SHARED))
    return prompts


def plain_scores(model: Any, tokenizer: Any, prompts: Sequence[Prompt]) -> FloatArray:
    """One forward per prompt through the bare model; every label is one token."""
    import torch

    labels = [tokenizer(label)["input_ids"][0] for label in LABELS]
    rows = []
    for prompt in prompts:
        ids = torch.tensor([tokenizer(prompt.whole)["input_ids"]])
        with torch.no_grad():
            rows.append(torch.softmax(model(ids).logits[0, -1, labels].double(), dim=-1).numpy())
    return np.stack(rows)


def score_whole(engine: LanguageModel, prompts: Sequence[Prompt]) -> FloatArray:
    """Without telling the engine what the prompts share."""
    return engine.score([Prompt(prompt.whole) for prompt in prompts], LABELS)


def score_shared(engine: LanguageModel, prompts: Sequence[Prompt]) -> FloatArray:
    """With the shared prefix marked."""
    return engine.score(prompts, LABELS)


def measure(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Seconds of each variant in each round, and how its answers differ from the plain ones."""
    import torch

    from telcollm.model.torch_engine import CPU_LIMITS, TorchEngine, TorchOptions, open_torch

    limits = {
        "alone": BatchLimits(1, 0.0, 1),
        "batched": CPU_LIMITS,
        "padded": BatchLimits(8 * 1024, 1.0, 8),
    }
    bare = open_torch(folder, options=TorchOptions("cpu", "float32"))
    bases = {"float32": bare, "bfloat16": open_torch(folder, options=TorchOptions("cpu", "bfloat16"))}
    tokenizer = bare._encoder.tokenizer
    variants: dict[str, Callable[[Sequence[Prompt]], FloatArray]] = {
        "plain float32": functools.partial(plain_scores, bare._causal.model, tokenizer)
    }
    for dtype, base in bases.items():
        for name, limit in limits.items():
            engine = TorchEngine(base._causal.model, tokenizer, base.info, TorchOptions(limits=limit))
            variants[f"{dtype} {name}"] = functools.partial(score_whole, engine)
        variants[f"{dtype} batched, shared prefix"] = functools.partial(score_shared, base)
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    cpu_seconds: dict[str, list[float]] = {name: [] for name in variants}
    difference = dict.fromkeys(variants, 0.0)
    for score in variants.values():
        score(make_prompts(1, seed=0))
    tokens = 0
    for number in range(rounds):
        prompts = make_prompts(count, seed=number + 1)
        tokens += sum(bare.count_tokens(prompt.whole) for prompt in prompts)
        answers = {}
        for name, score in variants.items():
            started, started_cpu = time.perf_counter(), time.process_time()
            answers[name] = score(prompts)
            seconds[name].append(time.perf_counter() - started)
            cpu_seconds[name].append(time.process_time() - started_cpu)
            print(f"round {number + 1}, {name}: {seconds[name][-1]:.1f} s", file=sys.stderr, flush=True)
        for name, answer in answers.items():
            difference[name] = max(difference[name], float(np.abs(answer - answers["plain float32"]).max()))

    def ratio(spent: dict[str, list[float]], name: str) -> float:
        pairs = zip(spent["plain float32"], spent[name], strict=True)
        return round(statistics.median(plain / own for plain, own in pairs), 2)

    return {
        "machine": f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads",
        "tokens_per_prompt": round(tokens / (rounds * count)),
        "prompts": rounds * count,
        "variants": {
            name: {
                "prompts_per_s": round(count * rounds / sum(spent), 2),
                "ratio_to_plain": ratio(seconds, name),
                "cpu_ratio_to_plain": ratio(cpu_seconds, name),
                "max_difference": round(difference[name], 5),
            }
            for name, spent in seconds.items()
        },
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--prompts", type=int, default=12, help="prompts in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    found = measure(locate(asked.model), asked.prompts, asked.rounds)
    if asked.json:
        print(json.dumps(found, indent=1))
        return 0
    print(f"{found['prompts']} prompts of {found['tokens_per_prompt']} tokens on {found['machine']}")
    print(f"{'':36}{'prompts/s':>10}{'ratio':>8}{'by CPU':>8}{'max diff':>10}")
    for name, row in found["variants"].items():
        cells = zip(row.values(), (10, 8, 8, 10), strict=True)
        print(f"{name:36}" + "".join(f"{value:>{width}}" for value, width in cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
