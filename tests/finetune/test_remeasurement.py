"""Laws of measuring a decider again: the same figures on the same rows, and no proof from other rows."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from finetune.evidence import part_figures
from finetune.formats import TableError
from finetune.predictions import PREDICTIONS_FILE, read_disturbed, read_predictions
from finetune.publication import Outcome
from finetune.registry import find_version
from finetune.remeasurement import NOT_NOTED, Remeasure, remeasure
from finetune.request import TuningRequest
from finetune.run import run
from finetune.workplace import hardware
from telcollm.decider.spec import ADAPTER_FOLDER, METRICS_FILE, DeciderError, read_spec, write_spec
from telcollm.model.weights import MANIFEST
from telcollm.settings import Settings
from tests.finetune.tickets import rows, write_csv
from tests.telcollm.model.conftest import make_lora, make_tiny

# What MLflow and its own libraries warn of is not telcollm's to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

ROWS = 240
FACTS = {"steps": 10, "tokens": 1_000, "seconds": 60.0, "stopped_because": "time"}


@pytest.fixture(scope="module")
def data(home: Path) -> Path:
    return write_csv(rows(ROWS, seed=3), home / "tickets.csv")


@pytest.fixture(scope="module")
def outcome(data: Path, settings: Settings) -> Outcome:
    return run(
        TuningRequest(
            data=data, text=("description",), label="team", time="opened", name="plain", model=False
        ),
        settings,
    )


@pytest.fixture(scope="module")
def asked(data: Path, home: Path, outcome: Outcome) -> Remeasure:
    others = [
        {**row, "description": str(row["description"]).replace(" ", "  ").upper()}
        for row in rows(ROWS, seed=3)
    ]
    return Remeasure(
        decider=f"plain@{outcome.version}",
        data=data,
        time="opened",
        id_column="id",
        disturbed=(f"capitals={write_csv(others, home / 'capitals.csv')}",),
        disturbed_rows=1000,
    )


@pytest.fixture(scope="module")
def again(asked: Remeasure, settings: Settings) -> Outcome:
    return remeasure(asked, settings)


@pytest.fixture(scope="module")
def base(home: Path) -> Path:
    """A tiny base as a pull leaves it: with a manifest that tells its sha256."""
    folder = make_tiny(home / "base", "llama")
    manifest = {"name": "tiny", "source": "test", "licence": "", "revision": "", "sha256": "ab" * 32}
    files = {path.name: {"bytes": path.stat().st_size} for path in folder.iterdir()}
    (folder / MANIFEST).write_text(json.dumps({**manifest, "files": files}))
    return folder


@pytest.fixture(scope="module")
def tuned(home: Path, base: Path, outcome: Outcome) -> Path:
    """The decider with an adapter, as another machine trained and measured it."""
    folder = home / "tuned"
    shutil.copytree(outcome.decider, folder)
    make_lora(base, folder / ADAPTER_FOLDER, 1)
    spec = msgspec.structs.replace(
        read_spec(folder),
        adapter=True,
        base=str(base),
        base_sha256="ab" * 32,
        mix={"model": 0.2, "plain": 0.8},
    )
    write_spec(spec, folder)
    change_metrics(folder, cost={"ms_per_row": 7.25, "hardware": "an H100"}, training=FACTS)
    return folder


def change_metrics(folder: Path, **changes: object) -> None:
    path = folder / METRICS_FILE
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}))


@pytest.fixture(scope="module")
def tuned_again(asked: Remeasure, tuned: Path, settings: Settings) -> Outcome:
    return remeasure(replace(asked, decider=str(tuned), disturbed_rows=10), settings)


def answers(settings: Settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (settings.home / "finetune" / "answers").iterdir()}


def test_on_the_same_rows_every_part_says_what_it_said(outcome: Outcome, again: Outcome) -> None:
    assert again.measured["parts"] == outcome.measured["parts"]
    assert again.measured["gains"] == outcome.measured["gains"]
    assert read_spec(again.decider) == read_spec(outcome.decider)
    assert part_figures(read_predictions(again.folder / PREDICTIONS_FILE)) == again.measured["parts"]


def test_a_table_that_tells_the_test_otherwise_is_asked_of_decider_and_baselines(again: Outcome) -> None:
    found = {change.name: change for change in read_disturbed(again.folder / "disturbed.parquet")}
    figures = {one["name"]: one for one in again.measured["perturbations"]}

    assert set(found["capitals"].after) == {"decider", "plain", "tfidf", "boosting", "majority"}
    assert len(found["capitals"].row_ids) == again.measured["rows"]["test"]
    assert figures["capitals"]["after"] == found["capitals"].after["decider"].mean()
    assert "capitals" in (again.decider / "CARD.md").read_text(encoding="utf-8")


def test_it_is_registered_as_challenger_with_all_commands_that_made_it(
    outcome: Outcome, again: Outcome, settings: Settings
) -> None:
    assert int(again.version) > int(outcome.version)
    assert find_version(settings, "plain", again.version).run_id == again.run_id
    card = (again.decider / "CARD.md").read_text(encoding="utf-8")
    assert "with `telcollm finetune run --data" in card
    assert "then `telcollm finetune evaluate plain --data" in card
    kept = json.loads((again.decider / "metrics.json").read_text(encoding="utf-8"))
    assert kept["command"] == outcome.measured["command"]


def test_on_its_own_rows_nothing_new_stands_against_it(outcome: Outcome, again: Outcome) -> None:
    assert set(outcome.failed) >= {
        line for line in again.failed if not line.startswith("holds when capitals")
    }
    assert again.measured["leaks"] == outcome.measured["leaks"]


def test_calibration_moves_confidence_to_rows_it_was_not_trained_on_and_says_so(
    asked: Remeasure, again: Outcome, settings: Settings, tmp_path: Path
) -> None:
    # Where every other label is wrong by chance, nobody can be sure of more than half.
    teams = sorted({str(row["team"]) for row in rows(ROWS, seed=3)})
    fresh = rows(200, seed=11)
    for place, row in enumerate(fresh):
        row["team"] = teams[place % len(teams)] if place % 2 else row["team"]
    path = write_csv(fresh, tmp_path / "fresh.csv")

    made = remeasure(replace(asked, disturbed=(), calibrate=path), settings)

    before, after = (
        read_predictions(again.folder / PREDICTIONS_FILE),
        read_predictions(made.folder / PREDICTIONS_FILE),
    )
    assert after.said["decider"].confidence.mean() < before.said["decider"].confidence.mean() - 0.1
    assert after.said["tfidf"].answers == before.said["tfidf"].answers
    assert read_spec(made.decider).version != read_spec(again.decider).version
    assert read_spec(made.decider).temperature > read_spec(again.decider).temperature
    assert "rows of fresh.csv, sha256" in (made.decider / "CARD.md").read_text(encoding="utf-8")


def test_rows_of_its_own_table_calibrate_nothing(asked: Remeasure, settings: Settings) -> None:
    with pytest.raises(TableError, match="is new and has a team"):
        remeasure(replace(asked, disturbed=(), calibrate=asked.data), settings)


def test_rows_that_a_table_keeps_for_a_test_calibrate_nothing(
    asked: Remeasure, settings: Settings, tmp_path: Path
) -> None:
    own = [
        {**row, "side": ("train", "train", "validation", "test")[place % 4]}
        for place, row in enumerate(rows(ROWS, seed=3))
    ]
    fresh = [{**row, "side": "Test"} for row in rows(60, seed=12)]
    split = replace(asked, disturbed=(), time="", split="side", data=write_csv(own, tmp_path / "own.csv"))

    with pytest.raises(TableError, match="is new and has a team"):
        remeasure(replace(split, calibrate=write_csv(fresh, tmp_path / "fresh.csv")), settings)


def test_other_rows_or_another_split_prove_nothing(
    asked: Remeasure, settings: Settings, tmp_path: Path
) -> None:
    other = write_csv(rows(ROWS, seed=4), tmp_path / "tickets.csv")

    for wrong in (replace(asked, disturbed=(), data=other), replace(asked, disturbed=(), time="")):
        made = remeasure(wrong, settings)
        assert any("may have taught it" in line for line in made.failed)


def test_a_decider_without_the_figures_of_its_run_is_refused(
    asked: Remeasure, outcome: Outcome, settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(outcome.decider, tmp_path / "bare")
    (tmp_path / "bare" / "metrics.json").unlink()

    with pytest.raises(DeciderError, match="figures of its own run"):
        remeasure(replace(asked, decider=str(tmp_path / "bare")), settings)


def test_without_the_model_nothing_is_registered(asked: Remeasure, settings: Settings) -> None:
    made = remeasure(replace(asked, disturbed=(), model=False), settings)

    assert made.version == ""
    assert "not registered" in made.problem


def test_figures_of_the_earlier_run_stand_beside_the_hardware_of_that_run(tuned_again: Outcome) -> None:
    cost = tuned_again.measured["cost"]
    card = (tuned_again.decider / "CARD.md").read_text(encoding="utf-8")
    page = tuned_again.report.read_text(encoding="utf-8")

    assert (cost["ms_per_row"], cost["ms_per_row_on"], cost["training_on"]) == (7.25, "an H100", "an H100")
    assert cost["hardware"] == hardware()
    assert "ended by time), on an H100, " in card
    assert f"for the run that measured it, on {hardware()}" in card
    assert f"{hardware()}; a decision on an H100; the training on an H100" in page


def test_an_evaluation_of_an_evaluation_keeps_the_hardware_of_the_first_run(
    asked: Remeasure, tuned_again: Outcome, settings: Settings
) -> None:
    third = remeasure(
        replace(asked, decider=str(tuned_again.decider), disturbed=(), disturbed_rows=10), settings
    )

    assert third.measured["cost"]["ms_per_row_on"] == third.measured["cost"]["training_on"] == "an H100"


def test_where_an_earlier_evaluation_noted_another_machine_none_is_named(
    asked: Remeasure, tuned: Path, settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(tuned, tmp_path / "older")
    change_metrics(tmp_path / "older", commands=["telcollm finetune evaluate plain"])

    made = remeasure(
        replace(asked, decider=str(tmp_path / "older"), disturbed=(), disturbed_rows=10), settings
    )

    assert made.measured["cost"]["ms_per_row_on"] == NOT_NOTED


def test_a_decision_without_a_model_is_timed_anew(
    asked: Remeasure, tuned: Path, settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(tuned, tmp_path / "older")
    change_metrics(tmp_path / "older", cost={"ms_per_row": -1.0, "hardware": "an H100"})

    made = remeasure(replace(asked, decider=str(tmp_path / "older"), disturbed=(), model=False), settings)

    cost = made.measured["cost"]
    assert cost["ms_per_row"] > 0
    assert (cost["ms_per_row_on"], cost["training_on"]) == (hardware(), "an H100")


@pytest.mark.parametrize("found", ["cd" * 32, ""])
def test_a_base_other_than_its_own_is_refused(
    found: str, asked: Remeasure, tuned: Path, base: Path, settings: Settings, tmp_path: Path
) -> None:
    other, decider = tmp_path / "base", tmp_path / "decider"
    shutil.copytree(base, other)
    if found:
        text = (other / MANIFEST).read_text(encoding="utf-8")
        (other / MANIFEST).write_text(text.replace("ab" * 32, found))
    else:
        (other / MANIFEST).unlink()
    shutil.copytree(tuned, decider)
    write_spec(msgspec.structs.replace(read_spec(decider), base=str(other)), decider)

    with pytest.raises(
        DeciderError, match=f"{found[:12] or 'unknown'}; {'ab' * 6}, .* 'telcollm model pull'"
    ):
        remeasure(replace(asked, decider=str(decider)), settings)

    alone = remeasure(replace(asked, decider=str(decider), disturbed=(), model=False), settings)
    assert "not registered" in alone.problem


def test_files_that_were_moved_ask_nothing_again(
    asked: Remeasure, tuned: Path, tuned_again: Outcome, settings: Settings, tmp_path: Path
) -> None:
    before = answers(settings)
    shutil.copytree(tuned, tmp_path / "moved")
    shutil.copy(asked.data, tmp_path / "renamed.csv")
    (name, _, path) = asked.disturbed[0].partition("=")
    shutil.copy(path, tmp_path / "others.csv")

    made = remeasure(
        replace(
            asked,
            decider=str(tmp_path / "moved"),
            data=tmp_path / "renamed.csv",
            disturbed=(f"{name}={tmp_path / 'others.csv'}",),
            disturbed_rows=10,
        ),
        settings,
    )

    assert answers(settings) == before
    assert made.folder == tuned_again.folder
    assert made.measured["parts"] == tuned_again.measured["parts"]
