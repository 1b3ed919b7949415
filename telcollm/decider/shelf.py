"""Where deciders are found by name: registered ones in MLflow, shipped ones in the package, or a folder.

A registered version is brought once from the tracking server into the home folder and found there from then
on; an alias is asked for each time. Does not open a decider, nor judge who may become champion.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from telcollm.decider.spec import SPEC_FILE, DeciderError, read_spec
from telcollm.errors import MissingExtraError, TransientError
from telcollm.settings import Settings
from telcollm.tracking import redacted

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
KIND_TAG: Final = "telcollm.kind"
SHA256_TAG: Final = "telcollm.decider_sha256"
ARTEFACT: Final = "decider"
"""The folder of a run's artefacts that holds the decider."""

_SHIPPED: Final = Path(__file__).parent / "shipped"
_FOLDER: Final = "deciders"


@dataclass(frozen=True, slots=True)
class Shelved:
    """One decider that was found: `version` and `aliases` are empty where it is not registered."""

    name: str
    folder: Path
    origin: Literal["registered", "shipped", "folder"]
    version: str = ""
    aliases: tuple[str, ...] = ()
    run_id: str = ""


def resolve(wanted: str, settings: Settings, *, unpromoted: bool = False) -> Path:
    """Return the folder of the decider that `wanted` names; see `find`."""
    return find(wanted, settings, unpromoted=unpromoted).folder


def find(wanted: str, settings: Settings, *, unpromoted: bool = False) -> Shelved:
    """Return the decider that `wanted` names: a folder, NAME, NAME@ALIAS or NAME@VERSION.

    A bare name is the registered champion, else the shipped one of that name; with `unpromoted`, before the
    shipped one, the registered challenger.

    Raises:
        DeciderError: there is none, or it is not what was registered; names the next step.
        TransientError: the tracking server does not answer.
    """
    own = Path(wanted).expanduser()
    if (own / SPEC_FILE).is_file():
        return Shelved(read_spec(own).name, own, "folder")
    name, _, which = wanted.partition("@")
    asked = (which,) if which else (CHAMPION, CHALLENGER) if unpromoted else (CHAMPION,)
    if _has_registry(settings):
        with registry_client(settings) as client:
            for one in asked:
                if version := _version(client, name, one):
                    folder = _bring(client, version, settings)
                    number, aliases = str(version.version), tuple(version.aliases)
                    return Shelved(name, folder, "registered", number, aliases, version.run_id)
    if not which and (_SHIPPED / name / SPEC_FILE).is_file():
        return Shelved(name, _SHIPPED / name, "shipped")
    raise DeciderError(_not_found(wanted, name, which, settings))


def list_shelved(settings: Settings) -> list[Shelved]:
    """Return the newest version of each registered name and those with an alias, then the shipped ones.

    `folder` is where a registered one will lie once it is asked for.

    Raises:
        TransientError: the tracking server does not answer.
    """
    found = []
    if _has_registry(settings):
        with registry_client(settings) as client:
            for model in client.search_registered_models():
                if model.tags.get(KIND_TAG) != "decider":
                    continue
                versions = client.search_model_versions(f"name='{model.name}'")
                newest = max((int(one.version) for one in versions), default=0)
                by_version: dict[str, list[str]] = {}
                for alias, version in model.aliases.items():
                    by_version.setdefault(str(version), []).append(alias)
                for one in sorted(versions, key=lambda version: int(version.version)):
                    aliases = tuple(sorted(by_version.get(str(one.version), ())))
                    if aliases or int(one.version) == newest:
                        place = _place(settings, model.name, str(one.version))
                        found.append(
                            Shelved(model.name, place, "registered", str(one.version), aliases, one.run_id)
                        )
    shipped = sorted(_SHIPPED.glob(f"*/{SPEC_FILE}"))
    return [*found, *(Shelved(path.parent.name, path.parent, "shipped") for path in shipped)]


def folder_sha256(folder: Path) -> str:
    """Return a digest over the names and bytes of all files below a folder, whatever their times."""
    whole = hashlib.sha256()
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        whole.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


@contextlib.contextmanager
def registry_client(settings: Settings) -> Iterator[Any]:
    """An `MlflowClient` of the settings' tracking server; what it raises becomes an error of telcollm.

    Raises:
        MissingExtraError: mlflow is not installed.
        TransientError: the server does not answer, or does not do what it was asked.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    try:
        import mlflow
    except ImportError as error:
        raise MissingExtraError(package="mlflow", extra="tracking") from error
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    uri = settings.tracking_uri
    try:
        if uri.startswith("sqlite:///"):
            Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        yield mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    except mlflow.exceptions.MlflowException as error:
        message = (
            f"tracking server {uri} did not do what was asked ({error}); an MLflow server that answers is "
            "needed; set tracking.uri"
        )
        raise TransientError(redacted(message)) from error


def _has_registry(settings: Settings) -> bool:
    """Tell whether a registry may hold anything: a local one that was never made is not made for a look."""
    if not settings.tracking.enabled:
        return False
    uri = settings.tracking_uri
    return not uri.startswith("sqlite:///") or Path(uri.removeprefix("sqlite:///")).is_file()


def _version(client: Any, name: str, which: str) -> Any:
    """Return the model version that an alias or a number names; None where there is none."""
    import mlflow

    try:
        if which.isdigit():
            return client.get_model_version(name, which)
        return client.get_model_version_by_alias(name, which)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def _place(settings: Settings, name: str, version: str) -> Path:
    return settings.home.absolute() / _FOLDER / name.replace("/", "--") / version


def _bring(client: Any, version: Any, settings: Settings) -> Path:
    """Return where a version lies in the home folder, fetched whole where it was not there yet.

    Raises:
        DeciderError: its files are not those that were registered.
    """
    folder = _place(settings, version.name, str(version.version))
    registered = version.tags.get(SHA256_TAG, "")
    if (folder / SPEC_FILE).is_file():
        if registered and folder_sha256(folder) != registered:
            message = (
                f"decider {version.name} version {version.version} in {folder} was changed since it was "
                "registered; its registered files are allowed; remove the folder and ask again"
            )
            raise DeciderError(message)
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.parent / f".{folder.name}.{uuid.uuid4().hex}"
    fresh.mkdir()
    try:
        fetched = Path(client.download_artifacts(version.run_id, ARTEFACT, str(fresh)))
        if registered and folder_sha256(fetched) != registered:
            message = (
                f"the artefacts of decider {version.name} version {version.version} are not those that were "
                "registered; unchanged ones are allowed; restore them or train again"
            )
            raise DeciderError(message)
        # Of two processes that fetch at once the second finds the first one's folder, which is the same.
        with contextlib.suppress(OSError):
            fetched.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _not_found(wanted: str, name: str, which: str, settings: Settings) -> str:
    known = list_shelved(settings)
    own = [one for one in known if one.name == name and one.origin == "registered"]
    if own and not which:
        return (
            f"decider {wanted!r} has no champion, its newest version is {own[-1].version}; a promoted one is "
            f"allowed; run 'telcollm model promote {name}', or ask for {name}@{CHALLENGER} to try it"
        )
    names = ", ".join(dict.fromkeys(one.name for one in known)) or "none yet"
    return (
        f"decider {wanted!r} is not known; known deciders: {names}; give one of these, a folder with "
        f"{SPEC_FILE}, or train one by 'telcollm finetune run'"
    )
