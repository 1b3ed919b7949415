"""Each fault of a table or a split is found, said with what to do, and not found where it is not."""

from __future__ import annotations

import pytest

from finetune.audit import Audit, audit_split, audit_table, leaked_rows
from finetune.columns import TaskColumns
from finetune.split import Split, split_rows
from finetune.table import Table
from telcollm.decider.rows import Row

WORDS = "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima".split()


def ticket(place: int) -> dict[str, object]:
    words = " ".join(WORDS[(place * step) % 12] for step in (1, 5, 7, 11, 2, 3))
    return {"text": f"ticket {words} {WORDS[place // 12 % 12]}", "y": ("ran", "core")[place % 2]}


def table_of(rows: list[dict[str, object]]) -> Table:
    return Table(tuple(dict.fromkeys(name for row in rows for name in row)), tuple(rows))


def codes(audit: Audit) -> dict[str, str]:
    return {finding.code: finding.weight for finding in audit.findings}


GOOD = [ticket(place) for place in range(60)]
COLUMNS = TaskColumns(text=("text",), label="y")


def test_nothing_is_found_in_a_good_table() -> None:
    audit = audit_table(table_of(GOOD), COLUMNS)
    assert not audit.stopped and set(codes(audit)) <= {"repeats"}
    assert audit.labels == {"ran": 30, "core": 30} and len(audit.rows) == 60


def test_rows_without_a_label_are_left_out_and_counted() -> None:
    rows = [*GOOD, {"text": "x", "y": None}, {"text": "y", "y": " "}]
    audit = audit_table(table_of(rows), COLUMNS)
    assert codes(audit)["no_label"] == "warning" and audit.places == tuple(range(60))
    assert "2 of 62 rows" in next(f.message for f in audit.findings if f.code == "no_label")


@pytest.mark.parametrize(
    ("rows", "columns", "code"),
    [
        ([{"text": "a", "y": "x"}] * 12, COLUMNS, "one_label"),
        ([{"text": "a", "y": None}] * 12, COLUMNS, "no_label"),
        ([{"text": None, "y": "ab"[i % 2]} for i in range(12)], COLUMNS, "empty_texts"),
        (GOOD, TaskColumns(label="y"), "no_input"),
        (GOOD, TaskColumns(text=("text", "y"), label="y"), "label_is_input"),
        (GOOD, TaskColumns(numeric=("text",), label="y"), "not_numeric"),
        ([{"text": "a", "y": str(i / 7)} for i in range(90)], COLUMNS, "too_many_labels"),
    ],
)
def test_what_cannot_be_trained_is_stopped(
    rows: list[dict[str, object]], columns: TaskColumns, code: str
) -> None:
    audit = audit_table(table_of(rows), columns)
    assert audit.stopped and codes(audit)[code] == "stop"
    assert all(";" in finding.message for finding in audit.findings if finding.weight == "stop")


def test_labels_with_too_few_rows_and_labels_alike_are_named() -> None:
    rows = [*GOOD, {"text": "lone", "y": "transport"}, *({"text": f"r{i}", "y": "Ran"} for i in range(3))]
    found = codes(audit_table(table_of(rows), COLUMNS))
    assert {"single_row_labels", "rare_labels", "labels_alike"} <= set(found)


def test_rows_alike_with_labels_apart_bound_what_can_be_right() -> None:
    same = "the same words again and again"
    rows = [*GOOD, *({"text": same, "y": ("ran", "core")[place % 2]} for place in range(10))]
    message = next(f.message for f in audit_table(table_of(rows), COLUMNS).findings if f.code == "conflicts")
    assert "5 rows" in message and "92.9%" in message


def test_a_column_that_tells_the_label_is_pointed_out_and_an_innocent_one_is_not() -> None:
    rows = [
        {**row, "queue": str(row["y"]).upper(), "shift": "night" if place % 3 else "day"}
        for place, row in enumerate(GOOD)
    ]
    audit = audit_table(table_of(rows), TaskColumns(text=("text", "queue", "shift"), label="y"))
    given = [finding.message for finding in audit.findings if finding.code == "gives_label_away"]
    assert len(given) == 1 and "'queue'" in given[0]


def test_the_name_of_the_label_in_the_text_is_pointed_out() -> None:
    rows = [{**row, "text": f"{row['text']} closed by {row['y']}"} for row in GOOD]
    assert codes(audit_table(table_of(rows), COLUMNS))["label_in_text"] == "warning"


def test_numeric_cells_come_back_as_numbers() -> None:
    rows: list[dict[str, object]] = [{"n": "1,5" if i % 2 else "", "y": "ab"[i % 2]} for i in range(20)]
    audit = audit_table(table_of(rows), TaskColumns(numeric=("n",), label="y"))
    assert [row["n"] for row in audit.rows[:2]] == [None, 1.5]


def test_a_split_made_here_has_no_leak_and_copies_across_a_given_one_are_found() -> None:
    rows: list[Row] = [*GOOD, *GOOD[:20]]
    split = split_rows(rows, COLUMNS)
    assert leaked_rows(rows, split, COLUMNS) == []
    given = Split(("train",) * 50 + ("validation",) * 10 + ("test",) * 20, "column", "given")
    found = {finding.code: finding.weight for finding in audit_split(rows, given, COLUMNS)}
    assert found["copies"] == "leak" and leaked_rows(rows, given, COLUMNS) == list(range(60, 80))


def test_texts_that_differ_in_numbers_alone_are_copies_only_where_the_sides_were_made_here() -> None:
    rows: list[Row] = [
        {"text": f"BGP neighbor 10.0.{number}.1 went down on router R{number}", "y": "core"}
        for number in range(80)
    ]
    sides = ("train",) * 50 + ("validation",) * 10 + ("test",) * 20
    assert leaked_rows(rows, Split(sides, "time", "by time"), COLUMNS) == []
    assert len(leaked_rows(rows, Split(sides, "content", "by content"), COLUMNS)) == 20


def test_short_texts_that_repeat_by_nature_are_no_leak() -> None:
    rows: list[Row] = [{"text": "link down", "y": "ran"}, {"text": "hi", "y": "core"}] * 30
    split = split_rows(rows, COLUMNS)
    assert leaked_rows(rows, split, COLUMNS) == [] and min(split.sizes.values()) >= 6


def test_a_group_on_two_sides_and_times_mixed_are_found() -> None:
    rows: list[Row] = [{**row, "g": place % 5, "t": place} for place, row in enumerate(GOOD)]
    split = split_rows(rows, COLUMNS, assigned=["train", "validation", "test"] * 20)
    columns = TaskColumns(text=("text",), label="y", group="g", time="t")
    found = {finding.code: finding.weight for finding in audit_split(rows, split, columns)}
    assert found["groups"] == "leak" and found["times"] == "warning"


def test_labels_of_the_test_alone_are_counted_as_errors_in_words() -> None:
    rows: list[Row] = [*GOOD, {"text": "new", "y": "power"}]
    sides = ("train",) * 40 + ("validation",) * 10 + ("test",) * 11
    messages = {f.code: f.message for f in audit_split(rows, Split(sides, "column", "given"), COLUMNS)}
    assert "'power'" in messages["unseen_labels"] and "1 rows count as errors" in messages["unseen_labels"]
