"""Promotion: the evidence of a registered version found anew, the gate asked, the alias moved or not.

Nothing that a run claims is believed: metrics are computed from its predictions, leaks from its row hashes,
and the present champion is asked about the same test rows where the run had not asked it. Does not train.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from finetune.audit import LEAK_RATIO
from finetune.evidence import evidence
from finetune.gate import Evidence, Unmet, unmet_conditions
from finetune.predictions import (
    DISTURBED_FILE,
    PREDICTIONS_FILE,
    ROWS_FILE,
    Predictions,
    RowKey,
    read_disturbed,
    read_predictions,
    read_rows,
    said_by,
)
from finetune.registry import Version, champion, fetch_artefact, find_version, set_champion
from telcollm.decider.decider import Decision
from telcollm.decider.opening import open_named
from telcollm.decider.rows import Row
from telcollm.decider.shelf import find
from telcollm.decider.spec import METRICS_FILE, DeciderError, read_spec
from telcollm.guard import Guard, load_key
from telcollm.settings import Settings

EVALUATION = "evaluation"
EVALUATION_TAG = "evaluation_sha256"
_FILES = (PREDICTIONS_FILE, DISTURBED_FILE, ROWS_FILE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a promotion: `unmet` is empty where the version decides from now on."""

    version: Version
    former: Version | None
    unmet: tuple[Unmet, ...]
    evidence: Evidence

    @property
    def failed(self) -> tuple[str, ...]:
        """The conditions that were not met, in English."""
        return tuple(map(str, self.unmet))


def promote(settings: Settings, name: str, version: str = "") -> Verdict:
    """Return the verdict on a version (the challenger where none is named); what passes is champion then.

    Raises:
        TelcollmError: there is no such version, or its files cannot be read.
        TransientError: the tracking server does not answer.
    """
    candidate = find_version(settings, name, version)
    present = champion(settings, name)
    former = present if present is not None and present.version != candidate.version else None
    found = _evidence(settings, candidate, former)
    unmet = tuple(unmet_conditions(found))
    if not unmet:
        set_champion(settings, name, candidate.version)
    return Verdict(candidate, former, unmet, found)


def evaluation_sha256(folder: Path) -> str:
    """Return a digest of the files that figures are found from."""
    whole = hashlib.sha256()
    for name in _FILES:
        whole.update((folder / name).read_bytes())
    return whole.hexdigest()


def ask_decider(wanted: str, rows: Sequence[Row], settings: Settings, guard: Guard) -> list[Decision]:
    """Return what a decider of the shelf decides on each row.

    Raises:
        DeciderError: the decider reads columns that the rows lack, or its base is another one.
        TelcollmError: its base is not there.
    """
    _, decider = open_named(wanted, settings, unpromoted=True, guard=guard)
    return decider.decide(rows)


def _evidence(settings: Settings, candidate: Version, former: Version | None) -> Evidence:
    tags = candidate.tags or {}
    tampered = []
    try:
        decider = find(f"{candidate.name}@{candidate.version}", settings).folder
    except DeciderError as error:
        tampered.append(str(error))
        decider = None
    with tempfile.TemporaryDirectory() as temporary:
        place = fetch_artefact(settings, candidate.run_id, EVALUATION, Path(temporary))
        predictions = read_predictions(place / PREDICTIONS_FILE)
        changes = read_disturbed(place / DISTURBED_FILE)
        rows = read_rows(place / ROWS_FILE)
        if evaluation_sha256(place) != tags.get(EVALUATION_TAG):
            tampered.append("the predictions are not those that were registered with it")
    claims: dict[str, Any] = {}
    needs_base = True
    if decider is not None:
        tree = json.loads((decider / METRICS_FILE).read_text(encoding="utf-8"))
        own = tree["parts"]["decider"]
        claims = {name: own[name] for name in ("accuracy", "macro_f1", "ece")}
        needs_base = read_spec(decider).adapter
    leaks = [*json.loads(tags.get("leaks", "[]")), *_copies(rows)]
    compared = ""
    if former is not None:
        compared = f"version {former.version}"
        predictions = _with_champion(predictions, former, settings)
    elif "champion" in predictions.said:
        # What was champion when it was measured is champion no more.
        others = {name: part for name, part in predictions.said.items() if name != "champion"}
        predictions = replace(predictions, said=others)
    return evidence(
        predictions,
        changes,
        claimed=claims,
        test_rows=sum(row.side == "test" for row in rows),
        leaks=list(dict.fromkeys(leaks)),
        tampered=tampered,
        champion=compared,
        needs_base=needs_base,
    )


def _with_champion(predictions: Predictions, former: Version, settings: Settings) -> Predictions:
    """Return the predictions with those of the present champion on the same rows, where it can be asked."""
    guard = Guard(load_key(settings.home), remember=False)
    others = {name: part for name, part in predictions.said.items() if name != "champion"}
    try:
        answers = ask_decider(f"{former.name}@{former.version}", predictions.inputs, settings, guard)
    except DeciderError:
        return replace(predictions, said=others)
    return replace(predictions, said={**others, "champion": said_by(answers, predictions.truth)})


def _copies(rows: Sequence[RowKey]) -> list[str]:
    """Return in words how many test rows have the very inputs of a training row, where that is too many.

    Rows that say little repeat by nature and do not count.
    """
    known = {row.key for row in rows if row.side != "test" and row.long}
    tests = [row for row in rows if row.side == "test"]
    copies = sum(row.long and row.key in known for row in tests)
    if copies <= LEAK_RATIO * len(tests):
        return []
    return [f"{copies} of {len(tests)} test rows have the very inputs of a training row"]
