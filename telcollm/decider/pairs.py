"""The plain expert where each row brings its own choices: every pair of row and choice is scored alike.

A pair is seen by the choice's words, by how much it has in common with the row and with its rivals, and by
its place. Scores become probabilities within the row. Does not know the language model.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from telcollm.decider.features import WORD_PATTERN, document
from telcollm.decider.mixing import IntArray, fit_mix, log_softmax, pool, pool_logs
from telcollm.decider.rows import Row, row_choices, row_history
from telcollm.decider.spec import DeciderSpec
from telcollm.decider.terms import fit_tokens
from telcollm.model.port import FloatArray

_WORDS: Final = re.compile(WORD_PATTERN)
PAIR_STRENGTHS: Final = (0.1, 1.0, 10.0)
_MOST_PLACE: Final = 12

_LEAST_SPREAD: Final = 1e-6
_MOST_SPREADS: Final = 10.0


def pair_log_probabilities(state: Mapping[str, Any], rows: Sequence[Row], spec: DeciderSpec) -> FloatArray:
    """Return log-probabilities of shape (rows, widest list of choices), padded with minus infinity."""
    logs = log_softmax(_scores(state, rows, spec))
    return pool_logs({"pairs": logs}, state["weights"], float(state["temperature"]))


def fit_pairs(
    rows: Sequence[Row],
    answers: IntArray,
    spec: DeciderSpec,
    validation_rows: Sequence[Row],
    validation_answers: IntArray,
    strengths: Sequence[float] = PAIR_STRENGTHS,
) -> dict[str, Any]:
    """Return what the expert keeps: terms, weights of facts and terms, and the temperature."""
    from sklearn.linear_model import LogisticRegression

    facts, tokens, lengths = _pairs(rows, spec)
    pairs = zip(lengths, answers, strict=True)
    right = np.concatenate([np.arange(count) == answer for count, answer in pairs])
    middle, spread = facts.mean(axis=0), facts.std(axis=0)
    # A fact that is constant but for rounding would be blown up beyond all others at use.
    spread[spread < _LEAST_SPREAD] = 1.0
    vectorizer = fit_tokens(tokens)
    state: dict[str, Any] = {
        "vectorizers": {} if vectorizer is None else {"choices": vectorizer},
        "middle": middle,
        "spread": spread,
        "temperature": 1.0,
        "weights": {"pairs": 1.0},
        "members": {},
    }
    matrix = _matrix(state, facts, tokens)
    best = float("inf")
    found = state
    for strength in strengths:
        model = LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(matrix, right)
        tried = {**state, "strength": strength, "coefficients": model.coef_[0].astype(np.float32)}
        if not len(validation_rows):
            found = tried
            continue
        logs = log_softmax(_scores(tried, validation_rows, spec))
        tried["temperature"] = fit_mix({"pairs": logs}, validation_answers)[1]
        chances = pool({"pairs": logs}, state["weights"], tried["temperature"])
        known = validation_answers >= 0
        own = chances[np.flatnonzero(known), validation_answers[known]]
        loss = -float(np.log(own + 1e-12).mean()) if known.any() else 0.0
        if loss < best:
            best, found = loss, tried
    return found


def pair_facts(rows: Sequence[Row], spec: DeciderSpec) -> tuple[FloatArray, list[int]]:
    """Return facts of every pair, of shape (pairs, facts), and how many choices each row has."""
    facts, _, lengths = _pairs(rows, spec)
    return facts, lengths


def _scores(state: Mapping[str, Any], rows: Sequence[Row], spec: DeciderSpec) -> FloatArray:
    facts, tokens, lengths = _pairs(rows, spec)
    flat = np.asarray(_matrix(state, facts, tokens) @ state["coefficients"], dtype=float)
    return pad_rows(flat, lengths)


def pad_rows(flat: FloatArray, lengths: Sequence[int]) -> FloatArray:
    """Return scores of pairs as an array of shape (rows, widest), padded with minus infinity.

    >>> pad_rows(np.array([1.0, 2.0, 3.0]), [2, 1]).tolist()
    [[1.0, 2.0], [3.0, -inf]]
    """
    scores = np.full((len(lengths), max(lengths, default=0)), -np.inf)
    start = 0
    for place, count in enumerate(lengths):
        scores[place, :count] = flat[start : start + count]
        start += count
    return scores


def _matrix(state: Mapping[str, Any], facts: FloatArray, tokens: Sequence[Sequence[str]]) -> Any:
    from scipy import sparse

    scaled = ((facts - state["middle"]) / state["spread"]).clip(-_MOST_SPREADS, _MOST_SPREADS)
    blocks = [sparse.csr_matrix(scaled.astype(np.float32))]
    if "choices" in state["vectorizers"]:
        blocks.append(state["vectorizers"]["choices"].transform([" ".join(row) for row in tokens]))
    return sparse.hstack(blocks).tocsr()


def _pairs(rows: Sequence[Row], spec: DeciderSpec) -> tuple[FloatArray, list[list[str]], list[int]]:
    facts: list[list[float]] = []
    tokens: list[list[str]] = []
    lengths = []
    for row in rows:
        choices = row_choices(row, spec)
        earlier = " ".join(document(before, spec) for before in row_history(row, spec))
        text = _WORDS.findall(f"{earlier} {document(row, spec)}".casefold())
        words = [_WORDS.findall(choice.casefold()) for choice in choices]
        lengths.append(len(choices))
        shared = Counter(word for own in words for word in set(own))
        counts = Counter(text)
        first = {word: place for place, word in reversed(list(enumerate(text)))}
        sizes = [len(own) for own in words]
        for place, own in enumerate(words):
            facts.append(_facts(place, own, sizes, shared, counts, first))
            tokens.append(_tokens(own, counts))
    return np.array(facts, dtype=float).reshape(len(facts), -1), tokens, lengths


def _facts(
    place: int,
    own: Sequence[str],
    sizes: Sequence[int],
    shared: Mapping[str, int],
    counts: Mapping[str, int],
    first: Mapping[str, int],
) -> list[float]:
    """Return numbers on one choice: its place, its length among the others', and what it has in common."""
    size = max(1, len(own))
    found = [word for word in set(own) if word in counts]
    many = len(sizes)
    text = max(1, len(counts))
    return [
        *(float(place == slot) for slot in range(_MOST_PLACE)),
        place / max(1, many - 1),
        np.log1p(len(own)),
        len(own) / max(1.0, float(np.mean(sizes))),
        float(len(own) == max(sizes)),
        float(len(own) == min(sizes)),
        len(found) / size,
        np.log1p(sum(counts[word] for word in found)),
        min((first[word] for word in found), default=text) / text,
        sum(shared[word] - 1 for word in set(own)) / size / max(1, many - 1),
        sum(1 for word in set(own) if shared[word] == 1 and word in counts) / size,
    ]


def _tokens(own: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    """Return a choice's words, pairs of words, and words with whether and how often the row has them."""
    tokens = [f"c:{word}" for word in own]
    tokens += [f"c:{one}_{two}" for one, two in itertools.pairwise(own)]
    tokens += [f"i:{word}" if word in counts else f"o:{word}" for word in set(own)]
    return [*tokens, "c=" + "_".join(own[:6])]
