from __future__ import annotations

from pathlib import Path

import pytest

from finetune.checkpoint import NOTE, CheckpointError, begin, newest, read_note, seal


def _made(folder: Path, step: int, *, whole: bool = True) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "weights").write_bytes(b"w" * step)
    if whole:
        seal(path, step, 10.0 * step, 100 * step)
    return path


def test_the_newest_whole_checkpoint_is_gone_on_from(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("same")
    for step in (5, 30, 12):
        _made(tmp_path, step)
    torn = _made(tmp_path, 40, whole=False)
    found = begin(tmp_path, "same", resume=True)
    assert found is not None
    assert (found[0].name, found[1].step, found[1].elapsed_s, found[1].tokens) == (
        "checkpoint-30",
        30,
        300.0,
        3000,
    )
    assert not torn.exists()


@pytest.mark.parametrize("harm", ["cut", "lost", "no note", "torn note"])
def test_a_checkpoint_with_a_file_cut_or_lost_does_not_count(tmp_path: Path, harm: str) -> None:
    path = _made(tmp_path, 7)
    if harm == "cut":
        (path / "weights").write_bytes(b"w" * 3)
    elif harm == "lost":
        (path / "weights").unlink()
    elif harm == "no note":
        (path / NOTE).unlink()
    else:
        (path / NOTE).write_bytes((path / NOTE).read_bytes()[:-4])
    assert read_note(path) is None
    assert newest(tmp_path) is None


def test_checkpoints_of_another_training_are_refused_but_may_be_left_behind(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("one")
    old = _made(tmp_path, 3)
    with pytest.raises(CheckpointError, match="give another folder, or train without resuming"):
        begin(tmp_path, "other", resume=True)
    assert old.exists()
    assert begin(tmp_path, "other", resume=False) is None
    assert not old.exists()
    assert (tmp_path / "run.json").read_text() == "other"


def test_a_new_folder_begins(tmp_path: Path) -> None:
    assert begin(tmp_path / "new", "one", resume=True) is None
