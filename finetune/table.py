"""Tables to learn from: rows of named columns, from CSV, JSON lines or Parquet as people really write them.

How a file was read is noted. Cells stay as they are: what a column means is for those who use it. Does not
know labels.
"""

from __future__ import annotations

import difflib
import fnmatch
import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from finetune.formats import TableError, decoded, file_format, read_csv, read_jsonl, read_parquet
from telcollm.decider.numerals import number
from telcollm.decider.spec import DeciderError

_ID_NAME: Final = re.compile(
    r"(?i:unnamed.*|index|row[_ ]?(id|no|number)?|id|uuid|guid|.*[_ .]id|no\.?|#)|.*[a-z]Id"
)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a file, in its order. `sha256` is that of the file's bytes, `notes` say how it was read."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...]
    sha256: str = ""
    source: str = ""
    notes: tuple[str, ...] = field(default=())

    def values(self, column: str) -> list[object]:
        """Return a column's cells in the order of the rows; a cell that a row lacks is None."""
        return [row.get(column) for row in self.rows]


def read_table(path: Path) -> Table:
    """Return the table in the file at `path`; its format goes by what is in it, then by its name.

    Raises:
        TableError: the file is missing, empty, of another format, or its rows do not fit its header.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        message = (
            f"data file {path} cannot be read ({error.strerror}); a CSV, JSON lines or Parquet file is "
            "allowed; check the path"
        )
        raise TableError(message) from error
    sha256 = hashlib.sha256(data).hexdigest()
    name = path.name.lower()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            message = f"{path} begins like gzip but cannot be unpacked ({error}); unpack or copy it again"
            raise TableError(message) from error
        name = name.removesuffix(".gz")
    kind = file_format(data, Path(name).suffix, path)
    if kind == "parquet":
        columns, rows, notes = read_parquet(data, path)
    else:
        text, notes = decoded(data, path)
        reader = read_jsonl if kind == "jsonl" else read_csv
        columns, rows, more = reader(text, path, tab=Path(name).suffix in (".tsv", ".tab"))
        notes = [*notes, *more]
    if not rows:
        message = f"{path} has no rows; a header and at least one row are needed; check the export"
        raise TableError(message)
    return Table(tuple(columns), tuple(rows), sha256, str(path), tuple(notes))


def find_columns(table: Table, wanted: Sequence[str], option: str) -> tuple[str, ...]:
    """Return the columns meant by names and patterns (`alarm_*`), in order, each once.

    Case and surrounding blanks do not matter where they leave one column only. `option` names the option
    they came from in errors.

    Raises:
        TableError: a name or pattern fits no column.
    """
    found: dict[str, None] = {}
    for name in wanted:
        name = name.strip()
        if not name:
            continue
        if name in table.columns:
            found[name] = None
            continue
        loose = [column for column in table.columns if column.casefold() == name.casefold()]
        if not loose:
            loose = [column for column in table.columns if fnmatch.fnmatchcase(column, name)]
            if not any(sign in name for sign in "*?["):
                loose = []
        elif len(loose) > 1:
            loose = []
        if not loose:
            close = difflib.get_close_matches(name, table.columns, 3, 0.5)
            shown = ", ".join(table.columns[:20]) + (" …" if len(table.columns) > 20 else "")
            message = (
                f"{option} {name!r} is no column of {table.source or 'the table'}; its columns are: {shown}; "
                + (f"did you mean {' or '.join(close)}?" if close else "give one of these")
            )
            raise TableError(message)
        found.update(dict.fromkeys(loose))
    return tuple(found)


def numeric_columns(table: Table, besides: Iterable[str] = ()) -> tuple[str, ...]:
    """Return every column that holds nothing but numbers and missing cells, without those `besides`.

    A column of different whole numbers that is named like an identifier is left out.
    """
    left_out = set(besides)
    found = []
    for column in table.columns:
        if column in left_out:
            continue
        try:
            values = [number(cell, column) for cell in table.values(column)]
        except DeciderError:
            continue
        known = [value for value in values if value is not None]
        distinct = len(set(known))
        identifier = _ID_NAME.fullmatch(column) and distinct > 0.9 * len(values)
        if known and not identifier:
            found.append(column)
    return tuple(found)


def spread_lists(table: Table, columns: Sequence[str]) -> tuple[Table, tuple[str, ...]]:
    """Return the table and columns with each column of equally long number lists as a column per place.

    A cell may be a list or a JSON list as text: `durations` becomes `durations.1` to `durations.160`.

    Raises:
        TableError: the lists of a column differ in length.
    """
    rows: list[dict[str, object]] | None = None
    names: list[str] = []
    added: list[str] = []
    for column in columns:
        lists = [_as_list(cell) for cell in table.values(column)]
        if not any(cells is not None for cells in lists):
            names.append(column)
            continue
        lengths = Counter(len(cells) for cells in lists if cells is not None)
        if len(lengths) > 1:
            message = (
                f"numeric column {column!r} holds lists of {min(lengths)} to {max(lengths)} numbers; lists "
                "of one length are allowed; fill the shorter ones"
            )
            raise TableError(message)
        places = [f"{column}.{place}" for place in range(1, next(iter(lengths)) + 1)]
        rows = rows if rows is not None else [dict(row) for row in table.rows]
        for row, cells in zip(rows, lists, strict=True):
            row.update(zip(places, cells if cells is not None else [None] * len(places), strict=True))
        names += places
        added += places
    if rows is None:
        return table, tuple(names)
    return replace(table, columns=(*table.columns, *added), rows=tuple(rows)), tuple(names)


def _as_list(cell: object) -> list[object] | None:
    if hasattr(cell, "tolist") and not isinstance(cell, str):
        cell = cell.tolist()
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        try:
            cell = json.loads(cell)
        except json.JSONDecodeError:
            return None
    return list(cell) if isinstance(cell, list | tuple) else None
