"""MultiDoGO as tables: customer sentences of an internet desk ("media") and of a software desk, with intents.

Rows keep the order of the dialogue; only the customer's side is published. The slot labels are gold and are
left out: they would give the intent away. Does not download.
Source: github awslabs/multi-domain-goal-oriented-dialogues-dataset at baa3063, CDLA-Permissive-1.0;
Peskov et al., Multi-Domain Goal-Oriented Dialogues (MultiDoGO), EMNLP 2019.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from finetune.formats import TableError
from finetune.table import Table, read_table

DOMAINS: Final = ("media", "software")
LICENCE: Final = "CDLA-Permissive-1.0"
COLUMNS: Final = ("conversation", "turn", "gap", "text", "label", "split")


def multidogo_table(data_dir: Path, domain: str) -> Table:
    """Return a desk's sentences: conversation, turn (place in it from 0), gap, text, label and split.

    `gap` counts the desk's and other turns since the customer's sentence before, 0 within one turn. The
    split is "train" or "test", the published train and dev files, which share no conversation.

    Raises:
        TableError: the domain is not known, or its files are not in the data directory.
    """
    if domain not in DOMAINS:
        message = f"MultiDoGO domain {domain!r} is not here; {' and '.join(DOMAINS)} are; give one of these"
        raise TableError(message)
    folder = data_dir / "multidogo" / domain
    rows: list[dict[str, object]] = []
    digest = hashlib.sha256()
    for name, split in (("train.tsv", "train"), ("dev.tsv", "test")):
        if not (folder / name).is_file():
            message = (
                f"{folder / name} is missing; MultiDoGO's published files are needed; set TELCOLLM_DATA_DIR "
                "to the folder that holds multidogo/"
            )
            raise TableError(message)
        table = read_table(folder / name)
        digest.update(table.sha256.encode())
        rows += _rows(table, split)
    return Table(COLUMNS, tuple(rows), digest.hexdigest(), f"multidogo/{domain}", ("licence " + LICENCE,))


def _rows(table: Table, split: str) -> list[dict[str, object]]:
    ordered = sorted(
        table.rows,
        key=lambda row: (
            str(row["conversationId"]),
            int(str(row["turnNumber"])),
            int(str(row["sentenceNumber"])),
        ),
    )
    rows: list[dict[str, object]] = []
    before, turn, last = "", 0, 0
    for row in ordered:
        conversation, number = str(row["conversationId"]), int(str(row["turnNumber"]))
        turn = turn + 1 if conversation == before else 0
        gap = number - last if conversation == before else number
        before, last = conversation, number
        rows.append(
            {
                "conversation": conversation,
                "turn": turn,
                "gap": gap,
                "text": row["utterance"],
                "label": row["intent"],
                "split": split,
            }
        )
    return rows
