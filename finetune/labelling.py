"""A file labelled by a decider: its own columns, and what was decided beside them.

Columns added are never those of the file: they are named apart. Does not train or judge.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from finetune.columns import TaskColumns, input_key
from finetune.formats import TableError
from finetune.table import Table, spread_lists
from telcollm.decider.decider import Decider, Decision
from telcollm.decider.rows import label_name
from telcollm.decider.spec import DeciderSpec
from telcollm.identity import derive_id

ADDED: Final = (
    "predicted",
    "confidence",
    "abstained",
    "alternatives",
    "predicted_by_model",
    "predicted_by_plain",
    "decision_id",
)
FORMATS: Final = (".csv", ".jsonl", ".json", ".parquet")


def label_table(table: Table, decider: Decider, version: str = "") -> list[dict[str, object]]:
    """Return the rows with `ADDED` columns, in order.

    `decision_id` derives from the decider, its version and the row's inputs: feedback may name it.

    Raises:
        DeciderError: a column that the decider reads is missing.
    """
    spec = decider.spec
    spread, _ = spread_lists(table, _list_columns(table, spec))
    columns = TaskColumns(text=spec.text_columns, numeric=spec.numeric_columns, choices=spec.choices_column)
    rows = []
    for row, read, one in zip(table.rows, spread.rows, decider.decide(spread.rows), strict=True):
        decision_id = derive_id("dec", spec.name, version or spec.version, input_key(read, columns))
        rows.append({**_renamed(row), **_columns(one), "decision_id": decision_id})
    return rows


def figures(rows: Sequence[Mapping[str, object]], spec: DeciderSpec) -> dict[str, Any]:
    """Return rows, abstentions, counts of answers, and accuracy where the rows bring their labels."""
    truth = [label_name(row.get(spec.label_column)) for row in rows]
    found: dict[str, Any] = {
        "rows": len(rows),
        "abstained": sum(bool(row["abstained"]) for row in rows),
        "answers": _counts([str(row["predicted"]) for row in rows]),
    }
    known = [(right, str(row["predicted"])) for right, row in zip(truth, rows, strict=True) if right]
    if known and spec.kind == "labels":
        from finetune.bootstrap import Bootstrap

        draws = Bootstrap([right for right, _ in known], draws=1).draws([answer for _, answer in known])
        found |= {
            "labelled_rows": len(known),
            "accuracy": float(draws.accuracy[0]),
            "macro_f1": float(draws.macro_f1[0]),
        }
    return found


def write_labelled(rows: Sequence[Mapping[str, object]], path: Path) -> Path:
    """Return the path of the rows, written whole as CSV, JSON lines or Parquet by its name.

    Raises:
        TableError: the name ends in something else, or the file cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in FORMATS:
        message = f"--out {path} ends in {kind!r}; {', '.join(FORMATS)} are allowed; rename it"
        raise TableError(message)
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == ".parquet":
            import pandas

            pandas.DataFrame([dict(row) for row in rows]).to_parquet(part, index=False)
        elif kind == ".csv":
            part.write_text(_csv(rows), encoding="utf-8", newline="")
        else:
            part.write_text(json_lines(rows), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        message = f"--out {path} cannot be written ({error}); a writable folder is needed; name another"
        raise TableError(message) from error
    return path


def json_lines(rows: Sequence[Mapping[str, object]]) -> str:
    """Return the rows as JSON, one a line."""
    return "".join(json.dumps(dict(row), ensure_ascii=False, default=str) + "\n" for row in rows)


def _csv(rows: Sequence[Mapping[str, object]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _columns(one: Decision) -> dict[str, object]:
    alternatives = [[label, round(chance, 4)] for label, chance in one.alternatives]
    return {
        "predicted": one.label,
        "confidence": round(one.confidence, 6),
        "abstained": one.abstained,
        "alternatives": json.dumps(alternatives, ensure_ascii=False),
        "predicted_by_model": one.parts["model"][0] if "model" in one.parts else None,
        "predicted_by_plain": one.parts["plain"][0] if "plain" in one.parts else None,
    }


def _renamed(row: Mapping[str, object]) -> dict[str, object]:
    """Return the row with columns that are named like added ones under `given_`: none is lost."""
    return {(f"given_{name}" if name in ADDED else name): value for name, value in row.items()}


def _list_columns(table: Table, spec: DeciderSpec) -> list[str]:
    """Return columns of lists that the decider reads place by place: `durations` for `durations.7`."""
    missing = [name for name in spec.numeric_columns if name not in table.columns]
    stems = dict.fromkeys(name.rpartition(".")[0] for name in missing)
    return [name for name in stems if name in table.columns]


def _counts(answers: Sequence[str]) -> dict[str, int]:
    return dict(Counter(answers).most_common())
