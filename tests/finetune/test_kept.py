"""Laws of kept answers: what was asked is not asked again, and nothing is taken for another's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from finetune.kept import kept_part
from telcollm.decider.rows import Row
from telcollm.decider.spec import DeciderSpec
from telcollm.guard import Guard
from telcollm.model.port import FloatArray

GUARD = Guard(b"0" * 16)
SPEC = DeciderSpec(name="team", kind="labels", text_columns=("text",), label_column="team", labels=("a", "b"))


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
    kept = kept_part(part, tmp_path, None, SPEC, GUARD)

    first = kept(rows("one", "three", "one"))
    again = kept_part(part, tmp_path, None, SPEC, GUARD)(rows("three", "five"))

    assert part.asked == ["one", "three", "five"]
    assert first.tolist() == Counting()(rows("one", "three", "one")).tolist()
    assert again.tolist() == Counting()(rows("three", "five")).tolist()


def test_after_a_line_that_was_cut_short_the_rest_is_read_and_that_row_asked_again(tmp_path: Path) -> None:
    kept_part(Counting(), tmp_path, None, SPEC, GUARD)(rows("one", "three"))
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-9])

    part = Counting()
    kept = kept_part(part, tmp_path, None, SPEC, GUARD)

    assert kept(rows("one", "three")).tolist() == Counting()(rows("one", "three")).tolist()
    assert part.asked == ["three"]
    kept(rows("one", "three"))
    assert part.asked == ["three"]


def test_another_adapter_or_other_labels_share_no_answers(tmp_path: Path) -> None:
    adapters = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights").write_text(name)
        adapters.append(tmp_path / name)
    others = msgspec.structs.replace(SPEC, labels=("a", "c"))

    part = Counting()
    for adapter, spec in ((None, SPEC), (adapters[0], SPEC), (adapters[1], SPEC), (adapters[1], others)):
        kept_part(part, tmp_path / "answers", adapter, spec, GUARD)(rows("one"))

    assert part.asked == ["one"] * 4


def test_no_rows_give_no_answers(tmp_path: Path) -> None:
    assert kept_part(Counting(), tmp_path, None, SPEC, GUARD)([]).shape == (0, 0)


def test_progress_is_told_up_to_the_last_question(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    kept_part(Counting(), tmp_path, None, SPEC, GUARD, tell=lambda done, all_: told.append((done, all_)))(
        rows(*map(str, range(450)))
    )

    assert told == [(200, 450), (400, 450), (450, 450)]
