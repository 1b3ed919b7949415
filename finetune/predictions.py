"""What every part said of every test row, and of the changed ones: the file that all figures follow from.

Kept as Parquet beside the decider, texts behind the guard, so that figures can be found anew and another
decider be asked about the same rows. Does not compute figures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from telcollm.decider.decider import Decision
from telcollm.decider.rows import Row, cell_text
from telcollm.decider.spec import DeciderError
from telcollm.guard import Guard
from telcollm.model.port import FloatArray

PREDICTIONS_FILE: Final = "predictions.parquet"
DISTURBED_FILE: Final = "disturbed.parquet"
ROWS_FILE: Final = "rows.parquet"
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Said:
    """One part's answers: texts of labels or choices, their probability, and whether the top three hold.

    `rows` are the places of the test rows that the part was asked about, all of them for most.
    """

    rows: npt.NDArray[np.int64]
    answers: tuple[str, ...]
    confidence: FloatArray
    in_top3: BoolArray


@dataclass(frozen=True, slots=True)
class Predictions:
    """All parts' answers on the test rows, in the order of the rows.

    `groups` are what rows belong to, for intervals over whole groups; `inputs` the guarded rows.
    """

    row_ids: tuple[str, ...]
    truth: tuple[str, ...]
    said: Mapping[str, Said]
    abstained: BoolArray
    groups: tuple[str, ...] = ()
    inputs: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Disturbed:
    """One change and who was right before and after it, on the rows that it changed.

    `tried` counts the rows that were asked for; `before` and `after` hold parts by name, in order of rows.
    """

    name: str
    tried: int
    row_ids: tuple[str, ...]
    before: Mapping[str, BoolArray] = field(default_factory=dict)
    after: Mapping[str, BoolArray] = field(default_factory=dict)


class RowKey(NamedTuple):
    """A hash of a row's inputs, its side, and whether it says so much that another like it is a copy."""

    key: str
    side: str
    long: bool


def said_by(found: Sequence[Decision], truth: Sequence[str]) -> Said:
    """Return the answers of a decider on rows with these true labels."""
    return Said(
        np.arange(len(found)),
        tuple(one.label for one in found),
        np.array([one.confidence for one in found], dtype=np.float64),
        np.array(
            [
                right in [label for label, _ in one.alternatives[:3]]
                for one, right in zip(found, truth, strict=True)
            ],
            dtype=bool,
        ),
    )


def said(log_probabilities: FloatArray, texts: Sequence[Sequence[str]], truth: Sequence[str]) -> Said:
    """Return a part's answers of (rows, widest list of choices) log-probabilities, -inf where there is none.

    `texts` are the labels or choices that each row's columns stand for.
    """
    order = np.argsort(-log_probabilities, axis=1, kind="stable")
    best = order[:, 0]
    confidence = np.exp(log_probabilities[np.arange(len(best)), best])
    answers = tuple(own[place] for own, place in zip(texts, best, strict=True))
    top = np.array(
        [
            right in [own[place] for place in places[:3] if place < len(own)]
            for own, places, right in zip(texts, order, truth, strict=True)
        ],
        dtype=bool,
    )
    return Said(np.arange(len(best)), answers, confidence.astype(np.float64), top)


def guarded(row: Row, guard: Guard) -> dict[str, object]:
    """Return a row as it may be kept: texts behind the guard, numbers as they are, lists as JSON."""
    kept: dict[str, object] = {}
    for name, value in row.items():
        if name.startswith("_"):
            continue
        if value is None or isinstance(value, bool | int | float):
            kept[name] = value
        elif isinstance(value, list | tuple):
            kept[name] = guard.hide(json.dumps(list(value), ensure_ascii=False, default=str))
        else:
            kept[name] = guard.hide(cell_text(value))
    return kept


def write_predictions(predictions: Predictions, folder: Path) -> Path:
    """Return the path of the file, written whole."""
    import pandas

    table: dict[str, object] = {"id": predictions.row_ids, "truth": predictions.truth}
    if predictions.groups:
        table["group"] = predictions.groups
    count = len(predictions.row_ids)
    for name, one in predictions.said.items():
        answers: list[str | None] = [None] * count
        confidence = np.full(count, np.nan)
        top = np.zeros(count, dtype=bool)
        for place, answer in zip(one.rows, one.answers, strict=True):
            answers[int(place)] = answer
        confidence[one.rows] = one.confidence
        top[one.rows] = one.in_top3
        table |= {f"{name}.answer": answers, f"{name}.confidence": confidence, f"{name}.in_top3": top}
    table["abstained"] = predictions.abstained
    table["input"] = [json.dumps(dict(row), ensure_ascii=False, default=str) for row in predictions.inputs]
    path = folder / PREDICTIONS_FILE
    pandas.DataFrame(table).to_parquet(path, index=False)
    return path


def read_predictions(path: Path) -> Predictions:
    """Return what `write_predictions` wrote.

    Raises:
        DeciderError: the file is missing or another one.
    """
    import pandas

    try:
        frame = pandas.read_parquet(path)
        names = [str(name).removesuffix(".answer") for name in frame.columns if str(name).endswith(".answer")]
        parts = {}
        for name in names:
            asked = frame[f"{name}.answer"].notna().to_numpy(dtype=bool)
            own = frame[asked]
            parts[name] = Said(
                np.flatnonzero(asked),
                tuple(str(answer) for answer in own[f"{name}.answer"]),
                own[f"{name}.confidence"].to_numpy(dtype=np.float64),
                own[f"{name}.in_top3"].to_numpy(dtype=bool),
            )
        return Predictions(
            tuple(map(str, frame["id"])),
            tuple(map(str, frame["truth"])),
            parts,
            frame["abstained"].to_numpy(dtype=bool),
            tuple(map(str, frame["group"])) if "group" in frame.columns else (),
            tuple(json.loads(text) for text in frame["input"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = (
            f"predictions {path} cannot be read ({error}); the file that the run wrote is allowed; "
            "restore it or train again"
        )
        raise DeciderError(message) from error


def write_disturbed(changes: Sequence[Disturbed], folder: Path) -> Path:
    """Return the path of the file, one line per change, row and part, written whole."""
    import pandas

    lines = [
        (change.name, change.tried, row_id, part, bool(change.before[part][place]), bool(right[place]))
        for change in changes
        for part, right in change.after.items()
        for place, row_id in enumerate(change.row_ids)
    ]
    path = folder / DISTURBED_FILE
    names = ["change", "tried", "id", "part", "right_before", "right_after"]
    pandas.DataFrame(lines, columns=names).to_parquet(path, index=False)
    return path


def read_disturbed(path: Path) -> list[Disturbed]:
    """Return what `write_disturbed` wrote.

    Raises:
        DeciderError: the file is missing or another one.
    """
    import pandas

    try:
        frame = pandas.read_parquet(path)
        found = []
        for name in dict.fromkeys(frame["change"]):
            own = frame[frame["change"] == name]
            parts = {str(part): own[own["part"] == part] for part in dict.fromkeys(own["part"])}
            first = next(iter(parts.values()))
            found.append(
                Disturbed(
                    str(name),
                    int(own["tried"].iloc[0]),
                    tuple(map(str, first["id"])),
                    {part: one["right_before"].to_numpy(dtype=bool) for part, one in parts.items()},
                    {part: one["right_after"].to_numpy(dtype=bool) for part, one in parts.items()},
                )
            )
        return found
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = (
            f"predictions {path} cannot be read ({error}); the file that the run wrote is allowed; "
            "restore it or train again"
        )
        raise DeciderError(message) from error


def write_rows(rows: Sequence[RowKey], folder: Path) -> Path:
    """Return the path of the file that says by a hash of its inputs which rows were on which side."""
    import pandas

    path = folder / ROWS_FILE
    pandas.DataFrame(rows, columns=list(RowKey._fields)).to_parquet(path, index=False)
    return path


def read_rows(path: Path) -> list[RowKey]:
    """Return what `write_rows` wrote.

    Raises:
        DeciderError: the file is missing or another one.
    """
    import pandas

    try:
        frame = pandas.read_parquet(path)
        return [
            RowKey(str(key), str(side), bool(long))
            for key, side, long in zip(frame["key"], frame["side"], frame["long"], strict=True)
        ]
    except (OSError, ValueError, KeyError) as error:
        message = (
            f"row hashes {path} cannot be read ({error}); the file that the run wrote is allowed; "
            "restore it or train again"
        )
        raise DeciderError(message) from error
