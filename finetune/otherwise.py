"""Test rows told otherwise in tables of their own: the same decisions in other words, joined by a key.

What a table does not change of a row stays as it was. Does not know why it tells it otherwise, nor which
rows a model gets right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from finetune.formats import TableError
from finetune.parts import Side
from finetune.preparation import Prepared
from finetune.table import find_columns, read_table
from telcollm.decider.decider import guarded_row
from telcollm.decider.numerals import number
from telcollm.decider.rows import (
    HISTORY,
    Row,
    cell_text,
    label_name,
    right_choice,
    row_choices,
    with_history,
)
from telcollm.decider.spec import DeciderSpec
from telcollm.guard import Guard


def told_otherwise(prepared: Prepared, spec: DeciderSpec, test: Side, guard: Guard) -> dict[str, list[Row]]:
    """Return, by the name of each table that was asked for, all test rows as it tells them, in order.

    Raises:
        TableError: there is no key column, a table lacks it or tells of no test row, or says another label.
    """
    request = prepared.request
    if not request.disturbed:
        return {}
    if not request.id_column:
        message = (
            "--disturbed needs --id; the column that names a row in --data and in the other table is "
            "allowed; give --id COLUMN"
        )
        raise TableError(message)
    rows = prepared.side("test")
    ids = [label_name(row.get(request.id_column)) for row in rows]
    if not all(ids) or len(set(ids)) < len(ids):
        message = (
            f"--id {request.id_column}: {len(set(ids))} values in {len(ids)} test rows; a column that names "
            "each row is needed; give another --id"
        )
        raise TableError(message)
    found = {}
    for entry in request.disturbed:
        name, path = parse_disturbed(entry)
        others = _by_id(path, request.id_column, spec)
        if not any(one in others for one in ids):
            message = (
                f"--disturbed {entry}: none of its rows has a {request.id_column} of the test rows; the "
                "same rows told otherwise are needed; name another table or --id"
            )
            raise TableError(message)
        found[name] = _joined(rows, ids, others, spec, test, guard, entry)
    return found


def parse_disturbed(entry: str) -> tuple[str, Path]:
    """Return the name and the path of `NAME=FILE`.

    >>> parse_disturbed("vendors=windows-vendors.parquet")
    ('vendors', PosixPath('windows-vendors.parquet'))

    Raises:
        TableError: it is of another form.
    """
    name, equals, path = entry.partition("=")
    if not equals or not path or not name.replace("-", "").replace("_", "").isalnum():
        message = (
            f"--disturbed {entry!r} is not NAME=FILE; a name of letters, digits and '-', and a table are "
            "allowed; write it like vendors=windows-vendors.parquet"
        )
        raise TableError(message)
    return name, Path(path)


def _by_id(path: Path, id_column: str, spec: DeciderSpec) -> dict[str, Mapping[str, Any]]:
    table = read_table(path)
    read = [*spec.text_columns, *spec.numeric_columns]
    read += [name for name in (spec.choices_column, spec.label_column) if name]
    find_columns(table, [id_column, *read], f"in the --disturbed table {path}:")
    return {label_name(row.get(id_column)): row for row in table.rows}


def _joined(
    rows: Sequence[Row],
    ids: Sequence[str],
    others: Mapping[str, Mapping[str, Any]],
    spec: DeciderSpec,
    test: Side,
    guard: Guard,
    entry: str,
) -> list[Row]:
    """Return the rows with what a decision reads taken from the others, the same object where nothing is."""
    reads = [*spec.text_columns, *spec.numeric_columns]
    if spec.choices_column:
        # Choices are told anew with their label, which is the text of one.
        reads += [spec.choices_column, spec.label_column]
    told: list[Row] = []
    for row, one in zip(rows, ids, strict=True):
        other = others.get(one, {})
        told.append({**row, **{name: other[name] for name in reads if name in other}})
        same = (
            right_choice(told[-1], spec) == right_choice(row, spec)
            if spec.choices_column
            else label_name(other.get(spec.label_column, row.get(spec.label_column)))
            == label_name(row.get(spec.label_column))
        )
        if not same:
            message = (
                f"--disturbed {entry}: row {one} has another {spec.label_column} there; what is told "
                "otherwise must have the same answer; correct the table"
            )
            raise TableError(message)
    changed = with_history([guarded_row(row, spec, guard) for row in told], spec)
    return [
        after if _read(after, spec) != _read(before, spec) else before
        for before, after in zip(test.rows, changed, strict=True)
    ]


def _read(row: Row, spec: DeciderSpec) -> list[object]:
    """Return what a decision reads of a row."""
    read: list[object] = [cell_text(row.get(name)) for name in spec.text_columns]
    read += [number(row.get(name)) for name in spec.numeric_columns]
    if spec.choices_column:
        read.append(row_choices(row, spec))
    earlier = row.get(HISTORY)
    return [*read, *([_read(one, spec) for one in earlier] if isinstance(earlier, list | tuple) else [])]
