"""A run made known: logged in MLflow with its data's and code's hashes, and registered as challenger.

What cannot be logged is kept in the run's folder and told as a problem: an hour of training is not lost to
a server that is away. Does not judge.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from finetune.card import card_text
from finetune.measured import flat_metrics
from finetune.predictions import DISTURBED_FILE, PREDICTIONS_FILE, ROWS_FILE
from finetune.preparation import Prepared
from finetune.promotion import EVALUATION, EVALUATION_TAG, evaluation_sha256
from finetune.registry import log_run, register
from finetune.workplace import write_whole
from telcollm.decider.shelf import ARTEFACT
from telcollm.decider.spec import DeciderSpec
from telcollm.errors import TransientError
from telcollm.settings import Settings

DONE_FILE: Final = "done.json"
_MOST_TAG: Final = 4000
_MOST_LEAKS, _MOST_LEAK = 5, 600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run made. `version` and `run_id` are empty where it was not registered; `problem` says why.

    `measured` is the tree that metrics.json holds; `failed` what stands against promotion.
    """

    name: str
    folder: Path
    decider: Path
    report: Path
    measured: Mapping[str, Any]
    failed: tuple[str, ...]
    version: str = ""
    run_id: str = ""
    problem: str = ""


def publish(outcome: Outcome, prepared: Prepared, spec: DeciderSpec, settings: Settings) -> Outcome:
    """Return the outcome with its run and version; where the server fails, with what went wrong."""
    if not settings.tracking.enabled:
        return replace(outcome, problem="tracking is off: not registered; use the decider by its folder")
    folder = outcome.folder
    artefacts = [
        (outcome.decider, ARTEFACT),
        (outcome.report, ""),
        *[(folder / name, EVALUATION) for name in (PREDICTIONS_FILE, DISTURBED_FILE, ROWS_FILE)],
    ]
    tags = {
        "data_sha256": spec.data_sha256,
        "code_version": spec.code_version,
        "base_sha256": spec.base_sha256,
        "simulated": str(spec.simulated).lower(),
    }
    try:
        run_id = log_run(
            settings,
            run_name=f"{spec.name} {spec.version}",
            params=_params(prepared, spec),
            metrics=flat_metrics(outcome.measured),
            tags={**tags, "mlflow.note.content": card_text(outcome.measured)[:_MOST_TAG]},
            artefacts=artefacts,
        )
        own_tags = {
            **tags,
            EVALUATION_TAG: evaluation_sha256(folder),
            "leaks": json.dumps([leak[:_MOST_LEAK] for leak in prepared.leaks[:_MOST_LEAKS]]),
        }
        version = register(settings, spec.name, run_id, outcome.decider, tags=own_tags)
    except TransientError as error:
        return replace(outcome, problem=f"not registered: {error}; --resume tries again")
    write_whole(folder / DONE_FILE, json.dumps({"run_id": run_id, "version": version.version}))
    return replace(outcome, version=version.version, run_id=run_id)


def _params(prepared: Prepared, spec: DeciderSpec) -> dict[str, object]:
    request = prepared.request
    return {
        "text": ",".join(spec.text_columns),
        "numeric": ",".join(spec.numeric_columns),
        "label": spec.label_column,
        "labels": len(spec.labels),
        "kind": spec.kind,
        "split": prepared.split.reason,
        "history": spec.history.turns if spec.history else 0,
        "base": spec.base,
        "row_version": spec.row_version,
        "prompt_tokens": spec.prompt_tokens,
        "minutes": request.minutes,
        "epochs": request.epochs,
        "seed": spec.seed,
        "command": request.command(),
    }
