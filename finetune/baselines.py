"""What a tuned model must beat: the majority, TF-IDF with logistic regression, and gradient boosting.

They get the same rows, the same earlier rows and the same care: strengths are chosen and confidences
calibrated on validation rows. Parts of the plain expert are used again where they are just that. Does not
know the language model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from telcollm.decider.features import document, numeric_matrix
from telcollm.decider.mixing import IntArray, fit_mix, log_softmax, pool_logs
from telcollm.decider.pairs import pad_rows, pair_baseline
from telcollm.decider.plain import PlainExpert, Say, fit_plain
from telcollm.decider.rows import Row, row_choices, row_history, with_history
from telcollm.decider.spec import DeciderSpec
from telcollm.decider.terms import fit_signs, fit_words
from telcollm.model.port import FloatArray

Baseline = Callable[[Sequence[Row]], FloatArray]
"""Rows to log-probabilities of shape (rows, labels), or (rows, widest list of choices), padded."""

_FLOOR: Final = 1e-4
_TOPICS: Final = 50
_ROUNDS: Final = 100
_MANY_ROWS: Final = 10_000


def fit_baselines(
    rows: Sequence[Row],
    labels: Sequence[int] | IntArray,
    spec: DeciderSpec,
    *,
    validation_rows: Sequence[Row],
    validation_labels: Sequence[int] | IntArray,
    expert: PlainExpert | None = None,
    seed: int = 0,
    say: Say = lambda line: None,
) -> dict[str, Baseline]:
    """Return "majority", "tfidf" and "boosting", fitted on training rows.

    `expert`, where it was fitted on the same rows, lends its linear models. Labels are indexes, -1 for none.
    """
    truth, checks = np.asarray(labels, dtype=np.int64), np.asarray(validation_labels, dtype=np.int64)
    rows = [row for row, label in zip(with_history(rows, spec), truth, strict=True) if label >= 0]
    truth = truth[truth >= 0]
    checked = with_history(validation_rows, spec)
    if expert is None:
        expert = fit_plain(
            rows, truth, spec, validation_rows=checked, validation_labels=checks, seed=seed, say=say
        )
    if spec.kind == "choices":
        say("baseline: boosted trees on pairs of row and choice")
        boosted = _fit_pair_boosting(rows, truth, spec, seed)
        return {
            "majority": _first_places(rows, truth, spec),
            "tfidf": _linear_part(expert, checked, checks),
            "boosting": _calibrated(boosted, checked, checks),
        }
    say("baseline: boosted trees")
    return {
        "majority": _majority(truth, spec),
        "tfidf": _linear_part(expert, checked, checks),
        "boosting": _calibrated(_fit_boosting(rows, truth, spec, seed), checked, checks),
    }


def _majority(truth: IntArray, spec: DeciderSpec) -> Baseline:
    counts = np.bincount(truth, minlength=len(spec.labels)) + 1e-3
    logs = np.log(counts / counts.sum())
    return lambda rows: np.tile(logs, (len(rows), 1))


def _first_places(rows: Sequence[Row], truth: IntArray, spec: DeciderSpec) -> Baseline:
    """Return how often each place was right: with varying choices, places are all that can be counted."""
    counts = np.bincount(truth, minlength=64) + 1e-3

    def ask(asked: Sequence[Row]) -> FloatArray:
        lengths = [len(row_choices(row, spec)) for row in asked]
        flat = np.concatenate([np.log(counts[:count]) for count in lengths] or [np.zeros(0)])
        return log_softmax(pad_rows(flat, lengths))

    return ask


def _linear_part(expert: PlainExpert, rows: Sequence[Row], truth: IntArray) -> Baseline:
    """Return the expert's linear models alone, mixed anew; its prior where it has nothing else."""

    def parts(asked: Sequence[Row]) -> dict[str, FloatArray]:
        said = expert.member_log_probabilities(asked)
        return {name: logs for name, logs in said.items() if name != "boosting"} or said

    if not rows:
        return expert.log_probabilities
    weights, temperature = fit_mix(parts(rows), truth)
    return lambda asked: pool_logs(parts(asked), weights, temperature)


def _calibrated(part: Baseline, rows: Sequence[Row], truth: IntArray) -> Baseline:
    if not rows:
        return part
    weights, temperature = fit_mix({"part": part(rows)}, truth)

    return lambda asked: pool_logs({"part": part(asked)}, weights, temperature)


@dataclass(frozen=True, slots=True)
class _Topics:
    """Numbers that stand for a row: its numeric columns, and topics of its and its history's words."""

    spec: DeciderSpec
    vectorizers: Mapping[str, Any]
    reducer: Any

    def matrix(self, rows: Sequence[Row]) -> FloatArray:
        """Return numbers of shape (rows, columns), missing ones as NaN."""
        blocks = [numeric_matrix(rows, self.spec)]
        if self.reducer is not None:
            blocks.append(self.reducer.transform(self.terms(rows)))
        earlier = [row_history(row, self.spec) for row in rows]
        blocks.append(np.array([[len(before)] for before in earlier], dtype=float).reshape(len(rows), 1))
        return np.hstack(blocks)

    def terms(self, rows: Sequence[Row]) -> Any:
        """Return the sparse words and signs of rows, with the words of the row before."""
        from scipy import sparse

        texts = [document(row, self.spec) for row in rows]
        blocks = [self.vectorizers[name].transform(texts) for name in ("words", "signs")]
        last = [row_history(row, self.spec)[-1:] for row in rows]
        told = [" ".join(document(before, self.spec) for before in own) for own in last]
        if self.spec.history is not None:
            blocks.append(self.vectorizers["words"].transform(told))
        return sparse.hstack(blocks).tocsr()


def _fit_boosting(rows: Sequence[Row], truth: IntArray, spec: DeciderSpec, seed: int) -> Baseline:
    classes = np.unique(truth)
    if len(classes) < 2:
        return _majority(truth, spec)
    topics = _topics_of(rows, spec, seed)
    matrix = topics.matrix(rows)
    # Scikit-learn cannot bin a column without any value; such a column tells nothing.
    matrix = np.where(np.isnan(matrix).all(axis=0), 0.0, matrix)
    model = _boosting(len(truth), seed).fit(matrix, truth)

    def ask(asked: Sequence[Row]) -> FloatArray:
        chances = np.zeros((len(asked), len(spec.labels)))
        if asked:
            chances[:, classes] = model.predict_proba(topics.matrix(asked))
        return np.asarray(np.log((1 - _FLOOR) * chances + _FLOOR / len(spec.labels)))

    return ask


def _topics_of(rows: Sequence[Row], spec: DeciderSpec, seed: int) -> _Topics:
    from sklearn.decomposition import TruncatedSVD

    texts = [document(row, spec) for row in rows]
    words, signs = fit_words(texts), fit_signs(texts)
    if not spec.text_columns or words is None or signs is None:
        return _Topics(spec, {}, None)
    topics = _Topics(spec, {"words": words, "signs": signs}, None)
    terms = topics.terms(rows)
    count = min(_TOPICS, terms.shape[1] - 1, terms.shape[0] - 1)
    if count < 1:
        return topics
    return _Topics(spec, topics.vectorizers, TruncatedSVD(count, random_state=seed).fit(terms))


def _fit_pair_boosting(rows: Sequence[Row], truth: IntArray, spec: DeciderSpec, seed: int) -> Baseline:
    reader, model = pair_baseline(
        rows, truth, spec, lambda matrix, right: _boosting(len(right), seed).fit(matrix, right)
    )

    def ask(asked: Sequence[Row]) -> FloatArray:
        pairs = reader.read(asked, spec)
        matrix = reader.matrix(asked, pairs, spec)
        flat = model.decision_function(matrix) if len(matrix) else np.zeros(0)
        return log_softmax(pad_rows(np.asarray(flat, dtype=float), pairs.lengths))

    return ask


def _boosting(rows: int, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    # Without its own early stopping: that draws by label, and cannot where a label has one row.
    return HistGradientBoostingClassifier(
        max_iter=_ROUNDS,
        learning_rate=0.2,
        max_leaf_nodes=8 if rows < _MANY_ROWS else 16,
        min_samples_leaf=5 if rows < _MANY_ROWS else 20,
        max_bins=64,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
