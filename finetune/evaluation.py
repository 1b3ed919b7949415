"""The one look at the test side: every part's answers, on the rows as they are and on rows changed in names.

What comes out is answers and costs; figures follow from them (`finetune.evidence`). Does not train.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from finetune.evidence import DECIDER, right_of
from finetune.parts import Part, Side, answers_of
from finetune.predictions import Disturbed, Predictions, Said, guarded, said
from finetune.preparation import Prepared
from telcollm.decider.decider import choice_texts
from telcollm.decider.mixing import mixed
from telcollm.decider.rows import Row, row_prompt
from telcollm.decider.spec import DeciderSpec
from telcollm.guard import Guard
from telcollm.model.port import FloatArray

MOST_BASE_ROWS: Final = 600
"""The untuned base is asked about as many test rows at most: it is far behind, which few rows show."""

_USUAL_SLICES: Final = ("vendor", "language", "lang", "region", "dialect", "channel", "voice")
_MOST_SLICE_VALUES: Final = 30
_FEWEST_SLICE_ROWS: Final = 20
_SHOWN_SLICES: Final = 12
_SHOWN_ERRORS: Final = 15
_SHOWN_CHARACTERS: Final = 280

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """Who is asked: the decider's own parts by name ("model", "plain"), the rivals, and the base."""

    own: Mapping[str, Part]
    rivals: Mapping[str, Part]
    base: Part | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What the look at the test side gave; `ms_per_row` is what a decision took in batches."""

    predictions: Predictions
    disturbed: tuple[Disturbed, ...]
    ms_per_row: float


def look(
    prepared: Prepared,
    spec: DeciderSpec,
    test: Side,
    parts: Parts,
    guard: Guard,
    *,
    groups: Sequence[str] = (),
    champion: Said | None = None,
    otherwise: Mapping[str, Sequence[Row]] | None = None,
    say: Say = lambda line: None,
) -> Looked:
    """Return the answers of all parts on the test rows, and on changed copies of some of them.

    `champion` is what the present champion says of the same rows, where there is one; `otherwise` holds all
    test rows as tables of their own tell them, by name of the change.
    """
    texts = choice_texts(test.rows, spec)
    say(f"test: asking the decider about {len(test.rows)} rows")
    started = time.perf_counter()
    logs = {name: part(test.rows) for name, part in parts.own.items()}
    chances = mixed(logs, spec)
    ms_per_row = 1000 * (time.perf_counter() - started) / max(len(test.rows), 1)
    found: dict[str, Said] = {DECIDER: said(_logs(chances), texts, test.truth)}
    found |= {name: said(one, texts, test.truth) for name, one in logs.items()}
    for name, part in parts.rivals.items():
        say(f"test: asking {name}")
        found[name] = said(part(test.rows), texts, test.truth)
    if champion is not None:
        found["champion"] = champion
    if parts.base is not None:
        found["base"] = _ask_some(parts.base, test, texts, spec.seed, say)
    abstained = found[DECIDER].confidence < spec.threshold.confidence
    inputs = [guarded(row, guard) for row in prepared.side("test")]
    predictions = Predictions(test.ids, test.truth, found, abstained, tuple(groups), tuple(inputs))
    changes = _disturb(prepared, spec, test, parts, predictions, otherwise or {}, say)
    return Looked(predictions, tuple(changes), ms_per_row)


def some(count: int, most: int, seed: int) -> list[int]:
    """Return at most so many of the places 0 to `count` - 1, drawn by the seed, in order."""
    return sorted(random.Random(seed).sample(range(count), min(count, most)))


def slices(predictions: Predictions, names: Sequence[str], best: str) -> list[dict[str, Any]]:
    """Return the slices of the test on which the decider is worst, by columns named or usually there.

    `best` is the baseline shown beside it.
    """
    from finetune.bootstrap import mean_interval

    rows = predictions.inputs
    columns = [name for row in rows[:1] for name in row]
    wanted = [name for name in columns if name in names or name.casefold() in _USUAL_SLICES]
    right = right_of(predictions, predictions.said[DECIDER]).astype(np.float64)
    rival = right_of(predictions, predictions.said[best]).astype(np.float64)
    found = []
    for name in wanted:
        values = [str(row.get(name, "")) for row in rows]
        if not 2 <= len(set(values)) <= _MOST_SLICE_VALUES:
            continue
        for value in sorted(set(values)):
            places = np.array([place for place, one in enumerate(values) if one == value])
            if len(places) < _FEWEST_SLICE_ROWS:
                continue
            accuracy = mean_interval(right[places])
            found.append(
                {
                    "column": name,
                    "value": value,
                    "rows": len(places),
                    "accuracy": accuracy.value,
                    "low": accuracy.low,
                    "high": accuracy.high,
                    "baseline": float(rival[places].mean()),
                }
            )
    return sorted(found, key=lambda one: float(str(one["accuracy"])))[:_SHOWN_SLICES]


def surest_errors(
    predictions: Predictions, rows: Sequence[Row], spec: DeciderSpec, guard: Guard
) -> list[dict[str, Any]]:
    """Return the wrong decisions of highest confidence, with what was read; texts have passed the guard."""
    own = predictions.said[DECIDER]
    wrong = [place for place, good in enumerate(right_of(predictions, own)) if not good]
    wrong.sort(key=lambda place: -float(own.confidence[place]))
    plain = predictions.said.get("plain")
    return [
        {
            "text": guard.hide(row_prompt(rows[place], spec, guard=guard).text)[:_SHOWN_CHARACTERS],
            "truth": predictions.truth[place],
            "decided": own.answers[place],
            "confidence": float(own.confidence[place]),
            "plain": plain.answers[place] if plain is not None else "",
        }
        for place in wrong[:_SHOWN_ERRORS]
    ]


def _ask_some(part: Part, test: Side, texts: Sequence[Sequence[str]], seed: int, say: Say) -> Said:
    """Return the part's answers on a sample of the test rows."""
    places = some(len(test.rows), MOST_BASE_ROWS, seed)
    say(f"test: asking the untuned base about {len(places)} rows")
    logs = part([test.rows[place] for place in places])
    found = said(logs, [texts[place] for place in places], [test.truth[place] for place in places])
    return Said(np.array(places), found.answers, found.confidence, found.in_top3)


def _disturb(
    prepared: Prepared,
    spec: DeciderSpec,
    test: Side,
    parts: Parts,
    predictions: Predictions,
    otherwise: Mapping[str, Sequence[Row]],
    say: Say,
) -> list[Disturbed]:
    """Return who was right before and after each change, on the sampled rows that it changes."""
    from finetune.perturbation import perturb

    places = some(len(test.rows), prepared.request.disturbed_rows, spec.seed)
    rows = [test.rows[place] for place in places]
    right = {name: right_of(predictions, part) for name, part in predictions.said.items()}
    changes = []
    told = {name: [own[place] for place in places] for name, own in otherwise.items()}
    # A table that bears the name of a generic change takes its place: it knows better what to change.
    for name, changed in {**perturb(rows, spec, seed=spec.seed), **told}.items():
        touched = [place for place, row in enumerate(changed) if row != rows[place]]
        if not touched:
            continue
        say(f"test: {name}, {len(touched)} of {len(rows)} rows changed")
        own = [changed[place] for place in touched]
        texts = choice_texts(own, spec)
        truth = answers_of(own, spec)[1]
        logs = {part: ask(own) for part, ask in parts.own.items()}
        answers = {DECIDER: _logs(mixed(logs, spec)), **logs}
        answers |= {rival: ask(own) for rival, ask in parts.rivals.items()}
        originals = [places[place] for place in touched]
        changes.append(
            Disturbed(
                name,
                len(rows),
                tuple(test.ids[place] for place in originals),
                {part: right[part][originals] for part in answers},
                {
                    part: np.array(
                        [a == b for a, b in zip(said(one, texts, truth).answers, truth, strict=True)]
                    )
                    for part, one in answers.items()
                },
            )
        )
    return changes


def _logs(chances: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(chances))
