"""ORAN-Bench as a table: questions on O-RAN with options of their own, the right one by its index.

The published numbers before the options ("1. ") are taken off: a decider lists choices by letters of its
own. Does not download.
Source: github prnshv/ORAN-Bench-13K at d13ffc399b, MIT; Gajjar and Shah, ORAN-Bench-13K, 2024.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Final

from finetune.formats import TableError
from finetune.table import Table

LEVELS: Final = {"E": "easy", "M": "medium", "H": "hard"}
LICENCE: Final = "MIT"
COLUMNS: Final = ("question", "options", "answer", "level")
_NUMBER: Final = re.compile(r"^\s*\d+\s*[.):]\s*")


def oran_table(data_dir: Path) -> Table:
    """Return the questions: question, options (a list of texts), answer (an index from 0) and level.

    Questions whose right answer is not among their options are left out and counted in the notes.

    Raises:
        TableError: a file is missing from the data directory, or a line is no question.
    """
    rows: list[dict[str, object]] = []
    digest = hashlib.sha256()
    lost = 0
    for name, level in LEVELS.items():
        path = data_dir / "oran_bench" / f"{name}.jsonl"
        try:
            data = path.read_bytes()
        except OSError as error:
            message = (
                f"{path} is missing; ORAN-Bench's published files are needed; set TELCOLLM_DATA_DIR to the "
                "folder that holds oran_bench/"
            )
            raise TableError(message) from error
        digest.update(data)
        for line, record in enumerate(data.decode("utf-8").splitlines(), 1):
            row = _row(record, level, f"line {line} of {path}") if record.strip() else None
            if row is not None:
                rows.append(row)
            elif record.strip():
                lost += 1
    notes = [f"licence {LICENCE}"]
    if lost:
        notes.append(f"{lost} questions are left out: the right answer is not among their options")
    return Table(COLUMNS, tuple(rows), digest.hexdigest(), "oran_bench", tuple(notes))


def _row(record: str, level: str, where: str) -> dict[str, object] | None:
    try:
        question, options, answer = json.loads(record)
        texts = [_NUMBER.sub("", str(option)).strip() for option in options]
        right = int(answer) - 1
    except (ValueError, TypeError) as error:
        message = (
            f"{where} is no question ({error}); [question, [options], number] is allowed; take the published "
            "file"
        )
        raise TableError(message) from error
    if not 0 <= right < len(texts):
        # The published files hold a few questions whose options were lost.
        return None
    # By its text where that is one of a kind: an option "1" could be taken for the place of another.
    answer = texts[right] if texts.count(texts[right]) == 1 else right
    return {"question": str(question), "options": texts, "answer": answer, "level": level}
