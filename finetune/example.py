"""One decision to learn, as training and scoring read it: a prompt, its choices, and the right one.

Does not know how prompts are worded (`telcollm.decider.rows`) or how rows were split.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from telcollm.decider.rows import (
    Row,
    answer_texts,
    label_name,
    label_texts,
    right_choice,
    row_choices,
    row_prompt,
    shown_order,
    turn_numbers,
    with_history,
)
from telcollm.decider.spec import DeciderError, DeciderSpec
from telcollm.guard import Guard
from telcollm.model.port import Prompt

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Example:
    """One row with its answer. `choices` are answer texts as the model reads them; `answer` is an index.

    With a fixed label set `choices` is the same tuple object for all, in the order of the spec's labels.
    A test row whose label training never saw has the answer -1: no choice is right.
    With varying choices they are letters, and `order` says which of the row's choices each letter shows.
    Rows of one `conversation`, in the order of `turn`, may be trained as one sequence.
    """

    example_id: str
    prompt: Prompt
    choices: tuple[str, ...]
    answer: int
    split: str
    conversation: str = ""
    turn: int = 0
    row: Mapping[str, object] = field(default_factory=dict)
    order: tuple[int, ...] = ()


def make_examples(
    rows: Sequence[Row],
    splits: Sequence[str],
    spec: DeciderSpec,
    *,
    guard: Guard,
    ids: Sequence[str] | None = None,
    seed: int = 0,
) -> list[Example]:
    """Return one example per row, in order, with its history where the spec has one.

    A row sees only earlier rows of its own group and its own split. With varying choices the listed order
    is random in training and validation, by `seed` and row, and in a test that of use, `shown_order`.

    Raises:
        DeciderError: a label is not among the spec's labels or the row's choices.
    """
    names = list(ids) if ids is not None else [str(place) for place in range(len(rows))]
    seen: list[Row] = list(rows)
    turns = [0] * len(rows)
    for split in dict.fromkeys(splits):
        places = [place for place, name in enumerate(splits) if name == split]
        own = [rows[place] for place in places]
        for place, row, turn in zip(places, with_history(own, spec), turn_numbers(own, spec), strict=True):
            seen[place], turns[place] = row, turn
    texts = label_texts(spec.labels)
    numbers = {label: place for place, label in enumerate(spec.labels)}
    examples = []
    for row, split, name, turn in zip(seen, splits, names, turns, strict=True):
        order: tuple[int, ...] = ()
        if spec.kind == "choices":
            texts = answer_texts(row, spec)
            order = shown_order(row_choices(row, spec))
            if split != "test":
                order = shuffled(len(order), f"{seed}:{name}")
            answer = order.index(right_choice(row, spec))
        else:
            answer = _number(row, spec, numbers, split)
        conversation = label_name(row.get(spec.history.group_column)) if spec.history else ""
        prompt = row_prompt(row, spec, guard=guard, order=order or None)
        examples.append(Example(name, prompt, texts, answer, split, conversation, turn, row, order))
    return examples


def shuffled(count: int, seed: str) -> tuple[int, ...]:
    """Return the indexes of `count` choices in an order that hangs on `seed` alone.

    >>> sorted(shuffled(4, "a")), shuffled(4, "a") == shuffled(4, "a")
    ([0, 1, 2, 3], True)
    """
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return tuple(order)


def _number(row: Row, spec: DeciderSpec, numbers: Mapping[str, int], split: str) -> int:
    label = label_name(row.get(spec.label_column))
    if label not in numbers and label and split == "test":
        return -1
    if label not in numbers:
        message = (
            f"label {label[:60]!r} is not one of the decider's {len(numbers)} labels; labels seen in "
            f"training are allowed; leave the row out or train with it"
        )
        raise DeciderError(message)
    return numbers[label]
