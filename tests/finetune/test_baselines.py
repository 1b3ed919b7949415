"""Baselines get the same rows and the same care, and fail nowhere a decider does not."""

from __future__ import annotations

import random

import numpy as np
import pytest

from finetune.baselines import fit_baselines
from telcollm.decider.mixing import IntArray
from telcollm.decider.numerals import fit_numerics
from telcollm.decider.plain import fit_plain
from telcollm.decider.rows import Row
from telcollm.decider.spec import DeciderSpec, HistorySpec

LABELS = ("core", "power", "ran")
NAMES = {"majority", "tfidf", "boosting"}


def rows_of(count: int, seed: int) -> tuple[list[Row], IntArray]:
    chance = random.Random(seed)
    rows: list[Row] = []
    truth = []
    for place in range(count):
        label = chance.choices(range(3), [5, 2, 2])[0]
        words = [["hss", "billing"], ["battery", "mains"], ["cell", "antenna"]][label]
        text = f"please look at the {chance.choice(words)} thing {chance.choice(['now', 'soon', 'today'])}"
        load: object = chance.gauss(label, 0.5) if place % 9 else None
        rows.append({"text": text, "load": load, "c": place // 3, "t": place % 3})
        truth.append(label)
    return rows, np.array(truth)


@pytest.mark.parametrize("texts", [("text",), ()])
@pytest.mark.parametrize("numbers", [("load",), ()])
@pytest.mark.parametrize("history", [None, HistorySpec("c", "t", 2)])
def test_each_baseline_gives_probabilities_and_learns_more_than_the_majority(
    texts: tuple[str, ...], numbers: tuple[str, ...], history: HistorySpec | None
) -> None:
    if not texts and not numbers:
        return
    (rows, truth), (checks, check), (tests, test) = rows_of(240, 0), rows_of(90, 1), rows_of(90, 2)
    spec = DeciderSpec(
        name="b", text_columns=texts, numerics=fit_numerics(rows, numbers)[0], labels=LABELS, history=history
    )
    found = fit_baselines(rows, truth, spec, validation_rows=checks, validation_labels=check)
    assert set(found) == NAMES
    right = {}
    for name, ask in found.items():
        logs = ask(tests)
        assert logs.shape == (90, 3) and np.allclose(np.exp(logs).sum(axis=1), 1)
        right[name] = float((logs.argmax(axis=1) == test).mean())
    assert right["majority"] == pytest.approx(float((test == 0).mean()))
    assert min(right["tfidf"], right["boosting"]) > right["majority"] + 0.1


def test_baselines_of_varying_choices_rank_each_rows_own() -> None:
    chance = random.Random(0)
    rows: list[Row] = []
    for _ in range(200):
        shown = chance.sample(["router", "cell", "rectifier", "antenna", "switch"], chance.randint(2, 4))
        right = min(chance.randrange(4), len(shown) - 1)
        rows.append({"q": f"the {shown[right]} is dark", "o": shown, "y": right})
    truth = np.array([row["y"] for row in rows], dtype=np.int64)
    spec = DeciderSpec(name="b", kind="choices", text_columns=("q",), choices_column="o", label_column="y")
    found = fit_baselines(
        rows[:140], truth[:140], spec, validation_rows=rows[140:170], validation_labels=truth[140:170]
    )
    assert set(found) == NAMES
    for name in ("tfidf", "boosting"):
        logs = found[name](rows[170:])
        assert (logs.argmax(axis=1) == truth[170:]).mean() > 0.9
    logs = found["majority"](rows[170:])
    for row, own in zip(rows[170:], np.exp(logs), strict=True):
        assert own.sum() == pytest.approx(1) and (own[len(row["o"]) :] == 0).all()  # type: ignore[arg-type]


def test_a_fitted_expert_is_used_again_and_a_label_of_one_row_stops_nothing() -> None:
    (rows, truth), (checks, check) = rows_of(120, 0), rows_of(60, 1)
    spec = DeciderSpec(name="b", text_columns=("text",), labels=(*LABELS, "once"))
    truth[0], check[:3] = 3, -1
    expert = fit_plain(rows, truth, spec, validation_rows=checks, validation_labels=check)
    heard: list[str] = []
    found = fit_baselines(
        rows, truth, spec, validation_rows=checks, validation_labels=check, expert=expert, say=heard.append
    )
    assert heard == ["baseline: boosted trees"]
    assert np.allclose(found["tfidf"](checks), expert.log_probabilities(checks))
