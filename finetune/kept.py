"""Answers of a model kept in a file as they come, so that a test that was stopped goes on where it was.

A question that was asked before, in these words, of the same weights, by the same code, is not asked again;
where the files lie is nothing to it. Does not know what a test is.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from finetune.parts import Part
from telcollm.decider.decider import choice_texts
from telcollm.decider.rows import Row, answer_texts, row_prompt
from telcollm.decider.spec import DeciderSpec
from telcollm.files import sha256
from telcollm.guard import Guard
from telcollm.model.port import FloatArray

SCORING: Final = (
    "finetune/example.py",
    "finetune/lowrank.py",
    "finetune/packing.py",
    "finetune/parts.py",
    "finetune/scoring.py",
    "finetune/trainer.py",
    "finetune/training.py",
    "telcollm/decider/decider.py",
    "telcollm/decider/rows.py",
    "telcollm/model/encoding.py",
    "telcollm/model/hardware.py",
    "telcollm/model/port.py",
)
"""The code between a question in words and the answer that is kept."""

_AT_ONCE: Final = 200
_CONFIG: Final = "adapter_config.json"
_ROOT: Final = Path(__file__).parent.parent


def kept_part(
    part: Part,
    folder: Path,
    base_sha256: str,
    adapter: Path | None,
    spec: DeciderSpec,
    guard: Guard,
    *,
    scoring: str = "",
    tell: Callable[[int, int], None] = lambda done, all_: None,
) -> Part:
    """Return the part, its answers kept in `folder` in a file of this adapter's own, or of the bare base's.

    `scoring` is the version of the code that answers, that of the code at hand where it is left out. `tell`
    hears how many of how many questions are answered.
    """
    about = [
        scoring or scoring_version(),
        base_sha256,
        adapter_sha256(adapter) if adapter is not None else "",
        list(spec.labels),
    ]
    path = folder / f"answers-{hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]}.jsonl"

    def ask(rows: Sequence[Row]) -> FloatArray:
        path.parent.mkdir(parents=True, exist_ok=True)
        known = _read(path)
        keys = [
            _key(row, texts, spec, guard) for row, texts in zip(rows, choice_texts(rows, spec), strict=True)
        ]
        first = {key: place for place, key in reversed(list(enumerate(keys)))}
        wanted = sorted(place for key, place in first.items() if key not in known)
        for start in range(0, len(wanted), _AT_ONCE):
            places = wanted[start : start + _AT_ONCE]
            logs = part([rows[place] for place in places])
            lines = []
            for place, own in zip(places, logs, strict=True):
                known[keys[place]] = [value for value in own.tolist() if value > -np.inf]
                lines.append(json.dumps([keys[place], known[keys[place]]]))
            # In one write, and after a line of its own: what a kill cut short spoils nothing else.
            with path.open("ab", buffering=0) as file:
                file.write(("\n" + "\n".join(lines) + "\n").encode())
            tell(min(start + _AT_ONCE, len(wanted)), len(wanted))
        table = np.full((len(rows), max((len(known[key]) for key in keys), default=0)), -np.inf)
        for place, key in enumerate(keys):
            table[place, : len(known[key])] = known[key]
        return table

    return ask


@functools.cache
def scoring_version(root: Path = _ROOT) -> str:
    """Return a digest of the code that answers: another one may answer otherwise."""
    return hashlib.sha256("".join(sha256(root / name) for name in SCORING).encode()).hexdigest()[:16]


def adapter_sha256(adapter: Path) -> str:
    """Return a digest of an adapter's weights and of how they are used, wherever it and its base lay."""
    weights = {path.name: sha256(path) for path in sorted(adapter.glob("*.safetensors"))}
    used: dict[str, object] = {}
    # An adapter without a configuration that can be read is refused, in words, by who loads it.
    with contextlib.suppress(OSError, TypeError, ValueError):
        used = dict(json.loads((adapter / _CONFIG).read_text(encoding="utf-8")))
    used.pop("base_model_name_or_path", None)
    return hashlib.sha256(json.dumps([weights, used], sort_keys=True).encode()).hexdigest()


def _key(row: Row, choices: Sequence[str], spec: DeciderSpec, guard: Guard) -> str:
    said = [row_prompt(row, spec, guard=guard).whole, list(choices) if spec.kind == "choices" else []]
    if spec.kind == "choices":
        # The prompt shows letters bare, and what is scored is a letter with what stands before it.
        said.append(list(answer_texts(row, spec)))
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _read(path: Path) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                key, said = json.loads(line) if line else ("", [])
                found[key] = said
    return found
