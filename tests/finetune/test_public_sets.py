"""ORAN-Bench and tau2-bench become tables as published, and what is not as published is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from finetune.formats import TableError
from finetune.oran import oran_table
from finetune.tau2 import tau2_table
from telcollm.decider.rows import right_choice
from telcollm.decider.spec import DeciderSpec

REAL = pytest.mark.skipif("TELCOLLM_DATA_DIR" not in os.environ, reason="TELCOLLM_DATA_DIR is not set")
QUESTIONS = DeciderSpec(
    name="q", kind="choices", text_columns=("question",), choices_column="options", label_column="answer"
)


def oran(folder: Path, line: object) -> Path:
    (folder / "oran_bench").mkdir()
    for name in "EMH":
        (folder / "oran_bench" / f"{name}.jsonl").write_text(json.dumps(line) + "\n")
    return folder


def test_a_question_has_bare_options_and_the_index_of_the_right_one(tmp_path: Path) -> None:
    table = oran_table(oran(tmp_path, ["What is it?", ["1.  A radio", "2) A 5. core"], "2"]))
    assert [row["level"] for row in table.rows] == ["easy", "medium", "hard"]
    assert table.rows[0]["options"] == ["A radio", "A 5. core"] and table.rows[0]["answer"] == "A 5. core"


def test_a_question_without_its_answer_is_left_out_and_counted(tmp_path: Path) -> None:
    table = oran_table(oran(tmp_path, ["q", ["1. a"], "2"]))
    assert table.rows == () and table.notes[1].startswith("3 questions are left out")


@pytest.mark.parametrize("line", [["q", ["1. a"]], ["q", ["1. a"], "x"], {"q": 1}])
def test_a_line_that_is_no_question_is_refused(tmp_path: Path, line: object) -> None:
    with pytest.raises(TableError, match=r"line 1 of .*E\.jsonl"):
        oran_table(oran(tmp_path, line))


def test_a_ticket_has_its_issue_and_faults_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "tau2_telecom").mkdir()
    path = tmp_path / "tau2_telecom" / "train_tasks.json"
    path.write_text(json.dumps([{"id": "[mms_issue]b_off|a_on[PERSONA:Hard]", "ticket": "no MMS"}]))
    assert [dict(row) for row in tau2_table(tmp_path).rows] == [
        {"text": "no MMS", "label": "mms_issue", "faults": "a_on b_off"}
    ]
    path.write_text('[{"id": "no issue", "ticket": "x"}]')
    with pytest.raises(TableError, match="holds no tasks"):
        tau2_table(tmp_path)


def test_sets_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"E\.jsonl is missing"):
        oran_table(tmp_path)
    with pytest.raises(TableError, match=r"train_tasks\.json is missing"):
        tau2_table(tmp_path)


@REAL
def test_every_real_question_has_its_right_choice() -> None:
    folder = Path(os.environ["TELCOLLM_DATA_DIR"])
    table = oran_table(folder)
    published = [
        json.loads(line)
        for name in ("E", "M", "H")
        for line in (folder / "oran_bench" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    places = [int(answer) - 1 for _, options, answer in published if 1 <= int(answer) <= len(options)]
    left_out = int(table.notes[1].split()[0]) if len(table.notes) > 1 else 0
    assert len(table.rows) + left_out == 11_140 and left_out == 35
    assert [right_choice(row, QUESTIONS) for row in table.rows] == places


@REAL
def test_the_real_tickets_have_three_issues() -> None:
    table = tau2_table(Path(os.environ["TELCOLLM_DATA_DIR"]))
    assert len(table.rows) == 74
    assert {row["label"] for row in table.rows} == {"mms_issue", "mobile_data_issue", "service_issue"}
