"""MultiDoGO becomes a table in which nothing of the gold side is left but the label."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from finetune.formats import TableError
from finetune.multidogo import COLUMNS, DOMAINS, multidogo_table

HEADER = "conversationId\tturnNumber\tsentenceNumber\tutteranceId\tutterance\tslot-labels\tintent\n"


def written(folder: Path) -> Path:
    own = folder / "multidogo" / "media"
    own.mkdir(parents=True)
    train = 'c1\t2\t0\tu\t"new\nline"\tO O\tb\nc1\t0\t1\tu\tthere\tO\ta\nc1\t0\t0\tu\thi\tO\ta\n'
    (own / "train.tsv").write_text(HEADER + train)
    (own / "dev.tsv").write_text(HEADER + "c2\t1\t0\tu\tok\tO\ta\n")
    return folder


def test_sentences_come_in_the_order_of_their_dialogue_with_the_turns_between(tmp_path: Path) -> None:
    table = multidogo_table(written(tmp_path), "media")
    assert table.columns == COLUMNS
    assert [tuple(row.values()) for row in table.rows] == [
        ("c1", 0, 0, "hi", "a", "train"),
        ("c1", 1, 0, "there", "a", "train"),
        ("c1", 2, 2, "new\nline", "b", "train"),
        ("c2", 0, 1, "ok", "a", "test"),
    ]


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"train\.tsv is missing"):
        multidogo_table(tmp_path, "media")
    with pytest.raises(TableError, match="media and software"):
        multidogo_table(tmp_path, "airline")


@pytest.mark.skipif("TELCOLLM_DATA_DIR" not in os.environ, reason="TELCOLLM_DATA_DIR is not set")
@pytest.mark.parametrize("domain", DOMAINS)
def test_no_conversation_of_the_real_set_is_on_two_sides(domain: str) -> None:
    table = multidogo_table(Path(os.environ["TELCOLLM_DATA_DIR"]), domain)
    sides: dict[object, set[object]] = {}
    for row in table.rows:
        sides.setdefault(row["conversation"], set()).add(row["split"])
    assert len(table.rows) > 10_000 and all(len(found) == 1 for found in sides.values())
