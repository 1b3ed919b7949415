"""What is wrong with a table before anything is trained on it, in words, and which rows can be used.

Findings are of four weights: "stop" (nothing can be trained), "leak" (results would be worth nothing, so
nothing may be promoted), "warning" and "note". Does not mend what it finds, but for rows without a label,
which are left out.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from finetune.columns import TaskColumns, input_key, is_long, normal_text, row_label, row_text, usual_values
from finetune.split import Split, guess_group, parse_time
from finetune.table import Table
from telcollm.decider.numerals import number
from telcollm.decider.rows import Row, cell_text, right_choice
from telcollm.decider.spec import DeciderError, DeciderSpec

Weight = Literal["stop", "leak", "warning", "note"]
FEWEST_OF_A_LABEL: Final = 10
MOST_LABELS: Final = 500
LEAK_RATIO: Final = 0.01
LEAK_RATIO_OF_GROUPS: Final = 0.05
_GIVEN_AWAY: Final = 0.98


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: how bad, a short code for programs, and a sentence with what to do."""

    weight: Weight
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The rows that can be used, the counts of their labels, and what was found."""

    rows: tuple[Row, ...]
    places: tuple[int, ...]
    labels: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def stopped(self) -> bool:
        """Whether nothing can be trained on this."""
        return any(finding.weight == "stop" for finding in self.findings)


def audit_table(table: Table, columns: TaskColumns) -> Audit:
    """Return what can be said of a table before it is split; columns must be the table's own.

    `places` are the indexes, in the table, of the rows kept: those with a label, and for varying choices
    with a label among them. Their numeric cells are numbers, or None where they are missing.
    """
    findings = [Finding("note", "read", note) for note in table.notes]
    rows, places, counts = _labelled(table, columns, findings)
    if not columns.inputs:
        findings.append(
            Finding("stop", "no_input", "no input column was given; name one or more by --text or --numeric")
        )
    both = [name for name in columns.inputs if name == columns.label]
    if both:
        message = f"column {both[0]!r} is both label and input; an input must not be what is asked; remove it"
        findings.append(Finding("stop", "label_is_input", message))
    if columns.numeric and not any(finding.weight == "stop" for finding in findings):
        rows = _numbered(rows, columns, findings)
    if not any(finding.weight == "stop" for finding in findings):
        _labels(counts, len(rows), columns, findings)
        _texts(rows, columns, findings)
        _conflicts(rows, columns, findings)
        if not columns.choices:
            _given_away(rows, columns, findings)
    return Audit(tuple(rows), tuple(places), dict(counts.most_common()), tuple(findings))


def audit_split(rows: Sequence[Row], split: Split, columns: TaskColumns) -> list[Finding]:
    """Return what is wrong between the sides of a split: copies, groups and times on both, labels unseen."""
    findings = [Finding("note", "split", f"split {split.sizes}: {split.reason}")]
    findings += [Finding("note", "split", note) for note in split.notes]
    leaks = leaked_rows(rows, split, columns)
    tests = split.sizes["test"]
    if leaks:
        # Customers of different conversations do say the same; copies of whole records are another matter.
        most = LEAK_RATIO_OF_GROUPS if columns.group or guess_group(rows, columns) else LEAK_RATIO
        weight: Weight = "leak" if len(leaks) > most * tests else "warning"
        message = (
            f"{len(leaks)} of {tests} test rows are copies of training rows (row {leaks[0] + 1} of those "
            "used); copies must stay on one side; split by group, or leave the --split option out"
        )
        findings.append(Finding(weight, "copies", message))
    if columns.group:
        sides: dict[str, set[str]] = defaultdict(set)
        for row, side in zip(rows, split.sides, strict=True):
            if group := cell_text(row.get(columns.group)):
                sides[group].add(side)
        torn = sorted(group for group, found in sides.items() if "test" in found and len(found) > 1)
        if torn:
            message = (
                f"{len(torn)} groups of {columns.group!r} have rows in the test and outside it "
                f"({torn[0][:40]!r}); "
                "a group must stay on one side; split by --group instead"
            )
            findings.append(Finding("leak", "groups", message))
    if columns.time and split.method != "time":
        times: dict[str, list[float]] = {"train": [], "test": []}
        for row, side in zip(rows, split.sides, strict=True):
            when = parse_time(row.get(columns.time), columns.time)
            if side in times and when is not None:
                times[side].append(when)
        if times["train"] and times["test"] and max(times["train"]) > min(times["test"]):
            message = (
                "training rows are younger than the oldest test row; a split by time shows what comes in "
                "use; leave the --split option out, or take the result as too good"
            )
            findings.append(Finding("warning", "times", message))
    if not columns.choices:
        _unseen(rows, split, columns, findings)
    return findings


def leaked_rows(rows: Sequence[Row], split: Split, columns: TaskColumns) -> list[int]:
    """Return the indexes of test rows that say much and say the same as a training or validation row.

    Where sides were made here by content or group, texts that differ in numbers alone are the same; by time
    or as given, machines do write such texts again and again, and only the very same text is a copy.
    """
    usual = usual_values(rows, columns)
    exact = bool(columns.numeric) or split.method in ("time", "column")

    def key(row: Row) -> str:
        return input_key(row, columns) if exact else normal_text(row_text(row, columns))

    known = {
        key(row) for row, side in zip(rows, split.sides, strict=True) if side != "test"
        if is_long(row, columns, usual)
    }  # fmt: skip
    return [
        place for place in split.places("test")
        if is_long(rows[place], columns, usual) and key(rows[place]) in known
    ]  # fmt: skip


def _labelled(
    table: Table, columns: TaskColumns, findings: list[Finding]
) -> tuple[list[Row], list[int], Counter[str]]:
    """Return the rows with a label that can be learned, their places, and the labels' counts."""
    spec = DeciderSpec(name="", kind="choices", label_column=columns.label, choices_column=columns.choices)
    kept: list[Row] = []
    places: list[int] = []
    counts: Counter[str] = Counter()
    bare: list[int] = []
    wrong: list[tuple[int, str]] = []
    for place, row in enumerate(table.rows):
        label = row_label(row, columns)
        if not label:
            bare.append(place)
            continue
        if columns.choices:
            try:
                label = str(right_choice(row, spec))
            except DeciderError as error:
                wrong.append((place, str(error)))
                continue
        kept.append(row)
        places.append(place)
        counts[label] += 1
    if bare:
        message = (
            f"{len(bare)} of {len(table.rows)} rows have no {columns.label!r} (first: row {bare[0] + 1}) and "
            "are left out; label them to use them"
        )
        findings.append(Finding("warning", "no_label", message))
    if wrong:
        message = f"{len(wrong)} rows are left out; row {wrong[0][0] + 1}: {wrong[0][1]}"
        findings.append(Finding("warning", "choices", message))
    if not kept:
        message = f"no row has a usable {columns.label!r}; labelled rows are needed; check --label"
        findings.append(Finding("stop", "no_label", message))
    return kept, places, counts


def _labels(counts: Counter[str], rows: int, columns: TaskColumns, findings: list[Finding]) -> None:
    if columns.choices:
        return
    name = columns.label
    if len(counts) == 1:
        message = (
            f"every row has the label {next(iter(counts))[:60]!r}; at least two labels are needed to learn "
            "to tell them apart; add rows of others"
        )
        findings.append(Finding("stop", "one_label", message))
        return
    if len(counts) > MOST_LABELS or (len(counts) > 20 and len(counts) > rows / 2):
        numeric = sum(bool(re.fullmatch(r"-?\d+(\.\d+)?", label)) for label in counts) > 0.9 * len(counts)
        what = "measured numbers, which are not predicted here" if numeric else "identifiers or free text"
        message = (
            f"label column {name!r} has {len(counts)} different values in {rows} rows, like {what}; at most "
            f"{MOST_LABELS} labels with several rows each are allowed; name another column or group the "
            "values"
        )
        findings.append(Finding("stop", "too_many_labels", message))
        return
    single = sorted(label for label, count in counts.items() if count == 1)
    rare = sorted(label for label, count in counts.items() if 1 < count < FEWEST_OF_A_LABEL)
    if single:
        message = (
            f"{len(single)} labels have one row only ({_some(single)}): they are trained on and cannot be "
            "tested; add rows or join labels"
        )
        findings.append(Finding("warning", "single_row_labels", message))
    if rare:
        message = (
            f"{len(rare)} labels have fewer than {FEWEST_OF_A_LABEL} rows ({_some(rare)}): their "
            "figures mean "
            "little; add rows or join labels"
        )
        findings.append(Finding("warning", "rare_labels", message))
    alike: dict[str, list[str]] = defaultdict(list)
    for label in counts:
        alike[re.sub(r"[\W_]+", "", label.casefold()) or label].append(label)
    for labels in alike.values():
        if len(labels) > 1:
            message = (
                f"labels {_some(sorted(labels))} differ in case or punctuation only and are taken as "
                "different; write them alike if they mean the same"
            )
            findings.append(Finding("warning", "labels_alike", message))
    empty = [label for label in counts if label.casefold() in ("nan", "null", "none", "n/a", "na", "-", "?")]
    for label in empty:
        message = (
            f"{counts[label]} rows have the label {label!r}, which is taken as a label like others; empty "
            "the cells if it means that there is none"
        )
        findings.append(Finding("warning", "missing_as_label", message))


def _numbered(rows: list[Row], columns: TaskColumns, findings: list[Finding]) -> list[Row]:
    """Return the rows with numeric cells as numbers; note columns of something else or of one value."""
    constant = []
    numbered = [dict(row) for row in rows]
    for name in columns.numeric:
        try:
            values = [number(row.get(name), name) for row in rows]
        except DeciderError as error:
            findings.append(Finding("stop", "not_numeric", str(error)))
            return rows
        for row, value in zip(numbered, values, strict=True):
            row[name] = value
        missing = sum(value is None for value in values)
        if missing == len(values):
            message = f"numeric column {name!r} is empty; it tells nothing; leave it out"
            findings.append(Finding("warning", "empty_column", message))
        elif len(set(values)) == 1:
            constant.append(name)
    if constant:
        message = (
            f"{len(constant)} numeric columns are the same in all rows ({_some(constant)}) and tell nothing"
        )
        findings.append(Finding("note", "constant", message))
    return list(numbered)


def _texts(rows: Sequence[Row], columns: TaskColumns, findings: list[Finding]) -> None:
    if not columns.text:
        return
    empty = [
        place
        for place, row in enumerate(rows)
        if not any(cell_text(row.get(n)).strip() for n in columns.text)
    ]
    if len(empty) == len(rows) and not columns.numeric:
        message = f"{', '.join(columns.text)} are empty in all rows; text is needed; check --text"
        findings.append(Finding("stop", "empty_texts", message))
    elif empty:
        message = (
            f"{len(empty)} rows have an empty text (first: row {empty[0] + 1} of those with a label); "
            "they are "
            "kept, since such rows come in use; remove them if they do not"
        )
        findings.append(Finding("warning", "empty_texts", message))


def _conflicts(rows: Sequence[Row], columns: TaskColumns, findings: list[Finding]) -> None:
    """Note rows alike with labels apart: no model can get all of them right."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    example: dict[str, int] = {}
    for place, row in enumerate(rows):
        key = input_key(row, columns)
        seen[key][row_label(row, columns)] += 1
        example.setdefault(key, place)
    copies = sum(sum(counts.values()) - 1 for counts in seen.values())
    lost = sum(sum(counts.values()) - max(counts.values()) for counts in seen.values())
    if copies:
        findings.append(
            Finding("note", "repeats", f"{copies} of {len(rows)} rows repeat the inputs of another")
        )
    if lost:
        key = max(seen, key=lambda key: sum(seen[key].values()) - max(seen[key].values()))
        labels = ", ".join(f"{label[:30]} {count}" for label, count in seen[key].most_common(3))
        message = (
            f"{lost} rows ({lost / len(rows):.1%}) have a label that other rows with the same inputs "
            "contradict "
            f"(those like row {example[key] + 1}: {labels}); without more columns no more than "
            f"{1 - lost / len(rows):.1%} can "
            "be right"
        )
        findings.append(Finding("warning" if lost > 0.01 * len(rows) else "note", "conflicts", message))


def _given_away(rows: Sequence[Row], columns: TaskColumns, findings: list[Finding]) -> None:
    """Note inputs that hold the answer: a column that stands for the label, or labels written in the text."""
    labels = [row_label(row, columns) for row in rows]
    majority = Counter(labels).most_common(1)[0][1] / len(rows)
    for name in columns.inputs:
        cells: list[object] = [row.get(name) for row in rows]
        if name not in columns.numeric:
            cells = [cell_text(cell).strip().casefold() for cell in cells]
        if len(set(cells)) > max(2 * len(set(labels)), 3):
            continue
        by_value: dict[object, Counter[str]] = defaultdict(Counter)
        for cell, label in zip(cells, labels, strict=True):
            by_value[cell][label] += 1
        pure = sum(max(counts.values()) for counts in by_value.values()) / len(rows)
        if pure > max(_GIVEN_AWAY, majority + 0.01):
            message = (
                f"column {name!r} alone tells the label in {pure:.1%} of rows; it may have been filled "
                "in after "
                "the decision; leave it out unless it is known when the decision is made"
            )
            findings.append(Finding("warning", "gives_label_away", message))
    if not columns.text:
        return
    names = {label: normal_text(label) for label in set(labels)}
    own = other = 0
    common = [label for label, _ in Counter(labels).most_common()]
    for row, label in zip(rows, labels, strict=True):
        text = f" {normal_text(row_text(row, columns))} "
        if len(names[label]) < 3:
            continue
        own += f" {names[label]} " in text or (not names[label].isascii() and names[label] in text)
        rival = next((name for name in common if name != label), label)
        other += f" {names[rival]} " in text
    if own > 0.5 * len(rows) and own > 5 * other:
        message = (
            f"{own / len(rows):.0%} of texts hold the very name of their label; take it out of the text "
            "if it "
            "was written after the decision"
        )
        findings.append(Finding("warning", "label_in_text", message))


def _unseen(rows: Sequence[Row], split: Split, columns: TaskColumns, findings: list[Finding]) -> None:
    seen: dict[str, set[str]] = {
        side: {row_label(rows[p], columns) for p in split.places(side)} for side in split.sizes
    }
    unseen = sorted(seen["test"] - seen["train"] - seen["validation"])
    if unseen:
        count = sum(row_label(rows[place], columns) in unseen for place in split.places("test"))
        message = (
            f"{len(unseen)} labels are in the test only ({_some(unseen)}): their {count} rows count as "
            "errors; "
            "add training rows of them"
        )
        findings.append(Finding("warning", "unseen_labels", message))
    untested = sorted((seen["train"] | seen["validation"]) - seen["test"])
    if untested:
        message = f"{len(untested)} labels have no test row ({_some(untested)}): nothing is known of them"
        findings.append(Finding("warning", "untested_labels", message))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")
