"""From a request to rows that can be learned from: read, checked, split, and what the decider will be.

Nothing is trained here, and nothing of the test side is looked at beyond its labels and copies. Does not
print: findings are returned in words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from finetune.audit import Finding, audit_split, audit_table
from finetune.columns import TaskColumns, row_label
from finetune.feedback import (
    CHOICES_COLUMN,
    LABEL_COLUMN,
    TEXT_COLUMN,
    TIME_COLUMN,
    diagnosis_table,
    mend_labels,
)
from finetune.formats import TableError
from finetune.registry import check_name
from finetune.request import TuningRequest
from finetune.split import Split, guess_group, split_rows
from finetune.table import Table, find_columns, numeric_columns, read_table, spread_lists
from telcollm import __version__
from telcollm.decider.numerals import fit_numerics
from telcollm.decider.rows import ROW_VERSION, Row, label_name
from telcollm.decider.spec import DeciderSpec, HistorySpec
from telcollm.ports import EVERYTHING, Store


class CheckError(TableError):
    """The data cannot be trained on as it is; `findings` say why."""

    def __init__(self, message: str, findings: Sequence[Finding]) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows with labels, their sides, what was found, and the spec as far as it is known before training.

    `unseen` are the labels of test rows that no other row has: whatever is decided on them is wrong.
    """

    request: TuningRequest
    columns: TaskColumns
    rows: tuple[Row, ...]
    split: Split
    findings: tuple[Finding, ...]
    spec: DeciderSpec
    labels: Mapping[str, int]
    unseen: frozenset[str] = frozenset()

    @property
    def leaks(self) -> tuple[str, ...]:
        """What was found that makes the test worthless, in words."""
        return tuple(finding.message for finding in self.findings if finding.weight == "leak")

    def side(self, name: str) -> list[Row]:
        """Return the rows of a side, in order."""
        return [self.rows[place] for place in self.split.places(name)]

    def test_groups(self) -> list[str]:
        """Return what each test row is drawn with in intervals: its group, where rows have one."""
        column = self.columns.group or (self.spec.history.group_column if self.spec.history else "")
        if not column and self.split.method == "group":
            column = guess_group(self.rows, self.columns)
        if not column:
            return []
        names = [label_name(row.get(column)) for row in self.side("test")]
        return [name or f"row {place}" for place, name in enumerate(names)]


def prepare(request: TuningRequest, store: Store | None = None) -> Prepared:
    """Return what can be learned from; `store` holds the feedback where it is asked for.

    Raises:
        CheckError: the audit says that nothing can be trained on this.
        TableError: a file or column is missing or cannot be read.
        SettingsError: the name is none.
    """
    name = check_name(request.own_name())
    request, table, sides = _read(request, store)
    table, columns = _columns(request, table)
    audit = audit_table(table, columns)
    findings = list(audit.findings)
    if audit.stopped:
        raise _refused(findings)
    assigned = [sides[place] for place in audit.places] if sides is not None else None
    split = split_rows(audit.rows, columns, seed=request.seed, assigned=assigned)
    findings += audit_split(audit.rows, split, columns)
    known = {row_label(audit.rows[place], columns) for place in _not_test(split)}
    unseen = frozenset(set(audit.labels) - known) if not columns.choices else frozenset()
    labels = tuple(sorted(known, key=_label_order)) if not columns.choices else ()
    if not columns.choices and len(labels) < 2:
        message = (
            f"training rows have {len(labels)} label of {columns.label!r}; at least two are needed to tell "
            "apart; split otherwise or add rows"
        )
        raise _refused([*findings, Finding("stop", "one_label", message)])
    train = [audit.rows[place] for place in split.places("train")]
    numerics, form = fit_numerics(train, columns.numeric)
    history, note = _history(request, columns, audit.rows)
    if note:
        findings.append(Finding("note", "history", note))
    spec = DeciderSpec(
        name=name,
        kind="choices" if columns.choices else "labels",
        text_columns=columns.text,
        numerics=numerics,
        numeric_form="unwritten" if numerics and request.numeric_unwritten else form,
        history=history,
        label_column=columns.label,
        choices_column=columns.choices,
        labels=labels,
        base=request.base if request.model else "",
        row_version=ROW_VERSION,
        prompt_tokens=request.prompt_tokens,
        data_sha256=table.sha256,
        code_version=code_version(),
        seed=request.seed,
        simulated=request.simulated or _says_simulated(audit.rows),
        licence=request.licence,
    )
    return Prepared(request, columns, audit.rows, split, tuple(findings), spec, dict(audit.labels), unseen)


def code_version() -> str:
    """Return telcollm's version and a digest of the code that decides and trains."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for folder in ("finetune", "telcollm/decider", "telcollm/model"):
        for path in sorted((root / folder).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


def _read(request: TuningRequest, store: Store | None) -> tuple[TuningRequest, Table, tuple[str, ...] | None]:
    """Return the request, completed for feedback, its table, and the sides that files of their own give."""
    if request.data is None:
        if not request.feedback or store is None:
            message = (
                "--data is missing; a CSV, JSON lines or Parquet file is needed; give one, or --feedback"
            )
            raise TableError(message)
        table, _ = diagnosis_table(store, EVERYTHING)
        completed = replace(
            request,
            text=request.text or (TEXT_COLUMN,),
            label=LABEL_COLUMN,
            choices=CHOICES_COLUMN,
            time=request.time or ("" if request.group else TIME_COLUMN),
        )
        return completed, table, None
    table = read_table(request.data)
    if request.feedback and store is not None:
        if not request.id_column:
            message = (
                "--feedback with --data needs --id; the column of --data that feedback's subject_id names is "
                "allowed; give --id COLUMN, or leave --data out to learn from feedback on diagnoses"
            )
            raise TableError(message)
        table, _ = mend_labels(
            table, store.feedback(EVERYTHING), id_column=request.id_column, label_column=request.label
        )
    if request.test is None:
        return request, table, None
    test = read_table(request.test)
    find_columns(test, [*request.text, request.label], f"in the --test file {request.test}:")
    joined = replace(
        table,
        columns=tuple(dict.fromkeys([*table.columns, *test.columns])),
        rows=(*table.rows, *test.rows),
        sha256=hashlib.sha256(f"{table.sha256}{test.sha256}".encode()).hexdigest(),
        notes=(*table.notes, *(f"--test: {note}" for note in test.notes)),
    )
    return request, joined, ("train",) * len(table.rows) + ("test",) * len(test.rows)


def _columns(request: TuningRequest, table: Table) -> tuple[Table, TaskColumns]:
    """Return the table, lists spread, and the columns that the request means."""

    def one(name: str, option: str) -> str:
        return find_columns(table, [name], option)[0] if name else ""

    text = find_columns(table, request.text, "--text")
    single = {
        field: one(getattr(request, field), f"--{field}")
        for field in ("label", "choices", "time", "group", "split", "order")
    }
    besides = {*text, *single.values()}
    if request.numeric == ("all",) and "all" not in table.columns:
        numeric = numeric_columns(table, besides)
        if not numeric:
            message = (
                f"--numeric all: no column of {table.source} but those named otherwise holds numbers only; "
                "numeric columns are needed; name them, or give texts by --text"
            )
            raise TableError(message)
    else:
        numeric = find_columns(table, request.numeric, "--numeric")
    table, numeric = spread_lists(table, numeric)
    return table, TaskColumns(text=text, numeric=numeric, **single)


def _history(
    request: TuningRequest, columns: TaskColumns, rows: Sequence[Row]
) -> tuple[HistorySpec | None, str]:
    group = columns.group or guess_group(rows, columns)
    if request.history <= 0:
        hint = f"rows of one {group!r} may depend on each other: --history 4 shows a decision those before it"
        return None, hint if group else ""
    if not group:
        message = (
            f"--history {request.history} needs --group; the column that tells conversations apart is "
            "allowed; give --group COLUMN"
        )
        raise TableError(message)
    return HistorySpec(group, columns.order, request.history), ""


def _not_test(split: Split) -> list[int]:
    return [*split.places("train"), *split.places("validation")]


def _label_order(label: str) -> tuple[int, float, str]:
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)


def _says_simulated(rows: Sequence[Row]) -> bool:
    return all(str(row.get("simulated", "")).lower() in ("true", "1") for row in rows)


def _refused(findings: Sequence[Finding]) -> CheckError:
    reasons = "; ".join(finding.message for finding in findings if finding.weight == "stop")
    return CheckError(f"the data cannot be trained on: {reasons}", findings)
