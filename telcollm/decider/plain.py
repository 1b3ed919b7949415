"""The plain expert: linear models on words, signs and numbers, and boosted trees on numbers, mixed.

It is what a careful analyst would try first, and half of every decider. It sees what the model sees, the
earlier rows included. Its file holds arrays and texts only and is read without running anything that it
brings. Does not know the language model.
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from telcollm.decider.coefficients import pack, unpack
from telcollm.decider.features import (
    NumericScale,
    document,
    fit_scale,
    history_tokens,
    numeric_matrix,
    own_tokens,
)
from telcollm.decider.mixing import IntArray, fit_mix, log_softmax, pool, pool_logs
from telcollm.decider.numerals import NAMED_AT_MOST
from telcollm.decider.pairs import fit_pairs, member_pair_logs, pair_log_probabilities
from telcollm.decider.rows import Row, with_history
from telcollm.decider.spec import PLAIN_FILE, DeciderError, DeciderSpec
from telcollm.decider.terms import MANY_ROWS, fit_signs, fit_tokens, fit_words, freeze, thaw
from telcollm.decider.trees import Trees, trees_of
from telcollm.errors import MissingExtraError
from telcollm.model.port import FloatArray

_FLOOR: Final = 1e-4
_STRENGTHS: Final = (2.0, 10.0)
_ROUNDS: Final = 150
_LEAST_WEIGHT: Final = 0.001
_MANY_ROWS: Final = 10_000
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PlainExpert:
    """Fitted members and how they are mixed; `log_probabilities` has the columns of the spec's labels.

    `state` is what the file holds; `fitted_s` the time that fitting took.
    """

    state: dict[str, Any]
    spec: DeciderSpec
    fitted_s: float = 0.0

    @property
    def members(self) -> dict[str, float]:
        """The weight of each member in the mix."""
        return dict(self.state["weights"])

    def log_probabilities(self, rows: Sequence[Row]) -> FloatArray:
        """Return log-probabilities of shape (rows, labels); a row that brings no history has none.

        For the kind "choices" columns are the row's choices in the order of its cell, padded with minus
        infinity.
        """
        if not rows:
            return np.zeros((0, len(self.spec.labels)))
        if self.spec.kind == "choices":
            return pair_log_probabilities(self.state, rows, self.spec)
        parts = self.member_log_probabilities(rows)
        return pool_logs(parts, self.state["weights"], self.state["temperature"])

    def member_log_probabilities(self, rows: Sequence[Row]) -> dict[str, FloatArray]:
        """Return what each member says, of shape (rows, labels), or (rows, widest list of choices)."""
        if self.spec.kind == "choices":
            return member_pair_logs(self.state, rows, self.spec)
        labels = len(self.spec.labels)
        features = _Features(rows, self.spec, self.state)
        parts = {}
        for name, member in self.state["members"].items():
            classes = np.asarray(member["classes"])
            if name == "boosting":
                chances = np.exp(log_softmax(Trees(**member["trees"]).scores(features.numbers)))
            elif name == "prior":
                chances = np.tile(np.asarray(member["chances"]), (len(rows), 1))
            else:
                scores = features.matrix(name) @ unpack(member["coefficients"]).T
                chances = np.exp(log_softmax(np.asarray(scores, dtype=float) + member["intercepts"]))
            spread = np.zeros((len(rows), labels))
            spread[:, classes] = chances
            parts[name] = np.log((1 - _FLOOR) * spread + _FLOOR / labels)
        return parts

    def trimmed(self) -> PlainExpert:
        """Return the same expert without members that the mix leaves out."""
        kept = {name: weight for name, weight in self.members.items() if weight >= _LEAST_WEIGHT}
        if not kept or len(kept) == len(self.members):
            return self
        members = {name: self.state["members"][name] for name in kept}
        total = sum(kept.values())
        weights = {name: weight / total for name, weight in kept.items()}
        return replace(self, state={**self.state, "members": members, "weights": weights})

    def save(self, folder: Path) -> Path:
        """Return the path of the file in a decider's folder."""
        skops = _skops()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / PLAIN_FILE
        kept = {name: freeze(vectorizer) for name, vectorizer in self.state["vectorizers"].items()}
        about = json.dumps({"fitted_s": round(self.fitted_s, 1)})
        state = {**self.state, "vectorizers": kept, "about": about}
        skops.dump(state, path, compression=zipfile.ZIP_LZMA)
        return path


def load_plain(path: Path, spec: DeciderSpec) -> PlainExpert:
    """Return the expert in the file at `path`.

    Raises:
        DeciderError: the file is missing, broken, or asks to run something that is not trusted.
    """
    skops = _skops()
    try:
        unknown = sorted(skops.get_untrusted_types(file=path))
        if unknown:
            message = (
                f"{path} asks for {', '.join(unknown[:3])}, which is not trusted; arrays and texts are "
                "allowed; "
                "train the decider again"
            )
            raise DeciderError(message)
        state = skops.load(path)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        message = (
            f"plain expert {path} cannot be read ({error}); the file that training wrote is needed; "
            "restore it "
            "or train again"
        )
        raise DeciderError(message) from error
    state["vectorizers"] = {name: thaw(kept) for name, kept in state["vectorizers"].items()}
    return PlainExpert(state, spec, float(json.loads(state["about"])["fitted_s"]))


def fit_plain(
    rows: Sequence[Row],
    labels: Sequence[int] | IntArray,
    spec: DeciderSpec,
    *,
    validation_rows: Sequence[Row],
    validation_labels: Sequence[int] | IntArray,
    seed: int = 0,
    say: Say = lambda line: None,
) -> PlainExpert:
    """Return the expert learned from training rows, its strengths and mix chosen on validation rows.

    Labels are indexes of the spec's labels, or of the row's choices; rows with -1 are left out. Rows get
    their history where the spec has one and they bring none. `say` hears which member is being fitted.

    Raises:
        DeciderError: there is no row with a label.
    """
    started = time.perf_counter()
    rows, validation_rows = with_history(rows, spec), with_history(validation_rows, spec)
    truth, checks = np.asarray(labels, dtype=np.int64), np.asarray(validation_labels, dtype=np.int64)
    rows = [row for row, label in zip(rows, truth, strict=True) if label >= 0]
    truth = truth[truth >= 0]
    if not rows:
        message = "0 rows with a label came to the plain expert; at least one is needed; check the split"
        raise DeciderError(message)
    if spec.kind == "choices":
        say("plain expert: pairs of row and choice")
        pairs = fit_pairs(rows, truth, spec, validation_rows, checks, seed)
        return PlainExpert(pairs, spec, time.perf_counter() - started)
    classes, counts = np.unique(truth, return_counts=True)
    state: dict[str, Any] = {"members": {}, "vectorizers": {}, "scale": None}
    if len(classes) == 1 or not (spec.text_columns or spec.numerics):
        state["members"]["prior"] = {"classes": classes, "chances": counts / counts.sum()}
        state |= {"weights": {"prior": 1.0}, "temperature": 1.0}
        return PlainExpert(state, spec, time.perf_counter() - started)
    _fit_features(rows, spec, state)
    features = _Features(rows, spec, state)
    if validation_rows:
        check_features = _Features(validation_rows, spec, state)
    else:
        check_features, checks = features, np.full(len(rows), -1)
    for name in ("linear", "words", "context"):
        if features.matrix(name) is None:
            continue
        say(f"plain expert: {name} model on {features.matrix(name).shape[1]} features")
        state["members"][name] = _fit_linear(
            features.matrix(name),
            truth,
            check_features.matrix(name),
            checks,
            classes,
            _STRENGTHS,
        )
    if spec.numerics:
        say(f"plain expert: boosted trees on {len(spec.numerics)} numbers")
        rounds = _ROUNDS if len(validation_rows) else _ROUNDS // 3
        model = _fit_boosting(features.numbers, truth, check_features.numbers, checks, seed, rounds)
        trees = trees_of(model)
        state["members"]["boosting"] = {
            "classes": classes,
            "trees": {name: getattr(trees, name) for name in Trees.__slots__},
        }
    expert = PlainExpert(state | {"weights": {}, "temperature": 1.0}, spec)
    parts = expert.member_log_probabilities(validation_rows) if validation_rows else {}
    empty = dict.fromkeys(state["members"], np.zeros((0, len(spec.labels))))
    state["weights"], state["temperature"] = fit_mix(parts or empty, checks if parts else [])
    return PlainExpert(state, spec, time.perf_counter() - started)


class _Features:
    """Rows as the members read them, each matrix made once; none where the fit left nothing to read by."""

    def __init__(self, rows: Sequence[Row], spec: DeciderSpec, state: Mapping[str, Any]) -> None:
        from scipy import sparse

        vectorizers = state["vectorizers"]
        self.numbers = numeric_matrix(rows, spec)
        blocks = []
        if spec.text_columns:
            texts = [document(row, spec) for row in rows]
            own = [" ".join(own_tokens(row, spec)) for row in rows]
            blocks += [
                vectorizers[name].transform(seen)
                for name, seen in (("words", texts), ("signs", texts), ("own", own))
                if name in vectorizers
            ]
        # Rows with one label, or with nothing to learn from, leave a prior alone, which reads nothing.
        if state["scale"] is not None:
            blocks.append(NumericScale(**state["scale"]).features(self.numbers))
        self._matrices: dict[str, Any] = {"linear": sparse.hstack(blocks).tocsr() if blocks else None}
        if spec.text_columns and len(spec.numerics) > NAMED_AT_MOST:
            # So many numbers drown words: a member of words alone is mixed with the one of both.
            self._matrices["words"] = sparse.hstack(blocks[:-1]).tocsr()
        if "history" in vectorizers:
            told = vectorizers["history"].transform([" ".join(history_tokens(row, spec)) for row in rows])
            self._matrices["context"] = sparse.hstack([*blocks, told]).tocsr()

    def matrix(self, name: str) -> Any:
        """Return the sparse features of the member "linear", "words" or "context", None where it has none."""
        return self._matrices.get(name)


def _fit_features(rows: Sequence[Row], spec: DeciderSpec, state: dict[str, Any]) -> None:
    """Put fitted vectorizers and the numbers' scale into the state."""
    fitted: dict[str, Any] = {}
    if spec.text_columns:
        texts = [document(row, spec) for row in rows]
        fitted |= {"words": fit_words(texts), "signs": fit_signs(texts)}
        own = [own_tokens(row, spec) for row in rows]
        fitted["own"] = fit_tokens(own, 2 if len(rows) >= MANY_ROWS else 1)
    if spec.history is not None:
        fitted["history"] = fit_tokens([history_tokens(row, spec) for row in rows])
    state["vectorizers"] = {name: found for name, found in fitted.items() if found is not None}
    if spec.numerics:
        scale = fit_scale(numeric_matrix(rows, spec))
        state["scale"] = {name: getattr(scale, name) for name in ("usual", "middle", "spread", "edges")}


def _fit_linear(
    matrix: Any,
    truth: IntArray,
    check_matrix: Any,
    checks: IntArray,
    classes: IntArray,
    strengths: Sequence[float],
) -> dict[str, Any]:
    """Return the logistic regression whose strength fits the validation rows best, after calibration."""
    from sklearn.linear_model import LogisticRegression

    seen = np.isin(checks, classes)
    best: tuple[float, dict[str, Any]] | None = None
    model = LogisticRegression(max_iter=200, tol=1e-3, warm_start=True)
    for strength in strengths if seen.any() else strengths[-1:]:
        model.set_params(C=strength)
        model.fit(matrix, truth)
        coefficients, intercepts = model.coef_, model.intercept_
        if len(classes) == 2:
            coefficients = np.vstack([np.zeros_like(coefficients), coefficients])
            intercepts = np.array([0.0, float(intercepts[0])])
        packed = pack(coefficients)
        coefficients = unpack(packed)
        member = {
            "classes": classes,
            "strength": strength,
            "coefficients": packed,
            "intercepts": intercepts.astype(float),
        }
        loss = 0.0
        if seen.any():
            logs = log_softmax(np.asarray(check_matrix @ coefficients.T + intercepts, dtype=float)[seen])
            answers = np.searchsorted(classes, checks[seen])
            weights, temperature = fit_mix({"one": logs}, answers)
            chances = pool({"one": logs}, weights, temperature)
            loss = -float(np.log(chances[np.arange(len(answers)), answers] + 1e-12).mean())
        if best is None or loss < best[0]:
            best = (loss, member)
    if best is None:
        message = "no strength of the linear model could be fitted; give rows with labels"
        raise DeciderError(message)
    return best[1]


def _fit_boosting(
    matrix: FloatArray, truth: IntArray, check_matrix: FloatArray, checks: IntArray, seed: int, rounds: int
) -> Any:
    """Return boosted trees of at most so many rounds, stopped where validation rows gain nothing more."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    seen = np.isin(checks, np.unique(truth))
    stop = bool(seen.sum() >= 30)
    # Scikit-learn cannot bin a column without any value; such a column tells nothing.
    matrix = np.where(np.isnan(matrix).all(axis=0), 0.0, matrix)
    # Small trees, many of them, and coarse bins: as good as large ones on rows of alarm durations, in a tenth
    # of the time.
    model = HistGradientBoostingClassifier(
        max_iter=rounds,
        learning_rate=0.2,
        max_leaf_nodes=8 if len(truth) < _MANY_ROWS else 16,
        min_samples_leaf=5 if len(truth) < _MANY_ROWS else 20,
        max_bins=64,
        l2_regularization=1.0,
        early_stopping=stop,
        n_iter_no_change=10,
        random_state=seed,
    )
    if stop:
        model.fit(matrix, truth, X_val=check_matrix[seen], y_val=checks[seen])
    else:
        model.fit(matrix, truth)
    return model


def _skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        package = "skops"
        raise MissingExtraError(package, "model") from error
    return skops.io
