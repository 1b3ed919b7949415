"""Deciders as their owner sees them: champion and challengers, what was measured of each run, promotion.

The gate judges (`finetune.promotion`); here is asked who may have it judge. Does not train.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from telcollm.access import Action, Caller, require
from telcollm.app.workplace import Workplace
from telcollm.errors import SettingsError
from telcollm.settings import Settings

_MOST_VERSIONS: Final = 200


class ModelVersion(msgspec.Struct, frozen=True):
    """One registered version: `metrics` as its run measured them, `run_url` where MLflow shows the run."""

    name: str
    version: str
    aliases: tuple[str, ...]
    created_time: datetime
    run_id: str
    run_url: str
    metrics: dict[str, float]
    tags: dict[str, str]


class ModelLine(msgspec.Struct, frozen=True):
    """One decider by name: its versions, the newest first, and what the settings use it for."""

    name: str
    origin: str
    champion: str
    challenger: str
    used_for: tuple[str, ...]
    versions: tuple[ModelVersion, ...]


class Condition(msgspec.Struct, frozen=True):
    """A condition of the gate that was not met: its `code` and values, for whoever says it in other words."""

    code: str
    values: dict[str, str]
    text: str


class Promotion(msgspec.Struct, frozen=True):
    """What the gate said: `failed` names the conditions that were not met, empty where it decides now."""

    name: str
    version: str
    former: str
    failed: tuple[Condition, ...]
    figures: dict[str, float]


def list_models(workplace: Workplace, caller: Caller) -> list[ModelLine]:
    """Return every decider, registered ones with their versions, then the shipped ones.

    Raises:
        AccessDenied: the caller may not see them.
        TransientError: the tracking server does not answer.
    """
    require(caller, Action.MODEL_READ)
    from telcollm.decider.shelf import list_shelved

    settings = workplace.settings
    shelved = list_shelved(settings)
    names = dict.fromkeys(one.name for one in shelved if one.origin == "registered")
    lines = [_line(settings, name) for name in names]
    lines += [
        ModelLine(one.name, one.origin, "", "", _used_for(settings, one.name), ())
        for one in shelved
        if one.origin != "registered" and one.name not in names
    ]
    return lines


def _line(settings: Settings, name: str) -> ModelLine:
    from telcollm.decider.shelf import CHALLENGER, CHAMPION, registry_client

    with registry_client(settings) as client:
        model = client.get_registered_model(name)
        found = client.search_model_versions(f"name='{name}'", max_results=_MOST_VERSIONS)
        aliases: dict[str, list[str]] = {}
        for alias, version in model.aliases.items():
            aliases.setdefault(str(version), []).append(alias)
        versions = tuple(
            ModelVersion(
                name=name,
                version=str(one.version),
                aliases=tuple(sorted(aliases.get(str(one.version), ()))),
                created_time=datetime.fromtimestamp(one.creation_timestamp / 1000, UTC),
                run_id=one.run_id,
                run_url=_run_url(settings, client, one.run_id),
                metrics=_metrics(client, one.run_id),
                tags={key: str(value) for key, value in one.tags.items()},
            )
            for one in sorted(found, key=lambda one: int(one.version), reverse=True)
        )
    return ModelLine(
        name,
        "registered",
        str(model.aliases.get(CHAMPION, "")),
        str(model.aliases.get(CHALLENGER, "")),
        _used_for(settings, name),
        versions,
    )


def _metrics(client: Any, run_id: str) -> dict[str, float]:
    return {key: float(value) for key, value in client.get_run(run_id).data.metrics.items()}


def _run_url(settings: Settings, client: Any, run_id: str) -> str:
    """Return where a browser finds the run; empty where the registry is a local file."""
    if not settings.tracking_uri.startswith(("http://", "https://")):
        return ""
    experiment = client.get_run(run_id).info.experiment_id
    return f"{settings.tracking_uri.rstrip('/')}/#/experiments/{experiment}/runs/{run_id}"


def _used_for(settings: Settings, name: str) -> tuple[str, ...]:
    uses = ("root_cause", "fault_kind", "team", "priority", "intent")
    return tuple(use for use in uses if str(getattr(settings.model, use)).partition("@")[0] == name)


def report(workplace: Workplace, caller: Caller, name: str, version: str) -> Mapping[str, Any]:
    """Return the figures kept with a version: per part accuracy, macro-F1, calibration, confusion.

    Raises:
        AccessDenied: the caller may not see them.
        TelcollmError: there is no such version, or it was changed since it was registered.
    """
    require(caller, Action.MODEL_READ)
    from telcollm.decider.shelf import find
    from telcollm.decider.spec import METRICS_FILE

    folder = find(f"{name}@{version}", workplace.settings).folder
    figures: Mapping[str, Any] = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
    return figures


def promote(workplace: Workplace, caller: Caller, name: str, version: str = "") -> Promotion:
    """Return the gate's verdict on a version, the challenger where none is named; what passes decides.

    Raises:
        AccessDenied: the caller may not promote.
        TelcollmError: there is no such version, or no registry is kept.
        TransientError: the tracking server does not answer.
    """
    require(caller, Action.MODEL_PROMOTE)
    _require_registry(workplace.settings)
    from finetune.promotion import promote as judge

    workplace.audit(caller, "promotion asked for", name, detail=f"version {version or 'challenger'}")
    verdict = judge(workplace.settings, name, version)
    former = verdict.former.version if verdict.former else ""
    outcome = "; ".join(verdict.failed) or f"champion instead of {former or 'none'}"
    workplace.audit(caller, "promotion judged", f"{name}@{verdict.version.version}", detail=outcome[:300])
    shown = verdict.evidence.decider
    figures = {"accuracy": shown.accuracy, "macro_f1": shown.macro_f1, "ece": shown.ece}
    failed = tuple(Condition(one.code, dict(one.values), str(one)) for one in verdict.unmet)
    return Promotion(name, verdict.version.version, former, failed, figures)


def roll_back(workplace: Workplace, caller: Caller, name: str) -> tuple[str, str]:
    """Return (version that decided, version that decides again); the second is empty where there is none.

    Raises:
        AccessDenied: the caller may not.
        TelcollmError: there is no champion to take back, or no registry is kept.
        TransientError: the tracking server does not answer.
    """
    require(caller, Action.MODEL_ROLL_BACK)
    _require_registry(workplace.settings)
    from finetune.registry import roll_back as take_back

    workplace.audit(caller, "champion taken back", name)
    return take_back(workplace.settings, name)


def _require_registry(settings: Settings) -> None:
    if not settings.tracking.enabled:
        message = "tracking.enabled=false keeps no registry; champions need one; set tracking.enabled=true"
        raise SettingsError(message)
