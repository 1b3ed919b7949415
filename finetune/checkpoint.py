"""Checkpoints of a training that count only when they are whole.

So a kill at any moment loses no more than the steps since the last one. Does not know what the trainer puts
into a checkpoint: it notes the files and their sizes when all are written, and trusts no folder without that.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import msgspec

from telcollm.errors import TelcollmError
from telcollm.files import sync

NOTE: Final = "complete.json"
RUN_FILE: Final = "run.json"
_PREFIX: Final = "checkpoint-"


class CheckpointError(TelcollmError):
    """The folder's checkpoints belong to another training; the caller gives another folder or begins anew."""


class Note(msgspec.Struct, frozen=True):
    """What a whole checkpoint is: its step, what had been spent by then, its files with their bytes."""

    step: int
    elapsed_s: float
    tokens: int
    files: dict[str, int]


def seal(folder: Path, step: int, elapsed_s: float, tokens: int) -> None:
    """Mark the checkpoint in `folder` as whole, after its files are on the disk."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != NOTE:
            files[str(path.relative_to(folder))] = path.stat().st_size
            sync(path)
    part = folder / f"{NOTE}.part"
    part.write_bytes(msgspec.json.encode(Note(step, elapsed_s, tokens, files)))
    sync(part)
    part.rename(folder / NOTE)
    sync(folder)


def newest(folder: Path) -> tuple[Path, Note] | None:
    """Return the whole checkpoint of the latest step in `folder`, None where there is none."""
    found: list[tuple[int, Path, Note]] = []
    for path in folder.glob(f"{_PREFIX}*"):
        note = read_note(path)
        if note is not None:
            found.append((note.step, path, note))
    if not found:
        return None
    _, path, note = max(found, key=lambda item: item[0])
    return path, note


def read_note(folder: Path) -> Note | None:
    """Return what the checkpoint in `folder` holds, None where it is not whole."""
    try:
        note = msgspec.json.decode((folder / NOTE).read_bytes(), type=Note)
        whole = all((folder / name).stat().st_size == size for name, size in note.files.items())
    except (OSError, msgspec.DecodeError):
        return None
    return note if whole else None


def begin(folder: Path, fingerprint: str, *, resume: bool) -> tuple[Path, Note] | None:
    """Return the checkpoint to go on from, None to begin; what is not whole is removed.

    `fingerprint` stands for everything that decides the weights: data, base and settings.

    Raises:
        CheckpointError: the folder holds the training of another fingerprint, and resuming was asked for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = folder / RUN_FILE
    found = newest(folder) if resume else None
    if found is not None and (not run.is_file() or run.read_text() != fingerprint):
        message = (
            f"{folder} holds checkpoints of another training (other data, base or settings); checkpoints of "
            "the same training are allowed; give another folder, or train without resuming"
        )
        raise CheckpointError(message)
    for path in folder.glob(f"{_PREFIX}*"):
        if found is None or read_note(path) is None:
            shutil.rmtree(path)
    if found is None:
        shutil.rmtree(folder / "best", ignore_errors=True)
    run.write_text(fingerprint)
    return found
