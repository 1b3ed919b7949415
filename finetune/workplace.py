"""The folder of one run: kept by one process at a time, cleared for a new run, its files written whole.

Does not know what a run writes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from telcollm.errors import SettingsError

_LOCK_FILE: Final = ".lock"


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there with all of its text, or as it was before."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def clear(folder: Path) -> None:
    """Remove what an earlier run left, but for the lock."""
    for path in folder.iterdir():
        if path.name == _LOCK_FILE:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextlib.contextmanager
def own(folder: Path) -> Iterator[None]:
    """Keep a folder for this process.

    Raises:
        SettingsError: another process has it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK_FILE).open("w")
    except OSError as error:
        message = f"folder {folder} cannot be made ({error}); a writable folder is needed; set TELCOLLM_HOME"
        raise SettingsError(message) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = (
                f"a run of the same data and settings is going on in {folder}; one at a time is allowed; "
                "wait for it, or change --seed"
            )
            raise SettingsError(message) from error
        yield


def hardware() -> str:
    """Return in words what this process computes on: nothing that names the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        import torch
    except ImportError:
        return f"{cores} CPU cores"
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, {cores} CPU cores"
    return f"{cores} CPU cores, {torch.get_num_threads()} threads"
