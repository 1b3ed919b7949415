"""File formats of tables: bytes to columns and rows, with separator and encoding found out.

Each reader returns columns, rows, and notes on how it read. Cells stay text where the format has only
text. Does not know what a column means.
"""

from __future__ import annotations

import codecs
import csv
import decimal
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from telcollm.decider.numerals import is_missing
from telcollm.errors import TelcollmError

Read = tuple[list[str], list[dict[str, object]], list[str]]
"""Columns, rows, and notes on how they were read."""

_SEPARATORS: Final = ",\t;|"
_SUFFIXES: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


class TableError(TelcollmError):
    """A file cannot be read as a table, or lacks a column that was asked for."""


def file_format(data: bytes, suffix: str, path: Path) -> str:
    """Return "csv", "jsonl" or "parquet", by what the bytes begin with, then by the file's suffix.

    Raises:
        TableError: there is nothing in the file, or it is of a format that is not read.
    """
    if not data.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        message = f"{path} is empty; a header and at least one row are needed; check the export"
        raise TableError(message)
    if data[:4] == b"PAR1":
        return "parquet"
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        message = f"{path} is a workbook or an archive; CSV, JSON lines or Parquet is allowed; save it as CSV"
        raise TableError(message)
    kind = _SUFFIXES.get(suffix, "")
    if kind == "parquet":
        message = f"{path} does not begin like Parquet; a whole Parquet file is allowed; write it again"
        raise TableError(message)
    if kind:
        return kind
    start = data[:64].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t")
    return "jsonl" if start[:1] in (b"{", b"[") else "csv"


def decoded(data: bytes, path: Path) -> tuple[str, list[str]]:
    """Return the text of a file: by its mark, as UTF-8, else by which common encoding fits its bytes."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                       (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if data.startswith(mark):
            try:
                return data.decode(name), [f"read as {name} by its mark"]
            except UnicodeDecodeError as error:
                message = f"{path} has a {name} mark but other bytes ({error}); save it as UTF-8"
                raise TableError(message) from error
    if data[:400].count(b"\x00") > len(data[:400]) // 4:
        name = "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"
        return data.decode(name, errors="replace"), [f"read as {name}"]
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError as error:
        place = error.start
    text = data.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    if bad * 3 < sum(sign > "\x7f" for sign in text) - bad:
        return text, [f"{bad} places from byte {place} on are not UTF-8 and are read as \ufffd; mend them"]
    candidates: list[tuple[float, int, str, str]] = []
    for name in ("gb18030", "big5", "shift_jis", "cp1252", "latin-1"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        candidates.append((_strangeness(text), len(candidates), name, text))
    _, _, name, text = min(candidates)
    return text, [f"byte {place} is not UTF-8: read as {name}; save the file as UTF-8 to be sure"]


_USUAL: Final = re.compile(
    r"[\u4e00-\u9fff\u3040-\u30ff\u3000-\u303f\uff00-\uffef\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0152\u0153"
    r"\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u20ac\u00a0\u00b0\u00b5\u00ab\u00bb\u00a1\u00bf]"
)


def _strangeness(text: str) -> float:
    """Return how unlike writing the signs outside ASCII look: lone ideographs among Latin letters are odd."""
    signs = [sign for sign in text if sign > "\x7f"]
    if not signs:
        return 0.0
    odd = sum(1 for sign in signs if not _USUAL.match(sign))
    lone = len(re.findall(r"[A-Za-z][\u4e00-\u9fff\u3040-\u30ff](?=[A-Za-z,. ]|$)", text))
    runs = re.findall(r"[\u00c0-\u00ff\u0152\u0153\u2013-\u20ac\u00a0-\u00bf]{3,}", text)
    return (odd + lone * 2 + sum(map(len, runs))) / len(signs)


def read_csv(text: str, path: Path, *, tab: bool) -> Read:
    """Return the columns and rows of separated text, after RFC 4180, with the separator found out."""
    with _long_cells():
        return _read_csv(text, path, tab=tab)


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let cells be as long as they are; the limit is the whole process's, so it is put back."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _read_csv(text: str, path: Path, *, tab: bool) -> Read:
    notes = []
    # NUL bytes come of broken exports; no text needs them.
    text = text.replace("\x00", "").lstrip("\ufeff")
    if text[:4].lower() == "sep=":
        text = text.partition("\n")[2]
    separator = "\t" if tab else _separator(text)
    if separator != ",":
        notes.append(f"separator is {separator!r}")
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
    if '"' in text and _quote_left_open(text, separator):
        quoting = csv.QUOTE_NONE
        notes.append("a quotation mark is never closed: quotation marks are read as text")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting)
    lines = ((reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells))
    header = next(lines, (0, []))[1]
    columns = _header(header, path)
    rows: list[dict[str, object]] = []
    short = 0
    for line, cells in lines:
        if len(cells) > len(columns) and not any(cell.strip() for cell in cells[len(columns) :]):
            cells = cells[: len(columns)]
        if len(cells) > len(columns):
            message = (
                f"line {line} of {path} has {len(cells)} cells; its header has {len(columns)}; quote cells "
                f"that hold the separator {separator!r}, or mend the line"
            )
            raise TableError(message)
        short += len(cells) < len(columns)
        row: dict[str, object] = dict.fromkeys(columns)
        row.update((name, cell if cell.strip() else None) for name, cell in zip(columns, cells, strict=False))
        rows.append(row)
    if short:
        notes.append(f"{short} rows have fewer cells than the header; the rest of each is taken as missing")
    return columns, rows, notes


def _quote_left_open(text: str, separator: str) -> bool:
    """Tell whether the last record ends inside quotation marks: then they were not meant as such."""
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            pass
    except csv.Error as error:
        if "unexpected end" in str(error):
            return True
        # Another fault came first, and strict reading stopped at it: a lone mark shows by an odd count.
        return text.count('"') % 2 == 1
    return False


def _separator(text: str) -> str:
    """Return the separator that cuts the first records alike, into most cells."""
    best = (0.0, 0, ",")
    for place, separator in enumerate(_SEPARATORS):
        reader = csv.reader(io.StringIO(text[:200_000], newline=""), delimiter=separator)
        widths = []
        try:
            for cells in reader:
                if cells:
                    widths.append(len(cells))
                if len(widths) == 50:
                    break
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        alike = sum(width == widths[0] for width in widths) / len(widths)
        best = max(best, (alike * (1 + min(widths[0], 20) / 100), -place, separator))
    return best[2]


def _header(cells: Sequence[str], path: Path) -> list[str]:
    columns = [" ".join(cell.split()) or f"column_{place}" for place, cell in enumerate(cells, 1)]
    return _distinct(columns, path)


def _distinct(columns: Sequence[str], path: Path) -> list[str]:
    often = [name for name, count in Counter(columns).items() if count > 1]
    if often:
        message = (
            f"{path} has more than one column named {often[0]!r}; column names must differ; "
            "rename or remove the repeated one"
        )
        raise TableError(message)
    return list(columns)


def read_jsonl(text: str, path: Path, *, tab: bool) -> Read:
    """Return the columns and rows of JSON objects, by lines or in one list; nested fields get dotted names.

    Raises:
        TableError: a line is no JSON, or a record is no object.
    """
    notes: list[str] = []
    records: list[object] = []
    bare = text.lstrip("\ufeff \r\n\t")
    if bare.startswith("["):
        try:
            whole = json.loads(bare)
        except json.JSONDecodeError as error:
            message = f"{path} is no JSON list ({error}); one object a line or one list is allowed; mend it"
            raise TableError(message) from error
        records = list(whole)
        notes.append("read as one JSON list")
    else:
        # Only line feeds end a record: JSON text may hold other line separators as they are.
        for line, text_line in enumerate(bare.split("\n"), 1):
            if not text_line.strip():
                continue
            try:
                records.append(json.loads(text_line))
            except json.JSONDecodeError as error:
                message = (
                    f"line {line} of {path} is no JSON ({error}); one object a line is allowed; "
                    "mend or remove the line"
                )
                raise TableError(message) from error
    columns: dict[str, None] = {}
    rows: list[dict[str, object]] = []
    for place, item in enumerate(records, 1):
        if not isinstance(item, dict):
            message = (
                f"record {place} of {path} is a {type(item).__name__}; JSON objects with named fields are "
                "allowed; write each row as one object"
            )
            raise TableError(message)
        row = dict(_flat(item))
        columns.update(dict.fromkeys(row))
        rows.append(row)
    return list(columns), rows, notes


def _flat(record: Mapping[str, object], before: str = "") -> Iterable[tuple[str, object]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            blank = isinstance(value, str) and not value.strip()
            yield f"{before}{name}", None if blank or is_missing(value) else value


def read_parquet(data: bytes, path: Path) -> Read:
    """Return the columns and rows of a Parquet file; nested fields get dotted names.

    Raises:
        TableError: the file is not whole.
    """
    import pyarrow
    from pyarrow import parquet

    try:
        read = parquet.read_table(pyarrow.BufferReader(data))
    except (pyarrow.ArrowException, OSError) as error:
        message = f"{path} is no whole Parquet file ({error}); write it again"
        raise TableError(message) from error
    names = [name for name in read.column_names if not re.fullmatch(r"__index_level_\d+__", name)]
    _distinct(names, path)
    records = read.select(names).to_pylist()
    columns: dict[str, None] = {}
    rows: list[dict[str, object]] = []
    for record in records:
        row = {name: _plain(value) for name, value in _flat(record)}
        columns.update(dict.fromkeys(row))
        rows.append(row)
    return list(columns) or names, rows, []


def _plain(value: object) -> object:
    """Return a cell of Parquet as Python has it in text files: bytes as text, decimals as numbers."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value
