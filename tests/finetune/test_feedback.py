"""Laws of learning from feedback: what people stood by becomes labels, and nothing is made up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from finetune.feedback import diagnosis_table, mend_labels
from finetune.formats import TableError
from finetune.table import Table
from telcollm.ports import EVERYTHING, Store
from telcollm.records import Feedback, FeedbackKind
from telcollm.store import open_store
from tests.telcollm.store.examples import at, diagnosis, feedback, hypothesis, incident


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'telcollm.db'}")
    with opened.transaction() as transaction:
        for name in ("i1", "i2", "i3"):
            transaction.put_incidents(
                [incident(name, affected_objects=("cell-7", "router-1", "cell-8"), problems={"LINK_LOSS": 2})]
            )
        transaction.put_diagnoses(
            [
                diagnosis(
                    f"d{number}",
                    f"i{number}",
                    hypotheses=(hypothesis(), hypothesis(root_cause_resource="router-1")),
                )
                for number in (1, 2, 3)
            ]
        )
    yield opened
    opened.close()


def accepted(feedback_id: str, subject_id: str, minute: int = 9) -> Feedback:
    return feedback(
        feedback_id, subject_id=subject_id, kind=FeedbackKind.ACCEPTED, correction="", given_time=at(minute)
    )


def test_an_accepted_diagnosis_teaches_its_first_hypothesis_and_a_corrected_one_the_correction(
    store: Store,
) -> None:
    store.put_feedback(accepted("f1", "d1"))
    store.put_feedback(feedback("f2", subject_id="d2", correction="it was Router-1, not the cell"))
    table, used = diagnosis_table(store, EVERYTHING)
    assert [(row["incident_id"], row["root_cause"]) for row in table.rows] == [
        ("i1", "cell-7"),
        ("i2", "router-1"),
    ]
    assert used.records == used.rows == 2
    for row in table.rows:
        assert row["root_cause"] in json.loads(str(row["candidates"]))
        assert "LINK_LOSS" in str(row["alarms"])


def test_the_order_of_candidates_does_not_give_the_graphs_own_ranking_away(store: Store) -> None:
    store.put_feedback(accepted("f1", "d1"))
    candidates = json.loads(str(diagnosis_table(store, EVERYTHING)[0].rows[0]["candidates"]))
    assert candidates == sorted(candidates) == ["cell-7", "cell-8", "router-1"]


def test_the_last_word_counts_and_a_rejection_makes_no_label(store: Store) -> None:
    store.put_feedback(accepted("f1", "d1", minute=9))
    store.put_feedback(feedback("f2", subject_id="d1", correction="cell-8", given_time=at(12)))
    store.put_feedback(feedback("f3", subject_id="d2", kind=FeedbackKind.REJECTED, correction=""))
    table, used = diagnosis_table(store, EVERYTHING)
    assert [row["root_cause"] for row in table.rows] == ["cell-8"]
    assert dict(used.left_out) == {"overruled by a later one": 1, "rejected without a correction": 1}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"correction": "no idea"}, "with a correction that names none of the objects"),
        ({"correction": "cell-7 or cell-8"}, "with a correction that names none of the objects"),
        ({"subject_kind": "reply"}, "on a reply"),
        ({"subject_id": "gone"}, "on what the store no longer holds"),
    ],
)
def test_feedback_that_says_no_answer_is_counted_and_left_out(
    store: Store, changes: dict[str, str], reason: str
) -> None:
    store.put_feedback(accepted("f1", "d1"))
    store.put_feedback(feedback("f2", **{"subject_id": "d2", **changes}))
    table, used = diagnosis_table(store, EVERYTHING)
    assert len(table.rows) == 1
    assert dict(used.left_out) == {reason: 1}
    assert reason in str(used)


def test_feedback_on_an_incident_is_feedback_on_its_latest_diagnosis(store: Store) -> None:
    store.put_feedback(accepted("f1", "i3"))
    store.put_feedback(feedback("f2", subject_id="i2", subject_kind="incident", correction="cell-8"))
    answers = {row["incident_id"]: row["root_cause"] for row in diagnosis_table(store, EVERYTHING)[0].rows}
    assert answers == {"i2": "cell-8", "i3": "cell-7"}


def test_without_any_feedback_to_learn_from_the_refusal_says_what_is_needed(store: Store) -> None:
    with pytest.raises(TableError, match="0 of 0 feedback records used; accepted or corrected"):
        diagnosis_table(store, EVERYTHING)


def rows() -> Table:
    cells = [("1", "no dial tone", "Voice"), ("2", "slow at night", "Core"), ("3", "bill is wrong", "Field")]
    return Table(
        ("id", "text", "team"),
        tuple({"id": one, "text": text, "team": team} for one, text, team in cells),
        "abc",
        "tickets.csv",
    )


def test_feedback_on_rows_of_a_file_mends_their_labels_and_drops_what_was_rejected() -> None:
    given = [
        feedback("f1", subject_id="1", kind=FeedbackKind.ACCEPTED, correction=""),
        feedback("f2", subject_id="2", correction="Radio"),
        feedback("f3", subject_id="3", kind=FeedbackKind.REJECTED, correction=""),
        feedback("f4", subject_id="9", correction="Radio"),
    ]
    table, used = mend_labels(rows(), given, id_column="id", label_column="team")
    assert [(row["id"], row["team"]) for row in table.rows] == [("1", "Voice"), ("2", "Radio")]
    assert used.rows == 2
    assert dict(used.left_out) == {
        "rejected without a correction, row left out": 1,
        "on no row of this file": 1,
    }
    assert table.sha256 != "abc"


def test_feedback_needs_the_column_that_tells_rows_apart() -> None:
    with pytest.raises(TableError, match=r"--id .ticket. is no column of tickets\.csv"):
        mend_labels(rows(), [], id_column="ticket", label_column="team")
