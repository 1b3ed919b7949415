"""Laws of kept answers: what was asked is not asked again, and nothing is taken for another's."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

import finetune.kept
from finetune.kept import SCORING, kept_part, scoring_version
from telcollm.decider.rows import Row
from telcollm.decider.spec import DeciderSpec
from telcollm.guard import Guard
from telcollm.model.port import FloatArray

GUARD = Guard(b"0" * 16)
SPEC = DeciderSpec(name="team", kind="labels", text_columns=("text",), label_column="team", labels=("a", "b"))
BASE = "ab" * 32
DECIDES_NOTHING = {
    "finetune.checkpoint": "of training",
    "finetune.preparation": "says which rows are asked",
    "finetune.progress": "of training",
    "telcollm.decider.mixing": "comes after the answers",
    "telcollm.decider.numerals": "its part stands in the question",
    "telcollm.decider.plain": "an expert that asks no model",
    "telcollm.decider.spec": "its part stands in the question, and the labels in the name of the file",
    "telcollm.errors": "gives no answer",
    "telcollm.guard": "its part stands in the question",
    "telcollm.model.quiet": "prints less",
    "telcollm.prompts": "its letters stand beside the question",
}
"""What scoring imports that answers nothing, or whose part in it is kept with the question, and why."""


class Counting:
    """A part that answers by the length of the text and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def __call__(self, rows: Sequence[Row]) -> FloatArray:
        self.asked += [row["text"] for row in rows]
        chances = np.array([[1 / (2 + len(str(row["text"])))] for row in rows])
        return np.asarray(np.log(np.hstack([chances, 1 - chances])))


def rows(*texts: str) -> list[Row]:
    return [{"text": text} for text in texts]


def test_answers_are_those_of_the_part_and_each_question_is_asked_once(tmp_path: Path) -> None:
    part = Counting()
    kept = kept_part(part, tmp_path, BASE, None, SPEC, GUARD)

    first = kept(rows("one", "three", "one"))
    again = kept_part(part, tmp_path, BASE, None, SPEC, GUARD)(rows("three", "five"))

    assert part.asked == ["one", "three", "five"]
    assert first.tolist() == Counting()(rows("one", "three", "one")).tolist()
    assert again.tolist() == Counting()(rows("three", "five")).tolist()


def test_after_a_line_that_was_cut_short_the_rest_is_read_and_that_row_asked_again(tmp_path: Path) -> None:
    kept_part(Counting(), tmp_path, BASE, None, SPEC, GUARD)(rows("one", "three"))
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-9])

    part = Counting()
    kept = kept_part(part, tmp_path, BASE, None, SPEC, GUARD)

    assert kept(rows("one", "three")).tolist() == Counting()(rows("one", "three")).tolist()
    assert part.asked == ["three"]
    kept(rows("one", "three"))
    assert part.asked == ["three"]


def test_another_adapter_or_other_labels_share_no_answers(tmp_path: Path) -> None:
    adapters = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter_model.safetensors").write_text(name)
        adapters.append(tmp_path / name)
    others = msgspec.structs.replace(SPEC, labels=("a", "c"))

    part = Counting()
    asked = [(BASE, None, SPEC), (BASE, adapters[0], SPEC), (BASE, adapters[1], SPEC)]
    for base, adapter, spec in (*asked, (BASE, adapters[1], others), ("cd" * 32, adapters[1], others)):
        kept_part(part, tmp_path / "answers", base, adapter, spec, GUARD)(rows("one"))

    assert part.asked == ["one"] * 5


def test_an_adapter_used_otherwise_shares_no_answers_one_that_was_moved_does(tmp_path: Path) -> None:
    part = Counting()
    for name, base, alpha in (("one", "/here/base", 16), ("two", "/there/base", 16), ("three", "base", 32)):
        adapter = tmp_path / name
        adapter.mkdir()
        (adapter / "adapter_model.safetensors").write_text("weights")
        config = {"lora_alpha": alpha, "base_model_name_or_path": base}
        (adapter / "adapter_config.json").write_text(json.dumps(config))
        kept_part(part, tmp_path / "answers", BASE, adapter, SPEC, GUARD)(rows(f"{alpha}"))

    assert part.asked == ["16", "32"]
    (adapter / "adapter_config.json").write_text("7")
    kept_part(part, tmp_path / "answers", BASE, adapter, SPEC, GUARD)(rows("32"))
    assert part.asked == ["16", "32", "32"]


def test_another_code_of_scoring_asks_again(tmp_path: Path) -> None:
    part = Counting()
    for scoring in ("one", "one", "two", scoring_version(), ""):
        kept_part(part, tmp_path, BASE, None, SPEC, GUARD, scoring=scoring)(rows("text"))

    assert part.asked == ["text"] * 3


def test_a_change_in_any_file_that_scores_is_another_version(tmp_path: Path) -> None:
    root = Path(finetune.kept.__file__).parent.parent
    versions = {scoring_version()}
    for changed in SCORING:
        copy = tmp_path / changed.replace("/", "-")
        for name in SCORING:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((root / name).read_bytes() + (b"\n" if name == changed else b""))
        versions.add(scoring_version(copy))

    assert len(versions) == len(SCORING) + 1


def imported(path: Path, root: Path) -> set[str]:
    """The modules of ours that a file imports anywhere; of a package its modules where they are asked for."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                names.add(inner if (root / f"{inner.replace('.', '/')}.py").is_file() else origin)
    return {name for name in names if name.partition(".")[0] in {"finetune", "telcollm"}}


def test_what_scoring_imports_is_in_its_version_or_decides_nothing() -> None:
    root = Path(finetune.kept.__file__).parent.parent
    versioned = {name.removesuffix(".py").replace("/", ".") for name in SCORING}
    used = set().union(*(imported(root / name, root) for name in SCORING))
    assert used - versioned == set(DECIDES_NOTHING)
    assert not versioned & set(DECIDES_NOTHING)


def test_a_choice_spelled_otherwise_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = DeciderSpec(
        name="cause", kind="choices", text_columns=("text",), label_column="right", choices_column="choices"
    )
    asked: list[Row] = [{"text": "one", "choices": ["a", "b"], "right": "a"}]
    part = Counting()
    for _ in range(2):
        kept_part(part, tmp_path, BASE, None, spec, GUARD)(asked)
    assert part.asked == ["one"]

    monkeypatch.setattr(finetune.kept, "answer_texts", lambda row, spec: ("\nA", "\nB"))
    kept_part(part, tmp_path, BASE, None, spec, GUARD)(asked)
    assert part.asked == ["one", "one"]


def test_no_rows_give_no_answers(tmp_path: Path) -> None:
    assert kept_part(Counting(), tmp_path, BASE, None, SPEC, GUARD)([]).shape == (0, 0)


def test_progress_is_told_up_to_the_last_question(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    kept_part(
        Counting(), tmp_path, BASE, None, SPEC, GUARD, tell=lambda done, all_: told.append((done, all_))
    )(rows(*map(str, range(450))))

    assert told == [(200, 450), (400, 450), (450, 450)]
