"""Laws of `telcollm finetune` and of deciders under `telcollm model`, as a person or a script calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from finetune.table import read_table
from telcollm.app.cli import finetune, model
from telcollm.errors import TelcollmError
from tests.finetune.tickets import rows, write_csv

# What MLflow and its own libraries warn of is not telcollm's to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

COLUMNS = ["--text", "description", "--label", "team"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tickets, where the decider `desk` has been made by the plain expert alone."""
    folder = tmp_path_factory.mktemp("desk")
    write_csv(rows(500), folder / "tickets.csv")
    made = call(
        folder,
        "run",
        "--data",
        str(folder / "tickets.csv"),
        *COLUMNS,
        "--no-model",
        "--name",
        "desk",
        "--json",
    )
    assert made.exit_code == 0, made.output
    (folder / "made.json").write_text(made.stdout, encoding="utf-8")
    return folder


def call(folder: Path, *arguments: str) -> Result:
    app = model.app if arguments[0] in ("promote", "predict", "list") else finetune.app
    return CliRunner().invoke(app, list(arguments), env={"TELCOLLM_HOME": str(folder / "home")})


def test_one_object_holds_figures_of_every_part_counts_and_paths(desk: Path) -> None:
    made = json.loads((desk / "made.json").read_text(encoding="utf-8"))
    assert made["accuracy"] == made["decider"]["accuracy"] > made["majority"]["accuracy"]
    for part in ("decider", "plain", "tfidf", "boosting", "majority"):
        assert {"accuracy", "accuracy_low", "macro_f1", "top3", "ece", "rows"} <= set(made[part])
    assert sum(made["rows"].values()) == 500
    assert sum(made["labels"].values()) == made["rows"]["test"]
    assert all(Path(path).exists() for path in made["paths"].values())
    assert made["version"] == "1"
    assert made["not_ready_because"]


def test_a_file_is_labelled_by_name(desk: Path) -> None:
    table = write_csv(
        [{k: v for k, v in row.items() if k != "team"} for row in rows(40, seed=8)], desk / "new.csv"
    )
    told = call(desk, "predict", "desk", "--data", str(table), "--out", str(desk / "out.jsonl"), "--json")
    assert told.exit_code == 0, told.output
    body = json.loads(told.stdout)
    assert (body["rows"], "accuracy" in body) == (40, False)
    assert "version 1 has not been promoted" in told.stderr
    labelled = read_table(desk / "out.jsonl").rows
    assert {row["predicted"] for row in labelled} <= {"core", "field", "radio"}
    here = call(desk, "predict", "desk", "--data", str(table))
    assert [json.loads(line)["predicted"] for line in here.stdout.splitlines()] == [
        row["predicted"] for row in labelled
    ]


def test_promotion_is_refused_in_words_and_by_the_exit_code(desk: Path) -> None:
    refused = call(desk, "promote", "desk")
    assert refused.exit_code == 1
    assert "desk version 1 is not promoted:" in refused.stderr
    assert "beats TF-IDF with logistic regression: the gain in accuracy is" in refused.stderr
    told = json.loads(call(desk, "promote", "desk", "--json").stdout)
    assert (told["promoted"], told["version"]) == (False, "1")
    assert told["failed"]


def test_there_is_nothing_to_roll_back_before_a_promotion(desk: Path) -> None:
    refused = call(desk, "promote", "desk", "--rollback")
    assert isinstance(refused.exception, TelcollmError)
    assert "has no champion to take back" in str(refused.exception)


def test_deciders_are_listed_beside_the_models(desk: Path) -> None:
    listed = json.loads(call(desk, "list", "--json").stdout)
    assert [
        (one["name"], one["version"], one["aliases"])
        for one in listed["deciders"]
        if one["origin"] == "registered"
    ] == [("desk", "1", ["challenger"])]


def test_a_check_tells_labels_sides_and_findings_and_trains_nothing(desk: Path, tmp_path: Path) -> None:
    path = write_csv(rows(500, fillers=9), tmp_path / "tickets.csv")
    told = call(tmp_path, "check", "--data", str(path), *COLUMNS, "--time", "opened", "--json")
    assert told.exit_code == 0
    body = json.loads(told.stdout)
    assert body["usable"] is True
    assert sum(body["rows"].values()) == sum(body["labels"].values()) == 500
    assert body["split"]["method"] == "time"
    assert not (tmp_path / "home").exists()
    shown = call(tmp_path, "check", "--data", str(desk / "tickets.csv"), *COLUMNS)
    assert "labels  " in shown.stdout


def test_a_check_of_what_cannot_be_trained_on_says_why_and_exits_with_1(desk: Path, tmp_path: Path) -> None:
    path = write_csv([{**row, "team": "core"} for row in rows(40)], tmp_path / "one.csv")
    told = call(tmp_path, "check", "--data", str(path), *COLUMNS, "--json")
    assert told.exit_code == 1
    body = json.loads(told.stdout)
    assert body["usable"] is False
    assert any(
        one["weight"] == "stop" and "every row has the label 'core'" in one["message"]
        for one in body["findings"]
    )
    shown = call(tmp_path, "check", "--data", str(path), *COLUMNS)
    assert "nothing can be trained on this" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--data", "missing.csv", *COLUMNS), "data file missing.csv cannot be read"),
        (("run", *COLUMNS), "--data is missing"),
        (("run", "--data", "DESK", "--text", "body", "--label", "team"), "--text 'body' is no column"),
        (("run", "--data", "DESK", *COLUMNS, "--name", "a b"), "--name 'a b' is no name"),
        (("run", "--data", "DESK", *COLUMNS, "--base", "unknown"), "model='unknown' is not in the cache"),
        (("run", "--data", "DESK", *COLUMNS, "--history", "3"), "--history 3 needs --group"),
        (("predict", "nobody", "--data", "DESK"), "decider 'nobody' is not known"),
        (("predict", "desk", "--data", "DESK", "--out", "x.xls"), "ends in '.xls'"),
        (("data", "imaginary", "--out", "x"), "source 'imaginary' is not known"),
    ],
)
def test_every_refusal_names_what_is_wrong(desk: Path, arguments: tuple[str, ...], words: str) -> None:
    told = call(desk, *[str(desk / "tickets.csv") if one == "DESK" else one for one in arguments])
    assert isinstance(told.exception, TelcollmError), told.output
    assert words in str(told.exception)


def test_a_decider_is_measured_again_by_name_and_says_that_it_was_not_registered(desk: Path) -> None:
    told = call(desk, "evaluate", "desk", "--data", str(desk / "tickets.csv"), "--no-model", "--json")
    assert told.exit_code == 0, told.output
    body, made = json.loads(told.stdout), json.loads((desk / "made.json").read_text(encoding="utf-8"))
    assert (body["accuracy"], body["tfidf"]) == (made["accuracy"], made["tfidf"])
    assert (body["version"], "not registered" in body["problem"]) == ("", True)


def test_a_table_that_tells_nothing_otherwise_is_refused_before_anything_is_asked(desk: Path) -> None:
    data = str(desk / "tickets.csv")
    refused = call(desk, "evaluate", "desk", "--data", data, "--disturbed", f"vendors={data}", "--no-model")
    assert isinstance(refused.exception, TelcollmError)
    assert "--disturbed needs --id" in str(refused.exception)
