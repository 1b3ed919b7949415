"""A decider that exists measured again: calibrated anew on rows it never saw, its test told otherwise.

Nothing is trained but the baselines, which are fitted as in its own run. Its data must be those it was made
from, and split alike, or the test proves nothing. Does not print.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shlex
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from finetune.baselines import fit_baselines
from finetune.columns import input_key
from finetune.conclusion import REPORT_FILE, Made, conclude
from finetune.evaluation import Parts, look, some
from finetune.formats import TableError
from finetune.kept import kept_part
from finetune.otherwise import parse_disturbed, told_otherwise
from finetune.parts import Part, answers_of, make_side, model_part
from finetune.preparation import Prepared, prepare
from finetune.publication import Outcome, publish
from finetune.request import TuningRequest
from finetune.run import MOST_MIX_ROWS, PRECISION, Watcher
from finetune.table import Table, read_table
from finetune.workplace import clear, own
from telcollm.decider.decider import check_columns, guarded_row
from telcollm.decider.mixing import fit_mix, fit_threshold, mixed
from telcollm.decider.plain import load_plain
from telcollm.decider.rows import label_name, with_history
from telcollm.decider.shelf import find, folder_sha256
from telcollm.decider.spec import (
    ADAPTER_FOLDER,
    METRICS_FILE,
    PLAIN_FILE,
    DeciderError,
    DeciderSpec,
    read_spec,
    write_spec,
)
from telcollm.guard import Guard, load_key
from telcollm.settings import Settings

NOT_NOTED: Final = "hardware that was not noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remeasure:
    """What is asked for. `calibrate` holds labelled rows that the decider was not trained on.

    Those that the column `split` keeps for a test are left out there.

    Without `model` the plain expert is looked at alone, which is quick, and nothing is registered.
    """

    decider: str
    data: Path
    split: str = ""
    time: str = ""
    group: str = ""
    id_column: str = ""
    disturbed: tuple[str, ...] = ()
    disturbed_rows: int = 600
    calibrate: Path | None = None
    slices: tuple[str, ...] = ()
    model: bool = True

    def command(self, name: str) -> str:
        """Return the command line that asks for the same of the decider of that name."""
        words = ["telcollm", "finetune", "evaluate", name, "--data", str(self.data)]
        for option in ("split", "time", "group", "id_column"):
            if value := getattr(self, option):
                words += [f"--{option.removesuffix('_column')}", value]
        for entry in self.disturbed:
            words += ["--disturbed", entry]
        if self.disturbed:
            words += ["--disturbed-rows", str(self.disturbed_rows)]
        if self.calibrate is not None:
            words += ["--calibrate", str(self.calibrate)]
        if self.slices:
            words += ["--slice", ",".join(self.slices)]
        return " ".join(map(shlex.quote, words if self.model else [*words, "--no-model"]))


def remeasure(asked: Remeasure, settings: Settings, *, watcher: Watcher | None = None) -> Outcome:
    """Return what was measured; the decider, as it is then, is registered as challenger.

    Answers of the model are kept in the home folder: what was asked once is not asked again, so that an
    evaluation that was stopped goes on.

    Raises:
        DeciderError: there is no such decider, or it does not fit these rows.
        TelcollmError: a file or column is missing or wrong.
    """
    watcher = watcher or Watcher()
    began = time.monotonic()
    found = find(asked.decider, settings, unpromoted=True).folder
    spec, before = read_spec(found), _metrics(found)
    base = _own_base(spec) if asked.model and spec.adapter else None
    prepared = prepare(_request(asked, spec))
    data_sha256 = prepared.spec.data_sha256
    prepared = replace(prepared, spec=spec)
    calibrate = read_table(asked.calibrate) if asked.calibrate is not None else None
    key = _key(asked, folder_sha256(found), data_sha256, calibrate)
    folder = settings.home.absolute() / "finetune" / f"{spec.name}-again-{key}"
    guard = Guard(load_key(settings.home), remember=False)
    with own(folder):
        clear(folder)
        sides = {name: make_side(prepared, name, spec, guard) for name in prepared.split.sizes}
        otherwise = told_otherwise(prepared, spec, sides["test"], guard)
        decider = folder / "decider"
        shutil.copytree(found, decider)
        parts, spec = _parts(asked, spec, base, decider, settings, guard, watcher)
        calibrated = ""
        if calibrate is not None:
            spec, calibrated = _calibrate(calibrate, prepared, spec, parts.own, guard, watcher)
            spec = msgspec.structs.replace(spec, version=key)
        write_spec(spec, decider)
        train, validation = sides["train"], sides["validation"]
        rivals = fit_baselines(
            train.rows,
            train.answers,
            spec,
            validation_rows=validation.rows,
            validation_labels=validation.answers,
            seed=spec.seed,
            say=watcher.say,
        )
        looked = look(
            prepared,
            spec,
            sides["test"],
            replace(parts, rivals=rivals),
            guard,
            groups=prepared.test_groups(),
            otherwise=otherwise,
            say=watcher.say,
        )
        ms_per_row_on = ""
        if spec.adapter:
            # Answers that were kept cost nothing to read: what a decision takes was measured by its own run.
            looked = replace(looked, ms_per_row=before["cost"]["ms_per_row"])
            ms_per_row_on = _taken_on(before, "ms_per_row_on")
        made = Made(
            before.get("training", {}),
            time.monotonic() - began,
            leaks=_not_its_own(prepared, data_sha256, before),
            calibrated=calibrated,
            commands=(before["command"], *before.get("commands", ()), asked.command(spec.name)),
            ms_per_row_on=ms_per_row_on,
            training_on=_taken_on(before, "training_on"),
        )
        tree = conclude(prepared, spec, looked, sides["test"], guard, folder, decider, made)
        watcher.say(f"report: {folder / REPORT_FILE}")
        outcome = Outcome(spec.name, folder, decider, folder / REPORT_FILE, tree, tuple(tree["gate"]))
        if not asked.model:
            return replace(outcome, problem="the model was left out: not registered")
        return publish(outcome, prepared, spec, settings)


def _key(asked: Remeasure, decider_sha256: str, data_sha256: str, calibrate: Table | None) -> str:
    """Return the name of what is asked for, by what its files hold, wherever they lie."""
    plain = dataclasses.asdict(replace(asked, decider="", data=Path(), disturbed=(), calibrate=None))
    others = [(name, read_table(path).sha256) for name, path in map(parse_disturbed, asked.disturbed)]
    content = [decider_sha256, data_sha256, calibrate.sha256 if calibrate else "", others, plain]
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:12]


def _request(asked: Remeasure, spec: DeciderSpec) -> TuningRequest:
    history = spec.history
    return TuningRequest(
        data=asked.data,
        text=spec.text_columns,
        numeric=spec.numeric_columns,
        numeric_unwritten=spec.numeric_form == "unwritten",
        label=spec.label_column,
        choices=spec.choices_column,
        split=asked.split,
        time=asked.time,
        group=asked.group or (history.group_column if history else ""),
        order=history.order_column if history else "",
        history=history.turns if history else 0,
        base=spec.base,
        name=spec.name,
        prompt_tokens=spec.prompt_tokens,
        seed=spec.seed,
        slices=asked.slices,
        simulated=spec.simulated,
        licence=spec.licence,
        id_column=asked.id_column,
        disturbed=asked.disturbed,
        disturbed_rows=asked.disturbed_rows,
    )


def _metrics(folder: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = (
            f"{folder / METRICS_FILE} cannot be read ({error}); a decider with the figures of its own run is "
            "needed; restore the file or train again"
        )
        raise DeciderError(message) from error
    return found


def _taken_on(before: Mapping[str, Any], name: str) -> str:
    """Return the hardware that a figure of the earlier run was taken on."""
    cost = before["cost"]
    if noted := cost.get(name):
        return str(noted)
    # Evaluations of earlier versions wrote their own machine's name beside the figures of another run.
    return NOT_NOTED if before.get("commands") else str(cost.get("hardware") or NOT_NOTED)


def _own_base(spec: DeciderSpec) -> Path:
    """Return the folder of the base that the decider was trained over.

    Raises:
        DeciderError: what bears its name has other weights, or none whose sha256 is known.
        ModelNotPulledError: names the command that pulls it.
    """
    from telcollm.model.weights import locate, read_info

    base = locate(spec.base)
    found = read_info(base, spec.base).sha256
    if spec.base_sha256 and found != spec.base_sha256:
        message = (
            f"base {spec.base} in {base} has sha256 {found[:12] or 'unknown'}; {spec.base_sha256[:12]}, over "
            f"which decider {spec.name} was trained, is allowed; pull that one by 'telcollm model pull', or "
            "train again over this one"
        )
        raise DeciderError(message)
    return base


def _parts(
    asked: Remeasure,
    spec: DeciderSpec,
    base: Path | None,
    decider: Path,
    settings: Settings,
    guard: Guard,
    watcher: Watcher,
) -> tuple[Parts, DeciderSpec]:
    """Return the decider's own parts and the base, and the spec of the parts that are asked."""
    own_parts: dict[str, Part] = {}
    if spec.plain:
        own_parts["plain"] = load_plain(decider / PLAIN_FILE, spec).log_probabilities
    if base is None:
        if not own_parts:
            message = (
                f"decider {spec.name} has no plain expert; with --no-model nothing is left to look at; leave "
                "--no-model out"
            )
            raise DeciderError(message)
        if spec.adapter:
            # The plain expert was calibrated for itself before it was mixed.
            spec = msgspec.structs.replace(spec, adapter=False, mix={"plain": 1.0}, temperature=1.0)
        return Parts(own_parts, {}), spec
    adapter = decider / ADAPTER_FOLDER
    answers = settings.home.absolute() / "finetune" / "answers"

    def tell(done: int, all_: int) -> None:
        watcher.say(f"model: {done} of {all_} rows")

    # A folder that was never pulled has no sha256 of its own: then its bytes tell it from another.
    base_sha256 = spec.base_sha256 or folder_sha256(base)
    model = kept_part(
        model_part(base, adapter, spec, guard), answers, base_sha256, adapter, spec, guard, tell=tell
    )
    bare = kept_part(model_part(base, None, spec, guard), answers, base_sha256, None, spec, guard, tell=tell)
    return Parts({"model": model, **own_parts}, {}, bare), spec


def _calibrate(
    table: Table,
    prepared: Prepared,
    spec: DeciderSpec,
    parts: Mapping[str, Part],
    guard: Guard,
    watcher: Watcher,
) -> tuple[DeciderSpec, str]:
    """Return the spec with mix, temperature and threshold fitted on the table's rows, and what they were.

    Raises:
        TableError: rows have no label that the decider knows.
    """
    # A table leaves out columns of numbers that are all alike in it: they hold what is usual.
    absent = {one.name: one.usual for one in spec.numerics if one.name not in table.columns}
    filled = [{**absent, **row} for row in table.rows] if len(absent) < len(spec.numerics) else table.rows
    check_columns(filled, spec)
    # A row of the test would tell its answer, one of the training its parts' memory of it.
    known = {input_key(row, prepared.columns) for row in prepared.rows}
    own_split = prepared.columns.split
    rows = [
        row
        for row in filled
        if input_key(row, prepared.columns) not in known
        # What a table keeps for tests (a dialect, a combination) stays unseen here as well.
        and label_name(row.get(own_split)).casefold() != "test"
    ]
    guarded = with_history([guarded_row(row, spec, guard) for row in rows], spec)
    answers, _ = answers_of(guarded, spec)
    labelled = np.flatnonzero(answers >= 0)
    if not len(labelled):
        message = (
            f"--calibrate {table.source}: none of its {len(table.rows)} rows is new and has a "
            f"{spec.label_column} that the decider knows; rows it was not trained on are needed; "
            "name another file"
        )
        raise TableError(message)
    called = Path(table.source).name
    places = labelled[some(len(labelled), MOST_MIX_ROWS, spec.seed)]
    watcher.say(f"mixing and calibrating on {len(places)} of {len(table.rows)} rows of {called}")
    chosen = [guarded[int(place)] for place in places]
    logs = {name: part(chosen) for name, part in parts.items()}
    mix, temperature = fit_mix(logs, answers[places])
    spec = msgspec.structs.replace(spec, mix=mix, temperature=temperature)
    chances = mixed(logs, spec)
    right = chances.argmax(axis=1) == answers[places]
    threshold = fit_threshold(chances.max(axis=1), right, spec.threshold.precision or PRECISION)
    told = f"on {len(places):,} rows of {called}, sha256 {table.sha256}"
    told += f", {len(absent)} columns of numbers that it lacks taken as usual" if absent else ""
    return msgspec.structs.replace(spec, threshold=threshold), told


def _not_its_own(prepared: Prepared, data_sha256: str, before: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in words why test rows may have taught the decider; nothing where they are those of its run."""
    table = prepared.request.data
    if prepared.split.sizes != before["rows"] or prepared.split.reason != before["split"]["reason"]:
        return (
            f"{table} is split otherwise than when the decider was trained: test rows may have taught it",
        )
    if data_sha256 != prepared.spec.data_sha256:
        return (f"{table} is not the data the decider was trained on: test rows may have taught it",)
    return ()
