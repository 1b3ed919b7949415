"""Laws of promotion on a real registry: evidence is found anew, tampering is told, champions are beaten."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finetune.predictions import (
    Disturbed,
    Predictions,
    RowKey,
    Said,
    write_disturbed,
    write_predictions,
    write_rows,
)
from finetune.promotion import EVALUATION, EVALUATION_TAG, evaluation_sha256, promote
from finetune.registry import Version, champion, find_version, log_run, register
from telcollm.decider.plain import fit_plain
from telcollm.decider.shelf import find
from telcollm.decider.spec import METRICS_FILE, DeciderSpec, write_spec
from telcollm.settings import Settings
from tests.finetune.tickets import rows

# What MLflow and its own libraries warn of is not telcollm's to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

LABELS = ("core", "field", "radio")
TEST = rows(400, seed=2, wrong_ratio=0.05)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    yield Settings(home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def expert(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], DeciderSpec]:
    """Writes a decider that is a plain expert, fitted once."""
    spec = DeciderSpec(
        name="desk", text_columns=("description",), label_column="team", labels=LABELS,
        row_version="row-1", mix={"plain": 1.0}, plain=True,
    )  # fmt: skip
    train, validation = rows(300, seed=0), rows(80, seed=1)
    fitted = fit_plain(
        train, [LABELS.index(str(row["team"])) for row in train], spec,
        validation_rows=validation,
        validation_labels=[LABELS.index(str(row["team"])) for row in validation],
    )  # fmt: skip

    def write(folder: Path) -> DeciderSpec:
        fitted.save(folder)
        write_spec(spec, folder)
        return spec

    return write


def said(right_ratio: float, seed: int) -> Said:
    """Answers that are right in about this share of rows, with confidences that say so."""
    draw = np.random.default_rng(seed)
    answers = tuple(
        str(row["team"]) if draw.random() < right_ratio else LABELS[LABELS.index(str(row["team"])) - 1]
        for row in TEST
    )
    count = len(TEST)
    return Said(np.arange(count), answers, np.full(count, right_ratio), np.ones(count, dtype=bool))


def add(
    settings: Settings,
    expert: Callable[[Path], DeciderSpec],
    folder: Path,
    name: str,
    *,
    accuracy: float = 0.97,
    claim: float | None = None,
    keys: list[RowKey] | None = None,
) -> Version:
    """Register a decider of this accuracy beside baselines of 0.8."""
    decider = folder / "decider"
    expert(decider)
    own = said(accuracy, 7)
    truth = tuple(str(row["team"]) for row in TEST)
    parts = {"decider": own, "tfidf": said(0.8, 1), "boosting": said(0.78, 2), "majority": said(0.4, 3)}
    predictions = Predictions(
        tuple(map(str, range(len(TEST)))), truth, parts, np.zeros(len(TEST), dtype=bool), (), tuple(TEST)
    )
    write_predictions(predictions, folder)
    right = {
        part: np.array([a == b for a, b in zip(one.answers, truth, strict=True)])
        for part, one in parts.items()
    }
    write_disturbed([Disturbed("identifiers", len(TEST), predictions.row_ids, right, right)], folder)
    write_rows(keys or [RowKey(f"test {place}", "test", True) for place in range(len(TEST))], folder)
    from finetune.evidence import part_figures

    figures: dict[str, Any] = part_figures(predictions)
    if claim is not None:
        figures["decider"]["accuracy"] = claim
    (decider / METRICS_FILE).write_text(json.dumps({"parts": figures}), encoding="utf-8")
    run_id = log_run(
        settings, run_name=name, params={}, metrics={}, tags={},
        artefacts=[(decider, "decider"), *[(path, EVALUATION) for path in sorted(folder.glob("*.parquet"))]],
    )  # fmt: skip
    return register(
        settings, name, run_id, decider, tags={EVALUATION_TAG: evaluation_sha256(folder), "leaks": "[]"}
    )


def test_what_beats_every_rival_is_promoted_and_found_by_its_name(
    settings: Settings, expert: Callable[[Path], DeciderSpec], tmp_path: Path
) -> None:
    add(settings, expert, tmp_path, "good")
    verdict = promote(settings, "good")
    assert verdict.failed == ()
    present = champion(settings, "good")
    assert present is not None
    assert present.version == "1"
    assert find("good", settings).version == "1"


def test_a_worse_decider_is_refused_and_changes_nothing(
    settings: Settings, expert: Callable[[Path], DeciderSpec], tmp_path: Path
) -> None:
    add(settings, expert, tmp_path, "worse", accuracy=0.7)
    verdict = promote(settings, "worse")
    assert any(line.startswith("beats TF-IDF with logistic regression: the gain") for line in verdict.failed)
    assert champion(settings, "worse") is None
    assert find_version(settings, "worse").aliases == ("challenger",)


def test_a_challenger_must_beat_the_champion_on_the_same_rows_whenever_that_was_promoted(
    settings: Settings, expert: Callable[[Path], DeciderSpec], tmp_path: Path
) -> None:
    add(settings, expert, tmp_path / "one", "rival")
    assert promote(settings, "rival").failed == ()
    # The champion is the plain expert, which is right in about 95 % of these rows when it is asked itself.
    add(settings, expert, tmp_path / "two", "rival", accuracy=0.93)
    refused = promote(settings, "rival")
    assert any(line.startswith("beats the present champion (version 1): the gain") for line in refused.failed)
    add(settings, expert, tmp_path / "three", "rival", accuracy=1.0)
    passed = promote(settings, "rival")
    assert passed.failed == ()
    assert passed.former is not None
    assert passed.former.version == "1"


def test_a_claim_above_what_the_predictions_give_is_refused(
    settings: Settings, expert: Callable[[Path], DeciderSpec], tmp_path: Path
) -> None:
    add(settings, expert, tmp_path, "boaster", claim=0.999)
    (failure,) = promote(settings, "boaster").failed
    assert failure.startswith("metrics follow from the predictions: the run claims accuracy 0.999")


def test_test_rows_that_were_trained_on_are_found_by_their_hashes(
    settings: Settings, expert: Callable[[Path], DeciderSpec], tmp_path: Path
) -> None:
    test = [RowKey(f"row {place}", "test", True) for place in range(len(TEST))]
    known = [RowKey(f"row {place}", "train", True) for place in range(20)]
    add(settings, expert, tmp_path, "leaky", keys=[*known, *test])
    (failure,) = promote(settings, "leaky").failed
    assert failure == "leak-free split: 20 of 400 test rows have the very inputs of a training row"


def test_short_rows_that_repeat_by_nature_are_no_leak(
    settings: Settings, expert: Callable[[Path], DeciderSpec], tmp_path: Path
) -> None:
    test = [RowKey("hello", "test", False) for _ in TEST]
    add(settings, expert, tmp_path, "greeting", keys=[RowKey("hello", "train", False), *test])
    assert promote(settings, "greeting").failed == ()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("evaluation/predictions.parquet", "the predictions are not those that were registered"),
        ("decider/decider.json", "are not those that were registered"),
    ],
)
def test_files_changed_after_registration_are_told(
    settings: Settings, expert: Callable[[Path], DeciderSpec], tmp_path: Path, path: str, words: str
) -> None:
    import mlflow

    name = f"swapped-{path.partition('/')[0]}"
    made = add(settings, expert, tmp_path / "own", name, accuracy=0.7)
    add(settings, expert, tmp_path / "better", f"{name}-better")
    client = mlflow.MlflowClient(tracking_uri=settings.tracking_uri)  # type: ignore[attr-defined]
    place = Path(client.get_run(made.run_id).info.artifact_uri.removeprefix("file://"))
    if path.startswith("decider"):
        write_spec(DeciderSpec(name="other"), place / "decider")
    else:
        (place / path).write_bytes((tmp_path / "better" / "predictions.parquet").read_bytes())
    failed = promote(settings, name).failed
    assert any(
        line.startswith("what was evaluated is what is registered: ") and words in line for line in failed
    )
