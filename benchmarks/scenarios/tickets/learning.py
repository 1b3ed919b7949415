"""Plain deciders of team and priority, learned from the tickets of the teaching days alone.

Kept beside the inputs they were learned from. Deliberately does not know the cases.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.scenarios.suite import Tell

COLUMN: Final = "description"


def learned(what: str, inputs: Path, tell: Tell) -> Path:
    """Return the folder of the TF-IDF decider of `what`, learned where it is not there yet."""
    from telcollm.decider.plain import fit_plain
    from telcollm.decider.rows import ROW_VERSION
    from telcollm.decider.spec import SPEC_FILE, DeciderSpec, write_spec

    folder = inputs / "deciders" / f"tfidf-{what}"
    if (folder / SPEC_FILE).is_file():
        return folder
    rows, held = (_rows(inputs / f"{name}.jsonl") for name in ("train", "held"))
    labels = tuple(sorted({str(row[what]) for row in rows}))
    spec = DeciderSpec(
        name=f"tfidf-{what}",
        text_columns=(COLUMN,),
        label_column=what,
        labels=labels,
        row_version=ROW_VERSION,
        mix={"plain": 1.0},
        plain=True,
        simulated=True,
    )
    tell(f"learning {what} from {len(rows):,} tickets")
    expert = fit_plain(
        rows,
        [labels.index(str(row[what])) for row in rows],
        spec,
        validation_rows=held,
        validation_labels=[labels.index(str(row[what])) for row in held],
        say=tell,
    )
    expert.save(folder)
    write_spec(spec, folder)
    return folder


def _rows(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
