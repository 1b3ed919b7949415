"""Deciders asked about tickets: a label each, how sure, and the words and facts that it rests on.

Words come from the decider's plain expert, by leaving each out: what its log-odds lose is the word's weight.
Where the language model decided otherwise than the expert, no words can be named, and that is said. Does not
know teams or costs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from telcollm.decider.decider import Decider, Decision
from telcollm.decider.rows import cell_text

_CLAUSE: Final = re.compile(
    r"[^\n.!?;,\u3002\uff01\uff1f\uff1b\uff0c]+(?:[.,](?=\S)[^\n.!?;,\u3002\uff01\uff1f\uff1b\uff0c]+)*"
)
_WORD: Final = re.compile(r"[^\W\u4e00-\u9fff][\w'/-]*")
_LETTER: Final = re.compile(r"[^\W\d_]")
_MOST_CLAUSES: Final = 12
_MOST_WORDS: Final = 24
_READ_CLAUSES: Final = 3
_LEAST_WEIGHT: Final = 0.05
_LONGEST: Final = 40
_ROWS_AT_ONCE: Final = 512
_SHORT_CELL: Final = 60

Words = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A decider with its plain expert opened alone, None where it has none; `name` says which one it is."""

    decider: Decider
    expert: Decider | None
    name: str

    @property
    def labels(self) -> tuple[str, ...]:
        """What it may answer."""
        return self.decider.spec.labels

    @property
    def columns(self) -> tuple[str, ...]:
        """What it reads."""
        return (*self.decider.spec.text_columns, *self.decider.spec.numeric_columns)

    def decide(self, rows: Sequence[Mapping[str, object]]) -> list[Decision]:
        """Return one decision a row; rows alike are asked once, columns they lack are read as empty.

        Raises:
            DeciderError: the rows cannot be read.
            TransientError: a model server does not answer.
        """
        read = [self._filled(row) for row in rows]
        places: dict[tuple[str, ...], int] = {}
        for place, row in enumerate(read):
            places.setdefault(self._key(row), place)
        asked = [read[place] for place in places.values()]
        said = dict(zip(places, self.decider.decide(asked), strict=True))
        return [said[self._key(row)] for row in read]

    def lacking(self, row: Mapping[str, object]) -> tuple[str, ...]:
        """Return the columns that the decider reads and the ticket has nothing in."""
        return tuple(name for name in self.columns if not cell_text(row.get(name)))

    def _filled(self, row: Mapping[str, object]) -> dict[str, object]:
        spec = self.decider.spec
        return {
            **dict.fromkeys(spec.numeric_columns),
            **dict.fromkeys(spec.text_columns, ""),
            **{name: row[name] for name in self.columns if name in row},
        }

    def _key(self, row: Mapping[str, object]) -> tuple[str, ...]:
        return tuple(cell_text(row.get(name)) for name in self.columns)

    def words(
        self,
        rows: Sequence[Mapping[str, object]],
        decisions: Sequence[Decision],
    ) -> list[Words]:
        """Return for each row the words and facts that its decision rests on most, with their weights.

        None for a row whose decision is not the plain expert's own.
        """
        found: list[Words] = [()] * len(rows)
        if self.expert is None:
            return found
        known: dict[tuple[str, ...], Words] = {}
        for place, (row, decision) in enumerate(zip(rows, decisions, strict=True)):
            filled = self._filled(row)
            key = (decision.label, *self._key(filled))
            if key not in known:
                known[key] = self._explain(filled, decision) if agrees(decision) else ()
            found[place] = known[key]
        return found

    def _explain(self, row: Mapping[str, object], decision: Decision) -> Words:
        if self.expert is None:
            return ()
        spec = self.expert.spec
        read = self.expert.read([row])[0]
        label = spec.labels.index(decision.label)
        parts: list[tuple[str, str, str]] = []
        for column in spec.text_columns:
            cell = cell_text(read.get(column))
            if len(cell) <= _SHORT_CELL and len(spec.text_columns) > 1 and column != "description":
                parts += [(column, cell, f"{column}={cell}")] if cell else []
            else:
                parts += [(column, clause, "") for clause in _clauses(cell)]
        losses = self._losses(read, label, [(column, part) for column, part, _ in parts])
        weights: dict[str, float] = {}
        ranked = sorted(zip(losses, parts, strict=True), key=lambda one: -one[0])
        words: list[tuple[str, str]] = []
        opened = 0
        for loss, (column, part, fact) in ranked:
            if loss < _LEAST_WEIGHT:
                break
            if fact:
                weights[fact] = loss
            elif _is_phrase(part):
                weights[part.strip()[:_LONGEST]] = loss
            elif opened < _READ_CLAUSES:
                opened += 1
                words += [(column, word) for word in _words(part)]
        words = list(dict.fromkeys(words))[:_MOST_WORDS]
        for (_, word), loss in zip(words, self._losses(read, label, words), strict=True):
            if loss >= _LEAST_WEIGHT:
                weights[word] = max(loss, weights.get(word, 0.0))
        best = sorted(weights.items(), key=lambda one: (-one[1], one[0]))[:6]
        return tuple((word, round(weight, 3)) for word, weight in best)

    def _losses(self, row: Mapping[str, object], label: int, parts: Sequence[tuple[str, str]]) -> list[float]:
        """Return what the label's log-odds lose when each part is left out of its column."""
        if self.expert is None or not parts:
            return []
        rows = [row, *({**row, column: _without(cell_text(row.get(column)), part)} for column, part in parts)]
        odds: list[float] = []
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            logs = self.expert.part_log_probabilities(rows[start : start + _ROWS_AT_ONCE])["plain"]
            odds += [_log_odds(float(one[label])) for one in logs]
        return [odds[0] - other for other in odds[1:]]


def agrees(decision: Decision) -> bool:
    """Tell whether the plain expert alone would have decided the same."""
    return "plain" in decision.parts and decision.parts["plain"][0] == decision.label


def _clauses(text: str) -> list[str]:
    found = [part for part in (one[0].strip() for one in _CLAUSE.finditer(text)) if part]
    return list(dict.fromkeys(found))[:_MOST_CLAUSES]


def _words(clause: str) -> list[str]:
    return [found[0] for found in _WORD.finditer(clause) if len(found[0]) > 1 and _LETTER.search(found[0])]


def _is_phrase(clause: str) -> bool:
    """Tell whether a clause is told as a whole: Chinese does not part its words."""
    return any("\u4e00" <= sign <= "\u9fff" for sign in clause)


def _without(text: str, part: str) -> str:
    if _LETTER.match(part) and not _is_phrase(part) and " " not in part:
        return re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", " ", text)
    return text.replace(part, " ")


def _log_odds(log_probability: float) -> float:
    probability = min(max(math.exp(log_probability), 1e-9), 1 - 1e-9)
    return math.log(probability / (1 - probability))
