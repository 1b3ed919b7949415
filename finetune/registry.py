"""Runs and registered deciders in MLflow: one run a training, one version a decider, aliases for who decides.

The champion is the version that an alias of that name points to; versions that were champion before are kept
in order in a tag, so that the last promotion can be taken back. Does not judge (`finetune.gate`), and does
not know what was measured.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from telcollm.decider.shelf import (
    ARTEFACT,
    CHALLENGER,
    CHAMPION,
    KIND_TAG,
    SHA256_TAG,
    folder_sha256,
    registry_client,
)
from telcollm.errors import SettingsError, TelcollmError
from telcollm.settings import Settings
from telcollm.tracking import redacted

_FORMER_TAG: Final = "telcollm.former_champions"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MOST_PARAMS: Final = 100
_MOST_METRICS: Final = 1000


@dataclass(frozen=True, slots=True)
class Version:
    """One registered version of a decider."""

    name: str
    version: str
    run_id: str
    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None


def check_name(name: str) -> str:
    """Return the name, which can be a model's in MLflow, a folder's and an adapter's.

    Raises:
        SettingsError: it cannot.
    """
    if not _NAME.fullmatch(name):
        message = (
            f"--name {name!r} is no name for a decider; up to 64 letters, digits, '-' and '_' that begin "
            "with a letter or digit are allowed; give another --name"
        )
        raise SettingsError(message)
    return name


def log_run(
    settings: Settings,
    *,
    run_name: str,
    params: Mapping[str, object],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    artefacts: Sequence[tuple[Path, str]],
) -> str:
    """Return the id of a finished run that holds all of it; an artefact is (file or folder, place there).

    Raises:
        TransientError: the tracking server does not answer; a run begun is left as failed.
    """
    with registry_client(settings) as client:
        import mlflow

        experiment = _experiment(client, settings)
        run_id: str = client.create_run(experiment, run_name=run_name, tags=dict(tags)).info.run_id
        finished = False
        try:
            known = [mlflow.entities.Param(key, redacted(str(value))[:500]) for key, value in params.items()]
            for start in range(0, len(known), _MOST_PARAMS):
                client.log_batch(run_id, params=known[start : start + _MOST_PARAMS])
            at_ms = mlflow.utils.time.get_current_time_millis()
            found = [
                mlflow.entities.Metric(_metric_name(key), float(value), at_ms, 0)
                for key, value in metrics.items()
            ]
            for start in range(0, len(found), _MOST_METRICS):
                client.log_batch(run_id, metrics=found[start : start + _MOST_METRICS])
            for path, place in artefacts:
                log = client.log_artifacts if path.is_dir() else client.log_artifact
                log(run_id, str(path), place or None)
            finished = True
        finally:
            with contextlib.suppress(Exception):
                client.set_terminated(run_id, "FINISHED" if finished else "FAILED")
        return run_id


def register(settings: Settings, name: str, run_id: str, folder: Path, *, tags: Mapping[str, str]) -> Version:
    """Return the new version of the decider `name`: the run's artefact, and the alias challenger on it.

    `folder` is the decider as it was logged with the run.

    Raises:
        TransientError: the tracking server does not answer.
        TelcollmError: the name is that of a registered model of another kind.
    """
    all_tags = {**tags, KIND_TAG: "decider", SHA256_TAG: folder_sha256(folder)}
    with registry_client(settings) as client:
        _ensure_model(client, name)
        source = f"{client.get_run(run_id).info.artifact_uri.rstrip('/')}/{ARTEFACT}"
        made = client.create_model_version(name, source, run_id=run_id, tags=all_tags)
        client.set_registered_model_alias(name, CHALLENGER, made.version)
        return Version(name, str(made.version), run_id, (CHALLENGER,), all_tags)


def find_version(settings: Settings, name: str, version: str = "") -> Version:
    """Return a version by its number, else the challenger, else the newest one.

    Raises:
        TelcollmError: there is none.
        TransientError: the tracking server does not answer.
    """
    with registry_client(settings) as client:
        model = _model(client, name)
        if model is None or model.tags.get(KIND_TAG) != "decider":
            message = (
                f"decider {name!r} is not registered; names that 'telcollm model list' shows are allowed; "
                f"train it by 'telcollm finetune run --name {name} ...'"
            )
            raise TelcollmError(message)
        found = {str(one.version): one for one in client.search_model_versions(f"name='{name}'")}
        wanted = version or str(model.aliases.get(CHALLENGER, "")) or max(found, key=int, default="")
        if wanted not in found:
            message = (
                f"decider {name!r} has no version {wanted!r}; versions {', '.join(sorted(found, key=int))} "
                "are allowed; give one of them as --version"
            )
            raise TelcollmError(message)
        return _as_version(found[wanted], model)


def champion(settings: Settings, name: str) -> Version | None:
    """Return the version that decides now; None where none was promoted.

    Raises:
        TransientError: the tracking server does not answer.
    """
    with registry_client(settings) as client:
        model = _model(client, name)
        if model is None or CHAMPION not in model.aliases:
            return None
        return _as_version(client.get_model_version_by_alias(name, CHAMPION), model)


def set_champion(settings: Settings, name: str, version: str) -> None:
    """Let the alias champion point to a version; the one before it can come back by `roll_back`.

    Raises:
        TransientError: the tracking server does not answer.
    """
    with registry_client(settings) as client:
        model = client.get_registered_model(name)
        present = str(model.aliases.get(CHAMPION, ""))
        if present == version:
            return
        former = _former(model)
        if present:
            client.set_registered_model_tag(name, _FORMER_TAG, json.dumps([*former, present]))
        client.set_registered_model_alias(name, CHAMPION, version)
        if str(model.aliases.get(CHALLENGER, "")) == version:
            client.delete_registered_model_alias(name, CHALLENGER)


def roll_back(settings: Settings, name: str) -> tuple[str, str]:
    """Return (version that decided, version that decides again); the second is empty where there is none.

    Raises:
        TelcollmError: there is no champion to take back.
        TransientError: the tracking server does not answer.
    """
    with registry_client(settings) as client:
        model = _model(client, name)
        present = str(model.aliases.get(CHAMPION, "")) if model is not None else ""
        if not present:
            message = (
                f"decider {name!r} has no champion to take back; a promoted decider is allowed; "
                f"run 'telcollm model promote {name}' first"
            )
            raise TelcollmError(message)
        former = _former(model)
        if not former:
            client.delete_registered_model_alias(name, CHAMPION)
            return present, ""
        client.set_registered_model_alias(name, CHAMPION, former[-1])
        client.set_registered_model_tag(name, _FORMER_TAG, json.dumps(former[:-1]))
        return present, former[-1]


def fetch_artefact(settings: Settings, run_id: str, place: str, folder: Path) -> Path:
    """Return the local path of a run's artefact, fetched into `folder`.

    Raises:
        TransientError: the run has none there, or the tracking server does not answer.
    """
    with registry_client(settings) as client:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(client.download_artifacts(run_id, place, str(folder)))


def _experiment(client: Any, settings: Settings) -> str:
    import mlflow

    name = f"{settings.tracking.experiment}-finetune"
    known = client.get_experiment_by_name(name)
    if known is None:
        place = None
        if settings.tracking_uri.startswith("sqlite:///"):
            folder = Path(settings.tracking_uri.removeprefix("sqlite:///")).parent / "mlartifacts"
            folder.mkdir(parents=True, exist_ok=True)
            place = folder.absolute().as_uri()
        # Two first runs at once both find none; the second one's attempt fails and finds the first one's.
        with contextlib.suppress(mlflow.exceptions.MlflowException):
            return str(client.create_experiment(name, artifact_location=place))
        known = client.get_experiment_by_name(name)
    return str(known.experiment_id)


def _model(client: Any, name: str) -> Any:
    import mlflow

    try:
        return client.get_registered_model(name)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def _ensure_model(client: Any, name: str) -> None:
    import mlflow

    if _model(client, name) is None:
        with contextlib.suppress(mlflow.exceptions.MlflowException):
            client.create_registered_model(name, tags={KIND_TAG: "decider"})
    if client.get_registered_model(name).tags.get(KIND_TAG) != "decider":
        message = (
            f"--name {name!r} is a registered model of another kind; a name of its own is allowed; "
            "give another --name"
        )
        raise TelcollmError(message)


def _former(model: Any) -> list[str]:
    try:
        return [str(version) for version in json.loads(model.tags.get(_FORMER_TAG, "[]"))]
    except ValueError:
        return []


def _as_version(found: Any, model: Any) -> Version:
    aliases = tuple(
        sorted(alias for alias, version in model.aliases.items() if str(version) == str(found.version))
    )
    return Version(found.name, str(found.version), found.run_id, aliases, dict(found.tags))


def _metric_name(name: str) -> str:
    """Return a metric's name without the signs that MLflow does not take."""
    return re.sub(r"[^\w ./:-]", "_", name)[:250]
