"""The plain expert where each row brings its own choices: every pair of row and choice is scored alike.

A linear model and boosted trees score pairs; scores become probabilities within the row. The order of choices
changes nothing: what is tied goes by the choice's text. Does not know the language model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from telcollm.decider.mixing import IntArray, fit_mix, log_softmax, pool, pool_logs
from telcollm.decider.pair_features import PairReader, Pairs, fit_reader, load_reader
from telcollm.decider.rows import Row, row_choices
from telcollm.decider.spec import DeciderError, DeciderSpec
from telcollm.decider.terms import fit_tokens
from telcollm.decider.trees import Trees, trees_of
from telcollm.model.port import FloatArray

PAIR_STRENGTHS: Final = (0.01, 0.1, 1.0, 10.0)
BOOSTING: Final = "boosting"
_LINEAR: Final = "linear"
_ROUNDS: Final = 400
_MANY_PAIRS: Final = 5000
_FEWEST_CHECKS: Final = 30
_LEAST_SPREAD: Final = 1e-6
_MOST_SPREADS: Final = 10.0
_TIE: Final = 1e-9


def pair_log_probabilities(state: Mapping[str, Any], rows: Sequence[Row], spec: DeciderSpec) -> FloatArray:
    """Return log-probabilities of shape (rows, widest list of choices), padded with minus infinity.

    Raises:
        DeciderError: the state is of an expert that read pairs in another way.
    """
    parts = member_pair_logs(state, rows, spec)
    return pool_logs(parts, state["weights"], float(state["temperature"]))


def member_pair_logs(
    state: Mapping[str, Any], rows: Sequence[Row], spec: DeciderSpec
) -> dict[str, FloatArray]:
    """Return what each member says, of shape (rows, widest list of choices), padded with minus infinity.

    Raises:
        DeciderError: the state is of an expert that read pairs in another way.
    """
    if "reader" not in state:
        message = (
            f"the plain expert of decider {spec.name} reads choices by their place; one that reads them by "
            "their texts is allowed; train it again by 'telcollm finetune run'"
        )
        raise DeciderError(message)
    reader = load_reader(state["reader"])
    pairs = reader.read(rows, spec)
    ties = _ties(rows, spec)
    found = {}
    for name, member in state["members"].items():
        if name == BOOSTING:
            matrix = reader.matrix(rows, pairs, spec)
            flat = Trees(**member["trees"]).scores(matrix)[:, 1] if len(matrix) else np.zeros(0)
        else:
            flat = np.asarray(_linear_matrix(state, pairs) @ member["coefficients"], dtype=float)
        found[name] = log_softmax(pad_rows(flat - ties, pairs.lengths))
    return found


def fit_pairs(
    rows: Sequence[Row],
    answers: IntArray,
    spec: DeciderSpec,
    validation_rows: Sequence[Row],
    validation_answers: IntArray,
    seed: int = 0,
) -> dict[str, Any]:
    """Return what the expert keeps: reader, terms, its members, how they are mixed, and the temperature."""
    reader = fit_reader(rows, spec)
    pairs = reader.read(rows, spec)
    right = right_pairs(pairs.lengths, answers)
    middle, spread = pairs.linear.mean(axis=0), pairs.linear.std(axis=0)
    # A fact that is constant but for rounding would be blown up beyond all others at use.
    spread[spread < _LEAST_SPREAD] = 1.0
    vectorizer = fit_tokens(pairs.tokens)
    state: dict[str, Any] = {
        "reader": reader.dump(),
        "vectorizers": {} if vectorizer is None else {"choices": vectorizer},
        "middle": middle,
        "spread": spread,
        "members": {},
    }
    linear = _fit_linear(state, pairs, right, spec, validation_rows, validation_answers)
    matrix = reader.matrix(rows, pairs, spec)
    checked = reader.read(validation_rows, spec)
    checks = (reader.matrix(validation_rows, checked, spec), checked.lengths, validation_answers)
    trees = trees_of(_fit_trees(matrix, right, checks, seed))
    kept = {name: getattr(trees, name) for name in Trees.__slots__}
    state["members"] = {_LINEAR: linear, BOOSTING: {"trees": kept}}
    known = len(validation_rows) and (validation_answers >= 0).any()
    empty = dict.fromkeys(state["members"], np.zeros((0, 2)))
    parts = member_pair_logs(state, validation_rows, spec) if known else empty
    state["weights"], state["temperature"] = fit_mix(parts, validation_answers if known else [])
    return state


def right_pairs(lengths: Sequence[int], answers: IntArray) -> FloatArray:
    """Return for every pair whether its choice is the row's right one.

    >>> right_pairs([2, 3], np.array([1, 0])).tolist()
    [False, True, True, False, False]
    """
    pairs = zip(lengths, answers, strict=True)
    return np.concatenate([np.arange(count) == answer for count, answer in pairs])


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


def pair_baseline(
    rows: Sequence[Row], answers: IntArray, spec: DeciderSpec, fit: Any
) -> tuple[PairReader, Any]:
    """Return the reader and the model that `fit` makes of (numbers of pairs, which are right)."""
    reader = fit_reader(rows, spec)
    pairs = reader.read(rows, spec)
    return reader, fit(reader.matrix(rows, pairs, spec), right_pairs(pairs.lengths, answers))


def _ties(rows: Sequence[Row], spec: DeciderSpec) -> FloatArray:
    """Return for every pair what settles a tie: next to nothing, by the text of its choice."""
    found = []
    for row in rows:
        choices = row_choices(row, spec)
        ranks = {text: rank for rank, text in enumerate(sorted(set(choices)))}
        found += [_TIE * ranks[text] for text in choices]
    return np.array(found, dtype=float)


def _linear_matrix(state: Mapping[str, Any], pairs: Pairs) -> Any:
    from scipy import sparse

    scaled = ((pairs.linear - state["middle"]) / state["spread"]).clip(-_MOST_SPREADS, _MOST_SPREADS)
    blocks = [sparse.csr_matrix(scaled.astype(np.float32))]
    if "choices" in state["vectorizers"]:
        blocks.append(state["vectorizers"]["choices"].transform([" ".join(row) for row in pairs.tokens]))
    return sparse.hstack(blocks).tocsr()


def _fit_linear(
    state: Mapping[str, Any],
    pairs: Pairs,
    right: FloatArray,
    spec: DeciderSpec,
    validation_rows: Sequence[Row],
    validation_answers: IntArray,
) -> dict[str, Any]:
    """Return the logistic regression whose strength fits the validation rows best, after calibration."""
    from sklearn.linear_model import LogisticRegression

    matrix = _linear_matrix(state, pairs)
    known = validation_answers >= 0
    best = float("inf")
    found: dict[str, Any] = {}
    for strength in PAIR_STRENGTHS if known.any() else (1.0,):
        model = LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(matrix, right)
        tried = {"strength": strength, "coefficients": model.coef_[0].astype(np.float32)}
        loss = 0.0
        if known.any():
            members = {_LINEAR: tried}
            logs = member_pair_logs({**state, "members": members}, validation_rows, spec)
            weights, temperature = fit_mix(logs, validation_answers)
            chances = pool(logs, weights, temperature)
            own = chances[np.flatnonzero(known), validation_answers[known]]
            loss = -float(np.log(own + 1e-12).mean())
        if loss < best:
            best, found = loss, tried
    return found


def _fit_trees(
    matrix: FloatArray, right: FloatArray, checks: tuple[FloatArray, Sequence[int], IntArray], seed: int
) -> Any:
    """Return boosted trees, stopped where the validation pairs gain nothing more."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    check_matrix, lengths, answers = checks
    kept = np.repeat(answers >= 0, lengths)
    stop = int((answers >= 0).sum()) >= _FEWEST_CHECKS
    many = len(right) >= _MANY_PAIRS
    model = HistGradientBoostingClassifier(
        max_iter=_ROUNDS if stop else _ROUNDS // 4,
        learning_rate=0.06 if many else 0.1,
        max_leaf_nodes=16 if many else 8,
        min_samples_leaf=20 if many else 5,
        max_bins=64,
        l2_regularization=1.0,
        early_stopping=stop,
        n_iter_no_change=20,
        random_state=seed,
    )
    # Scikit-learn cannot bin a column without any value; such a column tells nothing.
    matrix = np.where(np.isnan(matrix).all(axis=0), 0.0, matrix)
    if not stop:
        return model.fit(matrix, right)
    return model.fit(matrix, right, X_val=check_matrix[kept], y_val=right_pairs(lengths, answers)[kept])
