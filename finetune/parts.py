"""The parts of a run that answer: the model, tuned or not, the plain expert, the baselines, the champion.

Each is a function of guarded rows with their history to log-probabilities of shape (rows, widest list of
choices), so that all are asked alike. Does not know test from training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from finetune.example import Example, make_examples
from finetune.preparation import Prepared
from telcollm.decider.decider import choice_texts, guarded_row, in_row_order
from telcollm.decider.mixing import IntArray
from telcollm.decider.rows import Row, label_name, right_choice, with_history
from telcollm.decider.spec import DeciderSpec
from telcollm.guard import Guard
from telcollm.model.port import FloatArray

Part = Callable[[Sequence[Row]], FloatArray]


@dataclass(frozen=True, slots=True)
class Side:
    """Guarded rows of one side with their history; `answers` are indexes, -1 for a label nobody learned."""

    rows: list[Row]
    answers: IntArray
    truth: tuple[str, ...]
    ids: tuple[str, ...]


def make_side(prepared: Prepared, name: str, spec: DeciderSpec, guard: Guard) -> Side:
    """Return a side of the split as the parts see it; a row sees earlier rows of its own side only."""
    places = prepared.split.places(name)
    rows = with_history([guarded_row(prepared.rows[place], spec, guard) for place in places], spec)
    answers, truth = answers_of(rows, spec)
    return Side(rows, answers, truth, tuple(str(place) for place in places))


def answers_of(rows: Sequence[Row], spec: DeciderSpec) -> tuple[IntArray, tuple[str, ...]]:
    """Return the index and the text of each row's right answer; the index is -1 for an unknown label."""
    if spec.kind == "choices":
        found = np.array([right_choice(row, spec) for row in rows], dtype=np.int64)
        texts = choice_texts(rows, spec)
        return found, tuple(own[place] for own, place in zip(texts, found, strict=True))
    names = tuple(label_name(row.get(spec.label_column)) for row in rows)
    numbers = {label: place for place, label in enumerate(spec.labels)}
    return np.array([numbers.get(name, -1) for name in names], dtype=np.int64), names


def side_examples(side: Side, name: str, spec: DeciderSpec, guard: Guard, *, seed: int = 0) -> list[Example]:
    """Return the side's examples; a row whose label nobody learned stands in with another one."""
    rows: list[Row] = list(side.rows)
    if spec.kind == "labels":
        rows = [
            {**row, spec.label_column: spec.labels[0]} if answer < 0 else row
            for row, answer in zip(rows, side.answers, strict=True)
        ]
    return make_examples(rows, [name] * len(rows), spec, guard=guard, ids=side.ids, seed=seed)


def model_part(base: Path, adapter: Path | None, spec: DeciderSpec, guard: Guard) -> Part:
    """Return the language model as a part, untuned without an adapter."""

    def ask(rows: Sequence[Row]) -> FloatArray:
        from finetune.scoring import label_log_likelihoods

        # What is asked must not hang on the answer: all rows bear the same one.
        same: object = spec.labels[0] if spec.kind == "labels" else 0
        blind = [{**row, spec.label_column: same} for row in rows]
        examples = make_examples(blind, ["test"] * len(blind), spec, guard=guard)
        logs = np.array(label_log_likelihoods(base, adapter, examples), dtype=np.float64)
        for place, example in enumerate(examples):
            logs[place, len(example.choices) :] = -np.inf
        return in_row_order(logs, [example.order for example in examples]) if spec.kind == "choices" else logs

    return ask
