from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from streams.replay.table import read_table
from telcollm.errors import DecodeError, SettingsError, TelcollmError

OWN = {"managed_object": "ne", "problem": "name", "raised": "from", "cleared": "to"}


def csv(folder: Path, text: str) -> Path:
    path = folder / "own.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_numbers_are_seconds_from_the_start(tmp_path: Path) -> None:
    path = csv(tmp_path, "alarm_id,device_id,start_timestamp,end_timestamp\n7,007,20,\n8,1,10.5,11\n")

    table = read_table(path)

    assert table.origin is None
    assert [
        (row.managed_object, row.specific_problem, row.raised_ms, row.cleared_ms) for row in table.rows
    ] == [
        ("1", "8", 10_500, 11_000),
        ("007", "7", 20_000, None),
    ]
    assert table.unsorted == 1


def test_columns_are_those_that_the_mapping_names(tmp_path: Path) -> None:
    path = csv(tmp_path, "ne,name,from,to,sev\nr1,LOS,1,2,major\n")

    [row] = read_table(path, OWN | {"severity": "sev"}).rows

    assert (row.managed_object, row.specific_problem, row.severity) == ("r1", "LOS", "major")


def test_iso_times_make_the_earliest_raise_the_start(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "ne,name,from,to\nr1,LOS,2026-07-01T12:00:05,2026-07-01T12:00:09\nr2,LOS,2026-07-01T10:00:00Z,\n",
    )

    table = read_table(path, OWN, time_zone="Europe/Berlin")

    assert table.origin == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert [(row.managed_object, row.raised_ms, row.cleared_ms) for row in table.rows] == [
        ("r2", 0, None),
        ("r1", 5_000, 9_000),
    ]


def test_a_parquet_table_is_read_like_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "own.parquet"
    frame = pd.DataFrame(
        {
            "ne": [1.0, 2.0],
            "name": ["LOS", "AIS"],
            "from": pd.to_datetime(["2026-01-05T00:00:00Z", "2026-01-05T00:00:01Z"]),
            "to": pd.to_datetime(["2026-01-05T00:00:02Z", None]),
        }
    )
    frame.to_parquet(path)

    table = read_table(path, OWN)

    assert table.origin == datetime(2026, 1, 5, tzinfo=UTC)
    assert [(row.managed_object, row.raised_ms, row.cleared_ms) for row in table.rows] == [
        ("1", 0, 2000),
        ("2", 1000, None),
    ]


def test_a_table_without_a_cleared_column_has_no_clears(tmp_path: Path) -> None:
    path = csv(tmp_path, "device_id,alarm_id,start_timestamp\na,1,0\n")

    assert read_table(path).rows[0].cleared_ms is None


@pytest.mark.parametrize(
    ("text", "columns", "kind", "says"),
    [
        ("a,b\n1,2\n", {}, SettingsError, "--column managed_object=NAME"),
        ("ne,name,from\nr,x,1\n", OWN, SettingsError, "column 'to' is not in"),
        ("ne,name,from,to\nr,x,1,2\n", OWN | {"colour": "x"}, SettingsError, "names 'colour'"),
        ("ne,name,from,to\n,x,1,2\n", OWN, DecodeError, "ne=(empty) in row 0"),
        ("ne,name,from,to\nr,x,1,2\nr,x,,2\n", OWN, DecodeError, "from=(empty) in row 1"),
        ("ne,name,from,to\nr,x,soon,2\n", OWN, DecodeError, "from in row 0='soon'"),
        ("ne,name,from,to\nr,x,2026-01-01T00:00:00,\n", OWN, DecodeError, "has no time zone"),
        ("ne,name,from,to\nr,x,1,2\nr,x,2026-01-01T00:00:00Z,2\n", OWN, DecodeError, "of another kind"),
        ("ne,name,from,to\nr,x,1,2026-01-01T00:00:00Z\n", OWN, DecodeError, "of another kind"),
        ("", {}, DecodeError, "cannot be read as a table"),
    ],
)
def test_a_bad_table_is_refused_with_the_place_and_the_remedy(
    tmp_path: Path, text: str, columns: dict[str, str], kind: type[TelcollmError], says: str
) -> None:
    with pytest.raises(kind) as raised:
        read_table(csv(tmp_path, text), columns)

    assert says in str(raised.value)


@pytest.mark.parametrize("name", ["none.csv", "own.xlsx", "."])
def test_what_is_no_table_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"no existing \.csv or \.parquet file"):
        read_table(tmp_path / name)
