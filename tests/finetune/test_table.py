"""Laws of reading tables: whatever the separator, the encoding or the format, the same rows come out."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from finetune.formats import TableError
from finetune.table import Table, find_columns, numeric_columns, read_table, spread_lists

ROWS = [
    {"text": "Link down, port 1", "label": "RAN"},
    {"text": 'he said "no"\nand left', "label": "Core"},
    {"text": "基站退服 请处理", "label": "无线"},
]
CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\ufeff\r"), min_size=1, max_size=30
).filter(lambda text: bool(text.strip()))


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def separated(rows: list[dict[str, str]], separator: str = ",") -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_separator_and_encoding_change_no_row(tmp_path: Path, separator: str, encoding: str) -> None:
    path = write(tmp_path, "tickets.csv", separated(ROWS, separator).encode(encoding))
    table = read_table(path)
    assert table.columns == ("text", "label")
    assert [dict(row) for row in table.rows] == ROWS


def test_western_text_without_utf_8_is_not_taken_for_chinese(tmp_path: Path) -> None:
    rows = [{"text": "Störung am Straßenrand, größer als üblich", "label": "x"}]
    table = read_table(write(tmp_path, "t.csv", separated(rows).encode("cp1252")))
    assert table.rows[0]["text"] == rows[0]["text"]
    assert "not UTF-8" in table.notes[0]


def test_one_broken_byte_does_not_change_the_encoding_of_the_rest(tmp_path: Path) -> None:
    data = separated(ROWS).encode() + b"caf\xe9,RAN\n"
    rows = read_table(write(tmp_path, "t.csv", data)).rows
    assert rows[2]["text"] == "基站退服 请处理"
    assert rows[3]["text"] == "caf\ufffd"


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_what_is_written_as_csv_is_read_as_it_was(
    rows: list[tuple[str, str]], tmp_path_factory: object
) -> None:
    folder = tmp_path_factory.mktemp("csv")  # type: ignore[attr-defined]
    written = [{"text": text, "label": label} for text, label in rows]
    path = write(folder, "t.csv", separated(written).encode())
    assert [dict(row) for row in read_table(path).rows] == written


def test_csv_json_lines_a_json_list_and_parquet_hold_the_same_rows(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "t.parquet")
    paths = [
        write(tmp_path, "t.csv", separated(ROWS).encode()),
        write(tmp_path, "t.jsonl", lines.encode("utf-8-sig")),
        write(tmp_path, "t.json", json.dumps(ROWS).encode()),
        write(tmp_path, "t.csv.gz", gzip.compress(separated(ROWS).encode())),
        write(tmp_path, "no_suffix", lines.encode()),
        tmp_path / "t.parquet",
    ]
    for path in paths:
        assert [dict(row) for row in read_table(path).rows] == ROWS, path


def test_a_quotation_mark_that_is_never_closed_swallows_nothing(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "t.tsv", b'text\tlabel\n"5 inch\ta\nscreen\tb\nother\tc\n'))
    assert [row["label"] for row in table.rows] == ["a", "b", "c"]
    assert table.rows[0]["text"] == '"5 inch'


def test_missing_cells_are_none_whatever_the_format(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", b"text,label,x\na,,\n ,b\n")
    assert [dict(row) for row in read_table(path).rows] == [
        {"text": "a", "label": None, "x": None},
        {"text": None, "label": "b", "x": None},
    ]
    lines = b'{"text": "a", "x": NaN}\n{"text": " ", "n": {"x": 1}}\n'
    table = read_table(write(tmp_path, "t.jsonl", lines))
    assert table.columns == ("text", "x", "n.x")
    assert table.rows[0]["x"] is None and table.rows[1]["text"] is None and table.rows[1]["n.x"] == 1


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"text,label\n", "has no rows"),
        ("a.csv", b"text,label\na,b,c\n", "line 2"),
        ("a.csv", b"text,text\na,b\n", "more than one column named 'text'"),
        ("a.jsonl", b'{"a": 1}\n{"a"', "line 2"),
        ("a.jsonl", b"[1, 2]", "record 1"),
        ("a.json", b"[1, ", "no JSON list"),
        ("a.parquet", b"PAR1 cut off", "no whole Parquet"),
        ("a.parquet", b"text,label\na,b\n", "does not begin like Parquet"),
        ("a.xlsx", b"PK\x03\x04rest", "save it as CSV"),
        ("a.csv.gz", b"\x1f\x8bbroken", "cannot be unpacked"),
        ("a.csv", b"\xff\xfea\x00b", "utf-16"),
    ],
)
def test_a_file_that_cannot_be_a_table_is_refused_with_what_to_do(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    with pytest.raises(TableError, match=said) as caught:
        read_table(write(tmp_path, name, data))
    assert ";" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"gone\.csv cannot be read"):
        read_table(tmp_path / "gone.csv")


def test_columns_are_found_by_name_case_and_pattern_and_a_miss_names_its_neighbours() -> None:
    table = Table(("Summary", "alarm_1", "alarm_2", "label"), ({},), source="f")
    assert find_columns(table, ["summary", "alarm_*"], "--text") == ("Summary", "alarm_1", "alarm_2")
    with pytest.raises(TableError, match="did you mean Summary") as caught:
        find_columns(table, ["sumary"], "--text")
    assert "--text 'sumary'" in str(caught.value) and "alarm_1" in str(caught.value)
    with pytest.raises(TableError, match="is no column"):
        find_columns(table, ["kpi_*"], "--numeric")


def test_numeric_columns_are_those_with_numbers_alone_and_no_identifiers() -> None:
    rows = tuple(
        {"ticket_id": str(place), "a": "1,250", "b": None, "c": "x", "d": "n/a" if place else "2", "y": "1"}
        for place in range(20)
    )
    table = Table(tuple(rows[0]), rows)
    assert numeric_columns(table, besides=["y"]) == ("a", "d")


def test_a_column_of_lists_becomes_a_column_per_place() -> None:
    table = Table(
        ("d", "y"), ({"d": [1, 2.5], "y": "a"}, {"d": "[3, null]", "y": "b"}, {"d": None, "y": "a"})
    )
    spread, names = spread_lists(table, ("d",))
    assert names == ("d.1", "d.2")
    assert [row["d.1"] for row in spread.rows] == [1, 3, None]
    assert spread.rows[0]["d.2"] == 2.5
    with pytest.raises(TableError, match="lists of 1 to 2"):
        spread_lists(Table(("d",), ({"d": [1]}, {"d": [1, 2]})), ("d",))
