"""Laws of a whole run, with a tiny model made here: what is measured, kept, registered, and used later."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finetune.evidence import part_figures
from finetune.labelling import figures, label_table, write_labelled
from finetune.predictions import PREDICTIONS_FILE, read_predictions
from finetune.preparation import CheckError
from finetune.promotion import promote
from finetune.publication import Outcome
from finetune.registry import find_version
from finetune.request import TuningRequest
from finetune.run import Watcher, run
from finetune.table import read_table
from telcollm.decider.opening import open_named
from telcollm.decider.spec import read_spec
from telcollm.errors import SettingsError, TelcollmError
from telcollm.settings import Settings, TrackingSettings
from tests.finetune.tickets import rows, write_csv
from tests.telcollm.model.conftest import make_tiny

# What MLflow, TRL and their own libraries warn of is not telcollm's to mend.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def request_(home: Path) -> TuningRequest:
    return TuningRequest(
        data=write_csv(rows(500, fillers=0), home / "tickets.csv"),
        text=("description",),
        label="team",
        time="opened",
        base=str(make_tiny(home / "base", "llama")),
        name="tiny",
        minutes=5.0,
        epochs=3,
        learning_rate=1e-2,
    )


@pytest.fixture(scope="module")
def heard() -> list[str]:
    return []


@pytest.fixture(scope="module")
def outcome(request_: TuningRequest, settings: Settings, heard: list[str]) -> Outcome:
    return run(request_, settings, watcher=Watcher(say=heard.append))


def test_a_run_learns_and_shows_every_part_beside_the_baselines(outcome: Outcome) -> None:
    parts = outcome.measured["parts"]
    assert set(parts) == {"decider", "model", "plain", "base", "tfidf", "boosting", "majority"}
    assert parts["model"]["accuracy"] > max(parts["base"]["accuracy"], parts["majority"]["accuracy"]) + 0.1
    assert parts["decider"]["accuracy"] > parts["majority"]["accuracy"] + 0.3
    assert set(outcome.measured["gains"]) == set(parts) - {"decider"}
    assert outcome.measured["rows"]["test"] == parts["tfidf"]["rows"]


def test_every_figure_follows_from_the_predictions_that_are_kept(outcome: Outcome) -> None:
    found = part_figures(read_predictions(outcome.folder / PREDICTIONS_FILE))
    assert found == outcome.measured["parts"]


def test_what_is_kept_holds_no_phone_number_and_the_report_needs_nothing_beside_it(outcome: Outcome) -> None:
    page = outcome.report.read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=|url\(", page)
    written = page + "".join(
        str(row["note"]) for row in read_predictions(outcome.folder / PREDICTIONS_FILE).inputs
    )
    assert "<MSISDN:" in written or "&lt;MSISDN:" in written
    assert "+49 170" not in written
    card = (outcome.decider / "CARD.md").read_text(encoding="utf-8")
    for words in ("95 % intervals", "TF-IDF", "data sha256", "telcollm finetune run", "Limits"):
        assert words in card


def test_a_decider_decides_at_use_as_it_was_measured(outcome: Outcome, settings: Settings) -> None:
    predictions = read_predictions(outcome.folder / PREDICTIONS_FILE)
    shelved, decider = open_named("tiny", settings, unpromoted=True)
    assert (shelved.version, shelved.aliases) == (outcome.version, ("challenger",))
    found = decider.decide(predictions.inputs)
    own = predictions.said["decider"]
    same = np.mean([one.label == answer for one, answer in zip(found, own.answers, strict=True)])
    assert same >= 0.98
    assert np.abs(np.array([one.confidence for one in found]) - own.confidence).mean() < 0.02
    for one in found:
        assert one.alternatives[0] == (one.label, one.confidence)
        assert sum(chance for _, chance in one.alternatives) == pytest.approx(1.0)
        assert set(one.parts) == {"model", "plain"}
        assert one.abstained is (one.confidence < decider.spec.threshold.confidence)


def test_a_run_is_in_mlflow_with_hashes_metrics_and_files(outcome: Outcome, settings: Settings) -> None:
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=settings.tracking_uri)  # type: ignore[attr-defined]
    kept = client.get_run(outcome.run_id)
    assert kept.data.metrics["accuracy"] == outcome.measured["parts"]["decider"]["accuracy"]
    assert kept.data.tags["data_sha256"] == read_spec(outcome.decider).data_sha256
    assert kept.data.tags["code_version"].startswith("0.")
    names = {
        item.path
        for folder in ("", "decider", "evaluation")
        for item in client.list_artifacts(outcome.run_id, folder)
    }
    assert {
        "report.html",
        "decider/decider.json",
        "decider/CARD.md",
        "evaluation/predictions.parquet",
    } <= names
    assert find_version(settings, "tiny").version == outcome.version


def test_what_does_not_beat_the_plain_baselines_is_not_promoted(outcome: Outcome, settings: Settings) -> None:
    verdict = promote(settings, "tiny")
    assert list(verdict.failed) == list(outcome.failed)
    assert any("beats TF-IDF" in line for line in verdict.failed)
    assert find_version(settings, "tiny").aliases == ("challenger",)


def test_an_interrupted_run_goes_on_without_training_again(
    outcome: Outcome, request_: TuningRequest, settings: Settings
) -> None:
    (outcome.folder / "done.json").unlink()
    outcome.report.unlink()
    heard: list[str] = []
    again = run(replace(request_, minutes=0.1), settings, resume=True, watcher=Watcher(say=heard.append))
    assert "training was finished before the interruption" in heard
    assert again.folder == outcome.folder
    assert again.report.is_file()
    assert int(again.version) == int(outcome.version) + 1
    accuracy = {name: part["accuracy"] for name, part in again.measured["parts"].items()}
    assert accuracy == {name: part["accuracy"] for name, part in outcome.measured["parts"].items()}


def test_another_run_of_the_same_data_and_settings_waits(
    outcome: Outcome, request_: TuningRequest, settings: Settings
) -> None:
    from finetune.workplace import own

    with (
        own(outcome.folder),
        pytest.raises(SettingsError, match="a run of the same data and settings is going on"),
    ):
        run(request_, settings, resume=True)


def test_a_file_is_labelled_with_what_was_decided_beside_its_own_columns(
    outcome: Outcome, settings: Settings, tmp_path: Path
) -> None:
    table = read_table(write_csv(rows(60, seed=9), tmp_path / "new.csv"))
    _, decider = open_named("tiny", settings, unpromoted=True)
    labelled = label_table(table, decider, outcome.version)
    assert [row["id"] for row in labelled] == [row["id"] for row in table.rows]
    shown = figures(labelled, decider.spec)
    right = sum(row["predicted"] == row["team"] for row in labelled)
    assert shown["accuracy"] == pytest.approx(right / 60)
    assert len({row["decision_id"] for row in labelled}) == 60
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        back = read_table(write_labelled(labelled, tmp_path / name))
        assert [row["predicted"] for row in back.rows] == [row["predicted"] for row in labelled]


def plain_request(folder: Path, **changes: Any) -> TuningRequest:
    given: dict[str, Any] = {
        "data": write_csv(rows(400, seed=3), folder / "tickets.csv"),
        "text": ("description",),
        "label": "team",
        "model": False,
    }
    return TuningRequest(**{**given, **changes})


def test_without_tracking_a_run_ends_in_a_folder_that_can_be_used(tmp_path: Path) -> None:
    off = Settings(home=tmp_path, tracking=TrackingSettings(enabled=False))
    made = run(plain_request(tmp_path), off)
    assert made.problem.startswith("tracking is off")
    shelved, decider = open_named(str(made.decider), off)
    assert shelved.origin == "folder"
    assert decider.decide([{"description": "generator fuel low at SITE-001"}])[0].label == "field"
    with pytest.raises(TelcollmError, match="rows lack 'description'"):
        decider.decide([{"text": "generator"}])


def test_a_server_that_does_not_answer_is_told_before_the_training(tmp_path: Path) -> None:
    gone = Settings(home=tmp_path, tracking=TrackingSettings(uri="http://127.0.0.1:9"))
    with pytest.raises(TelcollmError, match="tracking server"):
        run(plain_request(tmp_path), gone)


def test_a_leaky_split_is_measured_and_never_promoted(tmp_path: Path, settings: Settings) -> None:
    table = rows(300, seed=4)
    leaky = [{**row, "part": "train"} for row in table] + [{**row, "part": "test"} for row in table[:150]]
    path = write_csv(leaky, tmp_path / "leaky.csv")
    made = run(plain_request(tmp_path, data=path, split="part", name="leaky"), settings)
    assert any("are copies of training rows" in line for line in made.failed)
    verdict = promote(settings, "leaky")
    assert any(line.startswith("leak-free split: ") for line in verdict.failed)
    assert any("have the very inputs of a training row" in line for line in verdict.failed)


def test_one_label_only_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    path = write_csv([{**row, "team": "core"} for row in rows(50)], tmp_path / "one.csv")
    with pytest.raises(CheckError, match="every row has the label 'core'"):
        run(plain_request(tmp_path, data=path), Settings(home=tmp_path / "home"))
    assert not (tmp_path / "home").exists()


def test_a_label_that_only_the_test_has_counts_as_errors(tmp_path: Path) -> None:
    table = rows(300, seed=5)
    test = [{**row, "team": "law"} if place % 5 == 0 else row for place, row in enumerate(rows(100, seed=6))]
    made = run(
        plain_request(
            tmp_path,
            data=write_csv(table, tmp_path / "train.csv"),
            test=write_csv(test, tmp_path / "test.csv"),
        ),
        Settings(home=tmp_path, tracking=TrackingSettings(enabled=False)),
    )
    assert made.measured["rows"]["test"] == 100
    assert made.measured["parts"]["decider"]["accuracy"] < 0.81
    (law,) = [one for one in made.measured["per_label"] if one["label"] == "law"]
    assert (law["count"], law["recall"]) == (20, 0.0)


def test_choices_that_vary_are_decided_by_their_texts(tmp_path: Path) -> None:
    draw = random.Random(1)
    table: list[dict[str, object]] = []
    for _ in range(300):
        nodes = draw.sample([f"node-{number:02d}" for number in range(40)], draw.randint(3, 5))
        before = "urgent " * draw.randrange(3)
        text = f"{before}power lost on {nodes[0]}; then ping fails, case {draw.randrange(10**6)}"
        table.append({"text": text, "nodes": json.dumps(sorted(nodes)), "root": nodes[0]})
    made = run(
        TuningRequest(
            data=write_csv(table, tmp_path / "causes.csv"),
            text=("text",),
            choices="nodes",
            label="root",
            model=False,
        ),
        Settings(home=tmp_path, tracking=TrackingSettings(enabled=False)),
    )
    assert made.measured["parts"]["decider"]["accuracy"] > 0.9
    assert made.measured["per_label"] == []
    _, decider = open_named(str(made.decider), Settings(home=tmp_path))
    row = {"text": "power lost on node-07; then ping fails", "nodes": ["node-01", "node-07", "node-09"]}
    assert decider.decide([row])[0].label == "node-07"


def test_numbers_alone_are_enough(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    table: list[dict[str, object]] = []
    for place in range(300):
        fault = int(draw.integers(0, 3))
        cells = draw.exponential(5, 30).round(1)
        cells[fault * 5 : fault * 5 + 3] += 60
        table.append(
            {**{f"a{column}": float(cell) for column, cell in enumerate(cells)}, "fault": fault, "no": place}
        )
    made = run(
        TuningRequest(
            data=write_csv(table, tmp_path / "rows.csv"), numeric=("a*",), label="fault", model=False
        ),
        Settings(home=tmp_path, tracking=TrackingSettings(enabled=False)),
    )
    assert made.measured["parts"]["decider"]["accuracy"] > 0.95
