"""From a look at the test to what is kept of it: figures, evidence, report, card, and the files behind.

Does not train, ask or register.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from finetune.card import card_text, hardware_text
from finetune.columns import input_key, is_long, usual_values
from finetune.evaluation import Looked, slices, surest_errors
from finetune.evidence import DECIDER, evidence
from finetune.gate import failed_conditions
from finetune.measured import best_baseline, measure
from finetune.parts import Side
from finetune.predictions import RowKey, write_disturbed, write_predictions, write_rows
from finetune.preparation import Prepared
from finetune.registry import Version
from finetune.report import write_report
from finetune.tokens import prompt_tokens
from finetune.workplace import hardware, write_whole
from telcollm.decider.spec import CARD_FILE, METRICS_FILE, DeciderSpec
from telcollm.guard import Guard

REPORT_FILE: Final = "report.html"


@dataclass(frozen=True, slots=True)
class Made:
    """How the decider came about: facts of its training, minutes of the run, and who was champion then.

    `leaks` are those of a run beside what the table shows; `calibrated` says on what, where not on its own
    validation rows; `commands` are those that made and measured it in turn, where more than one did.
    `ms_per_row_on` and `training_on` name the hardware of an earlier run that these figures come from.
    """

    training: Mapping[str, Any]
    run_s: float
    champion: Version | None = None
    leaks: tuple[str, ...] = ()
    calibrated: str = ""
    commands: tuple[str, ...] = ()
    ms_per_row_on: str = ""
    training_on: str = ""


def conclude(
    prepared: Prepared,
    spec: DeciderSpec,
    looked: Looked,
    test: Side,
    guard: Guard,
    folder: Path,
    decider: Path,
    made: Made,
) -> dict[str, Any]:
    """Return all that was measured, with what stands against promotion; folder and decider hold it then."""
    tree = _measured(prepared, spec, looked, test, guard, decider, made)
    _write(prepared, looked, tree, folder, decider)
    return tree


def _measured(
    prepared: Prepared,
    spec: DeciderSpec,
    looked: Looked,
    test: Side,
    guard: Guard,
    decider: Path,
    made: Made,
) -> dict[str, Any]:
    size_bytes = sum(path.stat().st_size for path in decider.rglob("*") if path.is_file())
    here = hardware()
    tree = measure(
        prepared,
        spec,
        looked.predictions,
        looked.disturbed,
        created=datetime.now(UTC),
        cost={
            "ms_per_row": looked.ms_per_row,
            **prompt_tokens(spec, spec.base, test, guard),
            "size_mb": size_bytes / 1e6,
            "run_s": made.run_s,
            "hardware": here,
            "ms_per_row_on": made.ms_per_row_on or here,
            "training_on": (made.training_on or here) if made.training else "",
        },
        training=made.training,
        origin={
            "data sha256": spec.data_sha256,
            "code": spec.code_version,
            "base": spec.base,
            "base sha256": spec.base_sha256,
            "rows written as": spec.row_version,
            "seed": spec.seed,
            "licence": spec.licence,
            "trained": spec.trained_time,
            "calibrated": made.calibrated,
        },
    )
    if made.commands:
        tree["command"], *tree["commands"] = made.commands
    leaks = (*prepared.leaks, *made.leaks)
    own = tree["parts"][DECIDER]
    judged = evidence(
        looked.predictions,
        looked.disturbed,
        claimed={name: own[name] for name in ("accuracy", "macro_f1", "ece")},
        test_rows=prepared.split.sizes["test"],
        leaks=leaks,
        champion=f"version {made.champion.version}" if made.champion else "",
        needs_base=spec.adapter,
    )
    tree["gate"] = failed_conditions(judged)
    tree["leaks"] = list(leaks)
    best = best_baseline(tree)
    tree["slices"] = slices(looked.predictions, prepared.request.slices, best)
    tree["errors"] = surest_errors(looked.predictions, test.rows, spec, guard)
    return tree


def _write(
    prepared: Prepared,
    looked: Looked,
    tree: Mapping[str, Any],
    folder: Path,
    decider: Path,
) -> None:
    """Write report, card, metrics, and the files from which figures can be found anew."""
    write_predictions(looked.predictions, folder)
    write_disturbed(looked.disturbed, folder)
    columns, usual = prepared.columns, usual_values(prepared.rows, prepared.columns)
    keys = [
        RowKey(input_key(row, columns), side, is_long(row, columns, usual))
        for row, side in zip(prepared.rows, prepared.split.sides, strict=True)
    ]
    write_rows(keys, folder)
    # Examples of errors are for people who look at the run, not for whoever gets the decider.
    kept = {name: value for name, value in tree.items() if name != "errors"}
    write_whole(decider / METRICS_FILE, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    write_whole(decider / CARD_FILE, card_text(tree))
    told = {**tree, "cost": {**tree["cost"], "hardware": hardware_text(tree)}}
    write_report(told, folder / REPORT_FILE)
