"""What the plain expert sees of a row and one of its choices: words, numbers, and what they have in common.

Nothing hangs on where a choice is listed. Numbers are read from a choice's text by the word before them,
where enough choices have them, and set beside the rivals' of the same row. Does not know what is right.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from telcollm.decider.features import WORD_PATTERN, document, numeric_matrix
from telcollm.decider.rows import Row, row_choices, row_history
from telcollm.decider.spec import DeciderSpec
from telcollm.model.port import FloatArray

_WORDS: Final = re.compile(WORD_PATTERN)
_NAMED: Final = re.compile(r"(?<!\w)([^\W\d_]\w*)(?:[:=] ?| )(-?\d+(?:\.\d+)?)(?![\w.])|^(\d+)(?= )")
_SHARED: Final = 9
_MOST_NAMES: Final = 32
_MOST_MARKS: Final = 96
_FEWEST_CHOICES: Final = 5
_NAMED_RATIO: Final = 0.02
_MARKED_RATIO: Final = 0.01


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows and choices, row by row; `lengths` tells how many choices each row has.

    `shared` has the shape (pairs, facts), `values` (pairs, names) with NaN where a choice lacks a number,
    `beside` what they are among the row's; `tokens` stand for the words of each choice.
    """

    lengths: list[int]
    shared: FloatArray
    values: FloatArray
    beside: FloatArray
    tokens: list[list[str]]

    @property
    def linear(self) -> FloatArray:
        """Numbers for a linear model, of shape (pairs, columns); a missing one is 0 and marked."""
        missing = np.isnan(self.values)
        known = np.where(missing, 0.0, self.values)
        logs = np.sign(known) * np.log1p(np.abs(known))
        return np.hstack([self.shared, known, logs, missing.astype(float), self.beside])


@dataclass(frozen=True, slots=True)
class PairReader:
    """Reads pairs by the names of numbers and the telling words that training choices had."""

    names: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    def read(self, rows: Sequence[Row], spec: DeciderSpec) -> Pairs:
        """Return all pairs of the rows, in the order of each row's choices."""
        shared: list[list[float]] = []
        values: list[list[float]] = []
        tokens: list[list[str]] = []
        lengths = []
        for row in rows:
            choices = row_choices(row, spec)
            lengths.append(len(choices))
            earlier = " ".join(document(before, spec) for before in row_history(row, spec))
            text = _WORDS.findall(f"{earlier} {document(row, spec)}".casefold())
            words = [self._words(choice) for choice in choices]
            often = Counter(word for own in words for word in set(own))
            counts = Counter(text)
            first = {word: place for place, word in reversed(list(enumerate(text)))}
            sizes = [len(own) for own in words]
            for choice, own in zip(choices, words, strict=True):
                shared.append(_shared(own, sizes, often, counts, first))
                tokens.append(_tokens(own, counts))
                told = named_numbers(choice)
                values.append([told.get(name, np.nan) for name in self.names])
        numbers = np.array(values, dtype=float).reshape(len(values), len(self.names))
        facts = np.array(shared, dtype=float).reshape(len(shared), _SHARED)
        return Pairs(lengths, facts, numbers, _beside(numbers, lengths), tokens)

    def matrix(self, rows: Sequence[Row], pairs: Pairs, spec: DeciderSpec) -> FloatArray:
        """Return numbers for trees, of shape (pairs, columns): facts, common words, and the row's numbers."""
        places = {mark: place for place, mark in enumerate(self.marks)}
        marked = np.zeros((len(pairs.tokens), len(self.marks)))
        for line, own in enumerate(pairs.tokens):
            marked[line, [places[token] for token in own if token in places]] = 1.0
        counts = np.repeat(pairs.lengths, pairs.lengths).reshape(-1, 1)
        blocks = [pairs.shared, pairs.values, pairs.beside, marked, counts]
        if spec.numerics:
            blocks.append(np.repeat(numeric_matrix(rows, spec), pairs.lengths, axis=0))
        return np.hstack(blocks)

    def dump(self) -> str:
        """Return the reader as text."""
        return json.dumps({"names": self.names, "marks": self.marks})

    def _words(self, choice: str) -> list[str]:
        """Return a choice's words without the numbers that are read by name."""

        def drop(found: re.Match[str]) -> str:
            return " " if (found[1] or "").casefold() in self.names else found[0]

        head, mark, tail = choice.rpartition("; ")
        kept = f"{_NAMED.sub(drop, head) if mark else ''} {_NAMED.sub(drop, tail)}"
        return _WORDS.findall(kept.casefold())


def load_reader(text: str) -> PairReader:
    """Return the reader that was dumped."""
    kept = json.loads(text)
    return PairReader(tuple(kept["names"]), tuple(kept["marks"]))


def fit_reader(rows: Sequence[Row], spec: DeciderSpec) -> PairReader:
    """Return the reader of numbers that enough training choices have, and of their commonest words."""
    choices = [choice for row in rows for choice in row_choices(row, spec)]
    named = Counter(name for choice in choices for name in named_numbers(choice))
    names = PairReader(_often(named, len(choices) * _NAMED_RATIO, _MOST_NAMES))
    read = names.read(rows, spec).tokens
    marked = Counter(token for own in read for token in set(own) if token[:2] == "c:")
    return PairReader(names.names, _often(marked, len(choices) * _MARKED_RATIO, _MOST_MARKS))


def named_numbers(choice: str) -> dict[str, float]:
    """Return a choice's numbers by the word before them; one that it begins with has the name "".

    Where the text has a semicolon, only what follows the last one has names: what stands before may be
    somebody else's words.

    >>> named_numbers("3 router: alarms 99 of them; alarms 2, off 1.5")
    {'': 3.0, 'alarms': 2.0, 'off': 1.5}
    """
    tail = choice.rpartition("; ")[2]
    begins = _NAMED.match(choice)
    found = {"": float(begins[3])} if begins and begins[3] else {}
    for match in _NAMED.finditer(tail):
        if match[1]:
            found[match[1].casefold()] = float(match[2])
    return found


def _often(counted: Counter[str], fewest: float, most: int) -> tuple[str, ...]:
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return tuple(sorted(name for name, count in ranked[:most] if count >= max(fewest, _FEWEST_CHOICES)))


def _beside(values: FloatArray, lengths: Sequence[int]) -> FloatArray:
    """Return the shares of the row's choices below and above each number, and the row's extremes."""
    blocks = []
    start = 0
    for count in lengths:
        own = values[start : start + count]
        start += count
        filled = np.where(np.isnan(own), -np.inf, own)
        rivals = max(1, count - 1)
        below = (filled[:, None, :] > filled[None, :, :]).sum(axis=1) / rivals
        above = (filled[:, None, :] < filled[None, :, :]).sum(axis=1) / rivals
        top = np.where(np.isnan(own), 0.0, own).max(axis=0, initial=0.0)
        least = np.where(np.isnan(own), np.inf, own).min(axis=0, initial=np.inf)
        extremes = np.concatenate([top, np.where(np.isinf(least), 0.0, least)])
        blocks.append(np.hstack([below, above, np.tile(extremes, (count, 1))]))
    return np.vstack(blocks) if blocks else np.zeros((0, 4 * values.shape[1]))


def _shared(
    own: Sequence[str],
    sizes: Sequence[int],
    often: Mapping[str, int],
    counts: Mapping[str, int],
    first: Mapping[str, int],
) -> list[float]:
    """Return numbers on one choice: its length among the others', and what it has in common with whom."""
    size = max(1, len(own))
    different = sorted(set(own))
    found = [word for word in different if word in counts]
    rivals = max(1, len(sizes) - 1)
    text = max(1, len(counts))
    return [
        float(np.log1p(len(own))),
        len(own) * len(sizes) / max(1.0, float(sum(sizes))),
        float(len(own) == max(sizes)),
        float(len(own) == min(sizes)),
        len(found) / size,
        float(np.log1p(sum(counts[word] for word in found))),
        min((first[word] for word in found), default=text) / text,
        sum(often[word] - 1 for word in different) / size / rivals,
        sum(1 for word in different if often[word] == 1 and word in counts) / size,
    ]


def _tokens(own: Sequence[str], counts: Mapping[str, Any]) -> list[str]:
    """Return a choice's words, pairs of words, and words with whether the row has them."""
    tokens = [f"c:{word}" for word in own]
    tokens += [f"c:{one}_{two}" for one, two in itertools.pairwise(own)]
    tokens += [f"i:{word}" if word in counts else f"o:{word}" for word in sorted(set(own))]
    return [*tokens, "c=" + "_".join(own[:6])]
