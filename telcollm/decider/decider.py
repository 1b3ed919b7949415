"""A decider at work: rows in, one decision per row out, by the mix that was measured.

The same code writes rows and mixes parts in training, in evaluation and at use. Texts pass the guard before
either part sees them. Does not know where deciders are kept (`shelf`) or who acts on a decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from telcollm.decider.mixing import mixed
from telcollm.decider.plain import PlainExpert, load_plain
from telcollm.decider.rows import (
    HISTORY,
    ROW_VERSION,
    Row,
    answer_texts,
    cell_text,
    row_choices,
    row_prompt,
    shown_order,
    with_history,
)
from telcollm.decider.spec import ADAPTER_FOLDER, PLAIN_FILE, DeciderError, DeciderSpec, read_spec
from telcollm.guard import Guard
from telcollm.model.port import FloatArray, LanguageModel, Usage

ALTERNATIVES = 5
_LEAST = 1e-13


@runtime_checkable
class TakesAdapters(Protocol):
    """A language model in this process, to which adapters can be added while it runs."""

    def add_adapter(self, name: str, path: Path) -> None:
        """Make the adapter in a folder known by name."""
        ...


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided on one row, how sure, what else it might be, and what each part would have said.

    `alternatives` are the likeliest labels with their probabilities, the decided one first; `parts` holds
    (label, probability) of "model" and "plain". Where `abstained`, the label is a guess below the threshold.
    """

    label: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    parts: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    abstained: bool = False


class Decider:
    """One opened decider: its spec, the plain expert, and the language model with its adapter."""

    def __init__(
        self,
        spec: DeciderSpec,
        *,
        guard: Guard,
        language_model: LanguageModel | None = None,
        adapter: str | None = None,
        plain: PlainExpert | None = None,
    ) -> None:
        self.spec = spec
        self._guard = guard
        self._model = language_model
        self._adapter = adapter
        self._plain = plain

    @property
    def usage(self) -> Usage:
        """What its language model has been asked so far, by whomever; nothing without one."""
        return self._model.usage if self._model is not None else Usage()

    def decide(self, rows: Sequence[Row]) -> list[Decision]:
        """Return one decision per row, in order.

        A row may bring the earlier rows of its group under `rows.HISTORY`; else they are found among `rows`.

        Raises:
            DeciderError: a row lacks a column, or its choices are none.
            TransientError: a model server does not answer.
        """
        if not rows:
            return []
        read = self.read(rows)
        parts = self.part_log_probabilities(read)
        return decisions(parts, choice_texts(rows, self.spec), self.spec)

    def read(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows as the parts read them: guarded, each with its history.

        Raises:
            DeciderError: a column that the decider reads is in none of the rows.
        """
        check_columns(rows, self.spec)
        guarded = [guarded_row(row, self.spec, self._guard) for row in rows]
        return with_history(guarded, self.spec)

    def part_log_probabilities(self, rows: Sequence[Row]) -> dict[str, FloatArray]:
        """Return what each part says of rows from `read`, of shape (rows, widest list of choices)."""
        parts = {}
        if self._model is not None:
            prompts = [row_prompt(row, self.spec, guard=self._guard) for row in rows]
            answers = [answer_texts(row, self.spec) for row in rows]
            choices = answers[0] if self.spec.kind == "labels" else answers
            chances = self._model.score(prompts, choices, adapter=self._adapter, deciding=True)
            logs = padded_logs(chances, [len(own) for own in answers])
            if self.spec.kind == "choices":
                logs = in_row_order(logs, [shown_order(row_choices(row, self.spec)) for row in rows])
            parts["model"] = logs
        if self._plain is not None:
            parts["plain"] = self._plain.log_probabilities(rows)
        return parts


def open_decider(
    folder: Path, language_model: LanguageModel | None, *, guard: Guard, plain_only: bool = False
) -> Decider:
    """Return the decider in a folder, ready to decide.

    A decider without an adapter needs no language model. One with an adapter is opened without its model
    only where `plain_only` says so: it then decides by the plain expert, as that was calibrated alone.

    Raises:
        DeciderError: a part is missing, rows are written in another way by now, or the base is another one.
    """
    spec = read_spec(folder)
    if spec.row_version != ROW_VERSION:
        message = (
            f"decider {spec.name} reads rows as {spec.row_version!r}; this telcollm writes {ROW_VERSION!r}; "
            "train it again, or use the telcollm it was trained with"
        )
        raise DeciderError(message)
    plain = load_plain(folder / PLAIN_FILE, spec) if spec.plain else None
    adapter = None
    if not spec.adapter or (plain_only and plain is not None):
        language_model = None
    elif language_model is None:
        message = (
            f"decider {spec.name} needs the base model {spec.base}, none is open; set model.engine to torch "
            f"and run 'telcollm model pull {spec.base}'"
        )
        raise DeciderError(message)
    else:
        adapter = _add_adapter(spec, folder, language_model)
    if language_model is None and plain is None:
        message = (
            f"decider folder {folder} holds neither an adapter nor a plain expert; one of both is needed; "
            "train it again"
        )
        raise DeciderError(message)
    return Decider(spec, guard=guard, language_model=language_model, adapter=adapter, plain=plain)


def decisions(
    parts: Mapping[str, FloatArray], texts: Sequence[Sequence[str]], spec: DeciderSpec
) -> list[Decision]:
    """Return the decisions that parts of shape (rows, widest) make; `texts` are each row's labels."""
    chances = mixed(parts, spec)
    found = []
    for place, own in enumerate(texts):
        row = chances[place, : len(own)]
        order = np.argsort(-row, kind="stable")[:ALTERNATIVES]
        best = int(order[0])
        confidence = float(row[best])
        says = {}
        for name, logs in parts.items():
            one = int(np.argmax(logs[place, : len(own)]))
            says[name] = (own[one], float(np.exp(logs[place, one])))
        alternatives = tuple((own[int(other)], float(row[other])) for other in order)
        abstained = confidence < spec.threshold.confidence
        found.append(Decision(own[best], confidence, alternatives, says, abstained))
    return found


def choice_texts(rows: Sequence[Row], spec: DeciderSpec) -> list[tuple[str, ...]]:
    """Return what each row may be decided to be: the spec's labels, or the row's own choices."""
    if spec.kind == "choices":
        return [row_choices(row, spec) for row in rows]
    return [spec.labels] * len(rows)


def padded_logs(chances: FloatArray, counts: Sequence[int]) -> FloatArray:
    """Return probabilities, padded with 0, as log-probabilities padded with minus infinity."""
    logs = np.log(np.maximum(chances, _LEAST))
    for place, count in enumerate(counts):
        logs[place, count:] = -np.inf
    return logs


def in_row_order(logs: FloatArray, orders: Sequence[Sequence[int]]) -> FloatArray:
    """Return what was said of choices as they were shown, in the order in which their rows bring them.

    >>> in_row_order(np.array([[0.1, 0.2, 0.3]]), [(2, 0, 1)]).tolist()
    [[0.2, 0.3, 0.1]]
    """
    found = np.full_like(logs, -np.inf)
    for place, order in enumerate(orders):
        found[place, list(order)] = logs[place, : len(order)]
    return found


def check_columns(rows: Sequence[Row], spec: DeciderSpec) -> None:
    """Pass where each column that the decider reads is in some row.

    Raises:
        DeciderError: names the missing ones, and those that are there.
    """
    known: set[str] = set()
    for row in rows:
        known.update(row)
    wanted = [*spec.text_columns, *spec.numeric_columns]
    if spec.kind == "choices":
        wanted.append(spec.choices_column)
    missing = [name for name in wanted if name not in known]
    if missing:
        message = (
            f"rows lack {', '.join(map(repr, missing[:5]))}, which decider {spec.name} reads; rows with "
            f"{', '.join(wanted[:12])} are needed; they have {', '.join(sorted(known)[:12])}"
        )
        raise DeciderError(message)


def guarded_row(row: Row, spec: DeciderSpec, guard: Guard) -> dict[str, object]:
    """Return a row whose texts, choices and earlier rows have passed the guard; what has passed stays."""
    kept = dict(row)
    for name in spec.text_columns:
        if name in kept:
            kept[name] = guard.hide(cell_text(kept[name]))
    if spec.kind == "choices":
        kept[spec.choices_column] = [guard.hide(text) for text in row_choices(row, spec)]
    earlier = kept.get(HISTORY)
    if isinstance(earlier, list | tuple):
        kept[HISTORY] = tuple(guarded_row(before, spec, guard) for before in earlier)
    return kept


def _add_adapter(spec: DeciderSpec, folder: Path, language_model: LanguageModel) -> str:
    """Return the name of the decider's adapter in the model, added where it was not there.

    Raises:
        DeciderError: the model is another base, or a server that does not serve the adapter.
    """
    own = language_model.info.sha256
    if own and spec.base_sha256 and own != spec.base_sha256:
        message = (
            f"decider {spec.name} was trained over {spec.base} ({spec.base_sha256[:12]}), the open model is "
            f"{language_model.name} ({own[:12]}); the same base is needed; set model.name={spec.base}"
        )
        raise DeciderError(message)
    if not isinstance(language_model, TakesAdapters):
        if spec.name in language_model.adapters:
            return spec.name
        served = ", ".join(language_model.adapters) or "none"
        message = (
            f"model server serves the adapters: {served}; decider {spec.name} needs its own; serve "
            f"{folder / ADAPTER_FOLDER} and name it under model.adapters"
        )
        raise DeciderError(message)
    path = (folder / ADAPTER_FOLDER).absolute()
    name = f"{spec.name}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    language_model.add_adapter(name, path)
    return name
