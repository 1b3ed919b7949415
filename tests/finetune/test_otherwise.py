"""Laws of rows told otherwise: the same decisions in other words, or refused with what is wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from finetune.formats import TableError
from finetune.otherwise import told_otherwise
from finetune.parts import make_side
from finetune.preparation import prepare
from finetune.request import TuningRequest
from telcollm.decider.rows import Row
from telcollm.guard import Guard

GUARD = Guard(b"0" * 16)
ROWS = [
    {
        "id": f"w{place}",
        "text": f"window {place} tells of {'power' if place % 2 else 'fibre'} at site {place}",
        "alarms": str(place % 7),
        "label": "power" if place % 2 else "fibre",
        "split": "test" if place >= 30 else "validation" if place >= 24 else "train",
    }
    for place in range(40)
]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def told(tmp_path: Path, others: list[dict[str, str]], *, key: str = "id") -> tuple[list[Row], list[Row]]:
    path = write(tmp_path / "others.csv", others)
    prepared = prepare(
        TuningRequest(
            data=write(tmp_path / "rows.csv", ROWS),
            text=("text",),
            numeric=("alarms",),
            split="split",
            id_column=key,
            disturbed=(f"vendors={path}",),
            model=False,
        )
    )
    test = make_side(prepared, "test", prepared.spec, GUARD)
    return test.rows, told_otherwise(prepared, prepared.spec, test, GUARD)["vendors"]


def test_rows_are_joined_by_their_key_whatever_the_order_and_keep_what_is_not_told(tmp_path: Path) -> None:
    others = [{**row, "text": row["text"].replace("tells of", "speaks of")} for row in reversed(ROWS)]

    before, after = told(tmp_path, others)

    assert [row["text"] for row in after] == [
        str(row["text"]).replace("tells of", "speaks of") for row in before
    ]
    assert [row["id"] for row in after] == [row["id"] for row in before]


def test_a_row_that_reads_the_same_or_is_not_there_is_the_same_object(tmp_path: Path) -> None:
    others = [{**row, "alarms": "9" if row["id"] == "w33" else row["alarms"]} for row in ROWS[:36]]

    before, after = told(tmp_path, others)

    assert [a["id"] for a, b in zip(after, before, strict=True) if a is not b] == ["w33"]


@pytest.mark.parametrize(
    ("others", "key", "told_of"),
    [
        ([{**row, "label": "power"} for row in ROWS], "id", "another label"),
        ([{**row, "id": f"x{row['id']}"} for row in ROWS], "id", "none of its rows"),
        ([{"id": row["id"], "label": row["label"]} for row in ROWS], "id", "text"),
        (ROWS, "", "--id"),
        (ROWS, "label", "names each row"),
    ],
)
def test_tables_that_do_not_tell_the_same_decisions_are_refused(
    tmp_path: Path, others: list[dict[str, str]], key: str, told_of: str
) -> None:
    with pytest.raises(TableError, match=told_of):
        told(tmp_path, others, key=key)


@pytest.mark.parametrize("entry", ["vendors", "=file.csv", "a b=file.csv", "vendors="])
def test_what_is_not_a_name_and_a_file_is_refused(tmp_path: Path, entry: str) -> None:
    prepared = prepare(
        TuningRequest(
            data=write(tmp_path / "rows.csv", ROWS),
            text=("text",),
            split="split",
            id_column="id",
            disturbed=(entry,),
            model=False,
        )
    )

    with pytest.raises(TableError, match="NAME=FILE"):
        told_otherwise(prepared, prepared.spec, make_side(prepared, "test", prepared.spec, GUARD), GUARD)
