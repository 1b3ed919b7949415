"""Examples packed into rows of tokens so that what begins alike is computed once, and nothing leaks.

A row is a tree: each token sees only the tokens on its own way from the root, at the positions it would have
alone. So the turns of a conversation share their history, prompts their heading, choices their prompt, and
every logit is the one the lone example gives. Does not know the model, the loss or the wording of prompts.
"""

from __future__ import annotations

import functools
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from finetune.example import Example
from telcollm.model.encoding import Encoder, Tokens
from telcollm.model.port import choices_per_prompt

if TYPE_CHECKING:
    import torch

ROW_TOKENS: Final = 256
"""Rows are filled to about this length: attention over a row grows with its square."""

SPELLED_FIRST: Final = 20
SPELLED_EVERY: Final = 4

_OPEN_ROWS: Final = 16
_ROOT: Final = -1


@dataclass(frozen=True, slots=True)
class Question:
    """One example in tokens: what stands before any choice, each choice after it, and the right one.

    Questions of one `group` are best packed together; `answer` is -1 where no choice is right. In training
    the first `taught` tokens of the answer are learned, all of them where it is None.
    """

    stem: Tokens
    tails: tuple[Tokens, ...]
    answer: int
    group: str
    taught: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """The logits at `node` tell how likely `token` is: a part of the `choice` of the question at `place`.

    `rivals` are the tokens that go on to some choice here; `token` is one of them.
    """

    place: int
    choice: int
    node: int
    token: int
    rivals: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """One row: tokens in an order in which each stands after its `parents` entry (-1 for a root)."""

    tokens: tuple[int, ...]
    parents: tuple[int, ...]
    depths: tuple[int, ...]
    reads: tuple[Read, ...]


Row = tuple[int, ...]
"""Places of the questions that share a row."""

Batch = tuple[Row, ...]
Unit = tuple[Row, int]
"""Questions that stay in one row, and the tokens they take there."""


@dataclass(frozen=True, slots=True)
class Tensors:
    """A batch for the model: `visible` is (rows, queries, keys), `keep` (rows, tokens) where logits are read.

    Read number i is at `at[i]` among the kept positions in row order, and asks for `token[i]`.
    """

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    visible: torch.Tensor
    keep: torch.Tensor
    at: torch.Tensor
    token: torch.Tensor
    reads: tuple[Read, ...]
    tokens: int


def encode(examples: Sequence[Example], encoder: Encoder) -> list[Question]:
    """Return the examples in tokens, in order, cut exactly as the engine cuts them when it scores.

    Raises:
        PromptTooLongError: a prompt does not fit the model and the encoder may not cut it.
        TelcollmError: a choice is empty, repeated or has no token of its own.
    """
    if not examples:
        return []
    lists = choices_per_prompt(len(examples), [example.choices for example in examples])
    encoded = encoder.prompts_with_choices([example.prompt for example in examples], lists)
    return [
        Question(prompt.prefix + prompt.rest, prompt.tails, example.answer, example.conversation)
        for example, prompt in zip(examples, encoded, strict=True)
    ]


def shorten(questions: Sequence[Question]) -> list[Question]:
    """Return the questions with most answers taught only as far as they differ from the other choices.

    What follows is the same for all questions with that answer: it is learned from the first `SPELLED_FIRST`
    of each answer and every `SPELLED_EVERY`th after, which saves a quarter of the tokens of a dialogue.
    """
    seen: Counter[Tokens] = Counter()
    shortened = []
    for question in questions:
        tail = question.tails[question.answer]
        count = seen[tail]
        seen[tail] += 1
        if count >= SPELLED_FIRST and count % SPELLED_EVERY:
            deciding = [
                step for step, own in enumerate(_rivals(question.tails, question.answer), 1) if len(own) > 1
            ]
            question = replace(question, taught=max(deciding, default=1))
        shortened.append(question)
    return shortened


def build(questions: Sequence[Question], row: Iterable[int], *, every_choice: bool) -> Tree:
    """Return the tree of the questions at these places, with the right choice of each, or with every one."""
    tokens: list[int] = []
    parents: list[int] = []
    depths: list[int] = []
    children: dict[tuple[int, int], int] = {}
    reads: list[Read] = []

    def grow(node: int, token: int) -> int:
        child = children.get((node, token))
        if child is None:
            child = children[node, token] = len(tokens)
            tokens.append(token)
            parents.append(node)
            depths.append(0 if node == _ROOT else depths[node] + 1)
        return child

    for place in row:
        question = questions[place]
        end = _ROOT
        for token in question.stem:
            end = grow(end, token)
        for choice in range(len(question.tails)) if every_choice else [question.answer]:
            node = end
            tail = question.tails[choice]
            rivals = _rivals(question.tails, choice) if not every_choice else ((),) * len(tail)
            if not every_choice:
                tail = tail[: question.taught]
            for step, token in enumerate(tail):
                reads.append(Read(place, choice, node, token, rivals[step]))
                if step < len(tail) - 1:
                    node = grow(node, token)
    return Tree(tuple(tokens), tuple(parents), tuple(depths), tuple(reads))


def find_units(
    questions: Sequence[Question],
    *,
    batch_tokens: int,
    every_choice: bool = False,
    row_tokens: int = ROW_TOKENS,
) -> list[Unit]:
    """Return what stays together, with its tokens: whole groups, cut where they grow too long for a row."""

    def size(places: Sequence[int]) -> int:
        return len(build(questions, places, every_choice=every_choice).tokens)

    most_tokens = max(row_tokens, min(4 * row_tokens, batch_tokens))
    groups: dict[str, list[int]] = {}
    for place, question in enumerate(questions):
        groups.setdefault(question.group or f"\0{place}", []).append(place)
    units: list[Unit] = []
    for places in groups.values():
        whole = size(places)
        if whole <= most_tokens or len(places) == 1:
            units.append((tuple(places), whole))
            continue
        current: list[int] = []
        length = 0
        for place in places:
            grown = size([*current, place])
            if current and grown > most_tokens:
                units.append((tuple(current), length))
                current, grown = [], size([place])
            current.append(place)
            length = grown
        units.append((tuple(current), length))
    return units


def plan_batches(
    questions: Sequence[Question],
    *,
    batch_tokens: int,
    every_choice: bool = False,
    row_tokens: int = ROW_TOKENS,
    seed: str | None = None,
    units: Sequence[Unit] | None = None,
) -> list[Batch]:
    """Return batches of rows that hold every question once, about `batch_tokens` tokens with padding each.

    Questions of a group stay together in their order where they fit a row. With a `seed` groups and batches
    come in an order that hangs on it alone; without, rows alike in length go together. `units` are those of
    `find_units`, where many plans are made of the same questions.
    """
    order = list(
        units
        or find_units(questions, batch_tokens=batch_tokens, every_choice=every_choice, row_tokens=row_tokens)
    )
    if seed is not None:
        random.Random(seed).shuffle(order)
    rows = _fill(order, row_tokens)
    pool = 4 * max(1, batch_tokens // row_tokens) if seed is not None else len(rows)
    batches: list[Batch] = []
    for start in range(0, len(rows), max(1, pool)):
        near = sorted(rows[start : start + pool], key=lambda item: -item[1])
        current: list[Row] = []
        longest = 0
        for row, length in near:
            if current and (len(current) + 1) * max(longest, length) > batch_tokens:
                batches.append(tuple(current))
                current, longest = [], 0
            current.append(row)
            longest = max(longest, length)
        if current:
            batches.append(tuple(current))
    if seed is not None:
        random.Random(f"{seed}:batches").shuffle(batches)
    return batches


def tensors(
    questions: Sequence[Question], batch: Batch, *, padding: int, every_choice: bool = False
) -> Tensors:
    """Return a batch as tensors on the CPU; a padding token sees only itself."""
    import torch

    trees = [build(questions, row, every_choice=every_choice) for row in batch]
    width = max(len(tree.tokens) for tree in trees)
    ids = np.full((len(trees), width), padding, dtype=np.int64)
    positions = np.zeros((len(trees), width), dtype=np.int64)
    visible = np.zeros((len(trees), width, width), dtype=np.bool_)
    keep = np.zeros((len(trees), width), dtype=np.bool_)
    for place, tree in enumerate(trees):
        length = len(tree.tokens)
        ids[place, :length] = tree.tokens
        positions[place, :length] = tree.depths
        own = visible[place]
        for node, parent in enumerate(tree.parents):
            if parent != _ROOT:
                own[node] = own[parent]
            own[node, node] = True
        own[range(length, width), range(length, width)] = True
        keep[place, [read.node for read in tree.reads]] = True
    number = np.cumsum(keep.reshape(-1)).reshape(keep.shape) - 1
    reads = [(place, read) for place, tree in enumerate(trees) for read in tree.reads]
    return Tensors(
        input_ids=torch.from_numpy(ids),
        position_ids=torch.from_numpy(positions),
        visible=torch.from_numpy(visible),
        keep=torch.from_numpy(keep),
        at=torch.tensor([int(number[place, read.node]) for place, read in reads], dtype=torch.long),
        token=torch.tensor([read.token for _, read in reads], dtype=torch.long),
        reads=tuple(read for _, read in reads),
        tokens=sum(len(tree.tokens) for tree in trees),
    )


@functools.lru_cache(maxsize=4096)
def _rivals(tails: tuple[Tokens, ...], answer: int) -> tuple[tuple[int, ...], ...]:
    """Return at each token of the answer the tokens by which some choice goes on from the same beginning."""
    right = tails[answer]
    return tuple(
        tuple(dict.fromkeys(tail[step] for tail in tails if len(tail) > step and tail[:step] == right[:step]))
        for step in range(len(right))
    )


def _fill(units: Sequence[Unit], row_tokens: int) -> list[tuple[Row, int]]:
    """Return rows of one or more units each, none longer than `row_tokens` unless one unit alone is."""
    done: list[tuple[Row, int]] = []
    open_rows: list[tuple[list[int], int]] = []
    for places, length in units:
        room = [index for index, (_, used) in enumerate(open_rows) if used + length <= row_tokens]
        if room:
            best = max(room, key=lambda index: open_rows[index][1])
            filled, used = open_rows[best]
            open_rows[best] = ([*filled, *places], used + length)
        else:
            open_rows.append((list(places), length))
        if len(open_rows) > _OPEN_ROWS:
            fullest = max(range(len(open_rows)), key=lambda index: open_rows[index][1])
            filled, used = open_rows.pop(fullest)
            done.append((tuple(filled), used))
    return [*done, *((tuple(filled), used) for filled, used in open_rows)]
