"""What stands beside figures, so that those of other code or other weights show: digests of contents.

Deliberately does not know what was measured.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from telcollm import __version__
from telcollm.files import sha256

_ROOT: Final = Path(__file__).resolve().parents[2]
_TESTED: Final = ("telcollm", "streams", "agents", "benchmarks/scenarios")
_CODE: Final = (".py", ".yaml", ".yml", ".toml", ".txt")
_WEIGHTS: Final = (".npz", ".safetensors", ".skops")
_USE_OF_WEIGHTS: Final = ("decider.json", "adapter_config.json")
"""A decider's card and its figures decide nothing, and are written after it was measured."""


def code_version(root: Path = _ROOT) -> str:
    """Return telcollm's version and a digest of the code, scripts, policies and shipped weights."""
    return f"{__version__}+{_digest(versioned_files(root), root)}"


def weights_version(decider: Path) -> str:
    """Return a digest of what decides in a decider's folder: its weights, and how they are used."""
    return _digest((path for path in decider.rglob("*") if _decides(path)), decider)


def versioned_files(root: Path = _ROOT) -> Iterator[Path]:
    """The files that `code_version` is of."""
    for folder in _TESTED:
        for path in (root / folder).rglob("*"):
            if path.suffix in _CODE or _decides(path):
                yield path


def _decides(path: Path) -> bool:
    return path.suffix in _WEIGHTS or path.name in _USE_OF_WEIGHTS


def _digest(paths: Iterable[Path], root: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(f"{path.relative_to(root).as_posix()}\0{sha256(path)}\n".encode())
    return whole.hexdigest()[:12]
