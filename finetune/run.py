"""One tuning run: check, split, baselines, training, mixing, one look at the test, report, registration.

What is done is kept in a folder of the home folder under a key of data and settings, so that a run that was
killed goes on. Does not print: stages and progress are told to whoever asked.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from finetune.baselines import fit_baselines
from finetune.conclusion import REPORT_FILE, Made, conclude
from finetune.evaluation import Parts, look, some
from finetune.otherwise import told_otherwise
from finetune.parts import Part, Side, make_side, model_part, side_examples
from finetune.predictions import Said, said_by
from finetune.preparation import Prepared, prepare
from finetune.promotion import ask_decider
from finetune.publication import Outcome, publish
from finetune.registry import Version, champion
from finetune.request import TuningRequest
from finetune.workplace import clear, own, write_whole
from telcollm.decider.mixing import fit_mix, fit_threshold, mixed
from telcollm.decider.plain import fit_plain
from telcollm.decider.spec import (
    ADAPTER_FOLDER,
    DeciderError,
    DeciderSpec,
    write_spec,
)
from telcollm.guard import Guard, load_key
from telcollm.ports import Store
from telcollm.settings import Settings

if TYPE_CHECKING:
    from finetune.progress import Progress

PRECISION: Final = 0.9
"""The share of answers above the threshold that are to be right, where none was asked for."""

MOST_MIX_ROWS: Final = 1200
"""So many validation rows settle two weights, a temperature and a threshold; more cost minutes."""

_TRAINED_FILE: Final = "trained.json"


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told what goes on: stages in words, and the steps of the training."""

    say: Callable[[str], None] = lambda line: None
    progress: Callable[[Progress], None] = lambda progress: None


@dataclass(frozen=True, slots=True)
class _Trained:
    """The trained model as far as the rest of the run needs it."""

    adapter: Path
    facts: Mapping[str, Any]


def run(
    request: TuningRequest,
    settings: Settings,
    *,
    store: Store | None = None,
    resume: bool = False,
    watcher: Watcher | None = None,
) -> Outcome:
    """Return what was made of the request.

    With `resume`, a run of the same data and settings goes on where it was interrupted; without, it begins
    anew.

    Raises:
        CheckError: the data cannot be trained on.
        TelcollmError: a file, column, base or setting is missing or wrong; or the server does not answer
            before the training has begun.
    """
    watcher = watcher or Watcher()
    began = time.monotonic()
    prepared = prepare(request, store)
    request = prepared.request
    base = _find_base(request)
    folder = settings.home.absolute() / "finetune" / f"{prepared.spec.name}-{_key(prepared)}"
    guard = Guard(load_key(settings.home), remember=False)
    with own(folder):
        if not resume:
            clear(folder)
        _tell_check(prepared, watcher)
        present = champion(settings, prepared.spec.name) if settings.tracking.enabled else None
        spec = _with_base(prepared.spec, base)
        sides = {name: make_side(prepared, name, spec, guard) for name in prepared.split.sizes}
        otherwise = told_otherwise(prepared, spec, sides["test"], guard)
        decider = folder / "decider"
        spec, parts, training = _fit(prepared, spec, sides, base, guard, folder, decider, watcher)
        looked = look(
            prepared,
            spec,
            sides["test"],
            parts,
            guard,
            groups=prepared.test_groups(),
            champion=_ask_champion(present, prepared, sides["test"], settings, guard, watcher),
            otherwise=otherwise,
            say=watcher.say,
        )
        made = Made(training, time.monotonic() - began, present)
        tree = conclude(prepared, spec, looked, sides["test"], guard, folder, decider, made)
        watcher.say(f"report: {folder / REPORT_FILE}")
        outcome = Outcome(spec.name, folder, decider, folder / REPORT_FILE, tree, tuple(tree["gate"]))
        watcher.say("logging the run, registering the decider")
        return publish(outcome, prepared, spec, settings)


def _fit(
    prepared: Prepared,
    spec: DeciderSpec,
    sides: Mapping[str, Side],
    base: Path | None,
    guard: Guard,
    folder: Path,
    decider: Path,
    watcher: Watcher,
) -> tuple[DeciderSpec, Parts, Mapping[str, Any]]:
    """Return the finished spec, all parts to be asked, and facts of the training; the folder is written."""
    train, validation = sides["train"], sides["validation"]
    same: dict[str, Any] = {
        "validation_rows": validation.rows,
        "validation_labels": validation.answers,
        "seed": spec.seed,
        "say": watcher.say,
    }
    plain = fit_plain(train.rows, train.answers, spec, **same)
    rivals = fit_baselines(train.rows, train.answers, spec, expert=plain, **same)
    plain = plain.trimmed()
    decider.mkdir(parents=True, exist_ok=True)
    plain.save(decider)
    spec = msgspec.structs.replace(spec, plain=True)
    parts: dict[str, Part] = {"plain": plain.log_probabilities}
    training: Mapping[str, Any] = {}
    untuned: Part | None = None
    if base is not None:
        trained = _train(prepared, spec, sides, base, guard, folder, watcher)
        training = trained.facts
        shutil.rmtree(decider / ADAPTER_FOLDER, ignore_errors=True)
        shutil.copytree(trained.adapter, decider / ADAPTER_FOLDER)
        spec = msgspec.structs.replace(spec, adapter=True)
        parts = {"model": model_part(base, decider / ADAPTER_FOLDER, spec, guard), **parts}
        untuned = model_part(base, None, spec, guard)
    places = some(len(validation.rows), MOST_MIX_ROWS, spec.seed)
    asked, answers = [validation.rows[place] for place in places], validation.answers[places]
    watcher.say(f"mixing and calibrating on {len(places)} validation rows")
    logs = {name: part(asked) for name, part in parts.items()}
    mix, temperature = fit_mix(logs, answers)
    chances = mixed(logs, msgspec.structs.replace(spec, mix=mix, temperature=temperature))
    right = chances.argmax(axis=1) == answers
    precision = prepared.request.precision or PRECISION
    spec = msgspec.structs.replace(
        spec,
        mix=mix,
        temperature=temperature,
        threshold=fit_threshold(chances.max(axis=1), right, precision),
        version=_key(prepared),
        trained_time=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_spec(spec, decider)
    return spec, Parts(parts, rivals, untuned), training


def _train(
    prepared: Prepared,
    spec: DeciderSpec,
    sides: Mapping[str, Side],
    base: Path,
    guard: Guard,
    folder: Path,
    watcher: Watcher,
) -> _Trained:
    """Return the trained adapter: of this run, or of the same run before it was interrupted."""
    from finetune.training import TrainingPlan, train

    request = prepared.request
    done = folder / _TRAINED_FILE
    if done.is_file():
        kept = json.loads(done.read_text(encoding="utf-8"))
        watcher.say("training was finished before the interruption")
        return _Trained(folder / kept["adapter"], kept["facts"])
    examples = {
        name: side_examples(sides[name], name, spec, guard, seed=spec.seed)
        for name in ("train", "validation")
    }
    watcher.say(f"training {request.base} for at most {request.minutes:g} minutes")
    asked = {"epochs": request.epochs, "learning_rate": request.learning_rate}
    options: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    plan = TrainingPlan(base_folder=base, max_minutes=request.minutes, seed=spec.seed, **options)
    course = folder / "training"
    made = train(examples["train"], examples["validation"], plan, course, on_progress=watcher.progress)
    facts = {
        "steps": made.steps,
        "tokens": made.tokens,
        "seconds": made.seconds,
        "validation_loss": made.validation_loss,
        "validation_accuracy": made.validation_accuracy,
        "stopped_because": made.stopped_because,
    }
    watcher.say(f"training ended: {made.stopped_because}")
    place = os.path.relpath(made.adapter, folder)
    write_whole(done, json.dumps({"adapter": place, "facts": facts}))
    return _Trained(made.adapter, facts)


def _ask_champion(
    present: Version | None,
    prepared: Prepared,
    test: Side,
    settings: Settings,
    guard: Guard,
    watcher: Watcher,
) -> Said | None:
    """Return what the present champion says of the test rows; None where it cannot be asked."""
    if present is None:
        return None
    watcher.say(f"test: asking the present champion, version {present.version}")
    wanted = f"{present.name}@{present.version}"
    try:
        return said_by(ask_decider(wanted, prepared.side("test"), settings, guard), test.truth)
    except DeciderError as error:
        watcher.say(f"the present champion cannot be asked about these rows: {error}")
        return None


def _find_base(request: TuningRequest) -> Path | None:
    """Return the folder of the base model; None where no model is to be trained.

    Raises:
        ModelNotPulledError: names the command that pulls it.
    """
    if not request.model:
        return None
    from telcollm.model.weights import locate

    return locate(request.base)


def _with_base(spec: DeciderSpec, base: Path | None) -> DeciderSpec:
    if base is None:
        return spec
    from telcollm.model.weights import read_info

    info = read_info(base, spec.base)
    return msgspec.structs.replace(spec, base=info.name, base_sha256=info.sha256)


def _tell_check(prepared: Prepared, watcher: Watcher) -> None:
    for finding in prepared.findings:
        watcher.say(f"{finding.weight}: {finding.message}" if finding.weight != "note" else finding.message)


def _key(prepared: Prepared) -> str:
    return prepared.request.key(prepared.spec.data_sha256)
