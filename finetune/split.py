"""Splits that mean something: by a given column, by time, by group, else by what says the same.

Every split is deterministic in the rows and the seed, and says how it was made and why. What belongs
together stays on one side. Does not know which model learns from it.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from finetune.columns import TaskColumns, input_key, is_long, normal_text, row_label, row_text, usual_values
from finetune.formats import TableError
from finetune.near import near_duplicates
from telcollm.decider.rows import Row, label_name, order_key

SHARES: Final = {"train": 0.7, "validation": 0.15, "test": 0.15}
FEWEST_ROWS: Final = 10
_FEW: Final = 4
_FEW_RATIO: Final = 0.002
_NAMES: Final = {
    **dict.fromkeys(("train", "training", "trn", "tr", "fit"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development", "eval"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "hold-out", "heldout"), "test"),
}
_CONVERSATION: Final = re.compile(
    r"(?i)(conversation|conv|dialogue?|session|thread|chat|incident|case|call|ticket)[_ .-]?(id|no|key)?"
)


@dataclass(frozen=True, slots=True)
class Split:
    """Which side each row is on, in the order of the rows, and how that came about.

    `method` is "column", "time", "group" or "content"; `reason` says in words why.
    """

    sides: tuple[str, ...]
    method: str
    reason: str
    notes: tuple[str, ...] = ()

    @property
    def sizes(self) -> dict[str, int]:
        """Rows on each side."""
        counts = Counter(self.sides)
        return {side: counts[side] for side in SHARES}

    def places(self, side: str) -> list[int]:
        """Return the indexes of a side's rows, in order."""
        return [place for place, name in enumerate(self.sides) if name == side]


def split_rows(
    rows: Sequence[Row],
    columns: TaskColumns,
    *,
    seed: int = 0,
    shares: Mapping[str, float] = SHARES,
    assigned: Sequence[str] | None = None,
) -> Split:
    """Return a split into train, validation and test.

    The first of these that is there decides: `assigned` sides (such as of a separate test file), the given
    split column, time, group, a column that looks like a conversation's identifier, and else the content:
    rows that say nearly the same stay together, and every label keeps its share.

    Raises:
        TableError: fewer than 10 rows, a side without rows, or a split or time cell that cannot be read.
    """
    if len(rows) < FEWEST_ROWS:
        message = (
            f"{len(rows)} rows with a label are too few to split; at least {FEWEST_ROWS} are needed; "
            "label more"
        )
        raise TableError(message)
    if assigned is not None or columns.split:
        split = _by_column(rows, columns, seed, shares, assigned)
    elif columns.time:
        split = _by_time(rows, columns, shares)
    elif columns.group:
        groups = _group_names(rows, columns.group)
        split = _by_groups(rows, columns, groups, seed, shares, "group", f"whole groups by {columns.group!r}")
    elif guess := guess_group(rows, columns):
        groups = _group_names(rows, guess)
        reason = f"column {guess!r} looks like that of a conversation: its rows stay on one side"
        split = _by_groups(rows, columns, groups, seed, shares, "group", reason)
    else:
        reason = "no time, group or split column was given: rows that say nearly the same stay on one side"
        split = _by_groups(rows, columns, _content_groups(rows, columns), seed, shares, "content", reason)
    _check_sides(split, len(rows))
    return split


def guess_group(rows: Sequence[Row], columns: TaskColumns) -> str:
    """Return the column that is named like a conversation's and repeats like one, else an empty text."""
    names = list(dict.fromkeys(name for row in rows[:100] for name in row))
    for name in names:
        if name in columns.inputs or name == columns.label or not _CONVERSATION.fullmatch(name):
            continue
        values = [label_name(row.get(name)) for row in rows]
        distinct = len(set(values))
        # Rows of one conversation stand together, and there are many conversations.
        changes = 1 + sum(a != b for a, b in itertools.pairwise(values))
        if FEWEST_ROWS <= distinct <= len(rows) / 1.5 and changes <= distinct * 1.5:
            return name
    return ""


def parse_time(cell: object, column: str) -> float | None:
    """Return a time cell as seconds since 1970, None where it is missing; naive times count as UTC.

    Numbers are seconds, or milli-, micro- or nanoseconds where their size says so.

    Raises:
        TableError: the cell is no time.
    """
    if isinstance(cell, datetime):
        return (cell if cell.tzinfo else cell.replace(tzinfo=UTC)).timestamp()
    text = label_name(cell)
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = _written_time(text, column)
    for most, divisor in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):
        if abs(found) >= most:
            return found / divisor
    return found


def _written_time(text: str, column: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        import pandas

        try:
            found = pandas.to_datetime(text, utc=True).to_pydatetime()
        except (ValueError, OverflowError, TypeError) as error:
            message = (
                f"time column {column!r} holds {text[:40]!r}; ISO 8601 (2026-01-31T12:00:00Z) or seconds "
                "since 1970 are allowed; mend the cell or name another column"
            )
            raise TableError(message) from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _by_column(
    rows: Sequence[Row],
    columns: TaskColumns,
    seed: int,
    shares: Mapping[str, float],
    assigned: Sequence[str] | None,
) -> Split:
    where = "the files given" if assigned is not None else f"column {columns.split!r}"
    sides: list[str] = []
    cells = assigned if assigned is not None else [row.get(columns.split) for row in rows]
    for cell in cells:
        name = label_name(cell).casefold()
        if name not in _NAMES:
            message = (
                f"split column {columns.split!r} holds {label_name(cell)[:40]!r}; train, validation (or dev) "
                "and test are allowed; mend the cells or leave the option out"
            )
            raise TableError(message)
        sides.append(_NAMES[name])
    notes = []
    counts = Counter(sides)
    if not counts["test"] and counts["validation"]:
        sides = ["test" if side == "validation" else side for side in sides]
        notes.append(f"{where} has no test side: its validation side is the test, read once at the end")
        counts = Counter(sides)
    if counts["test"] and counts["train"] and not counts["validation"]:
        train = [place for place, side in enumerate(sides) if side == "train"]
        own = [rows[place] for place in train]
        if columns.group or guess_group(own, columns):
            groups = _group_names(own, columns.group or guess_group(own, columns))
        else:
            groups = _content_groups(own, columns)
        part = shares["validation"] / (shares["train"] + shares["validation"])
        chosen = _shared_out(own, columns, groups, seed, {"train": 1 - part, "validation": part})
        for place, side in zip(train, chosen, strict=True):
            sides[place] = side
        notes.append(f"{where} has no validation side: {chosen.count('validation')} rows of train are kept")
    return Split(tuple(sides), "column", f"the sides come from {where}", tuple(notes))


def _by_time(rows: Sequence[Row], columns: TaskColumns, shares: Mapping[str, float]) -> Split:
    """Return a split in which every training row lies before every validation row, and those before the test.

    Rows of one moment stay together; a group, where there is a column for it, lies where its last row does,
    so that no row of the past is learned from after its group went on into the test.
    """
    found = [parse_time(row.get(columns.time), columns.time) for row in rows]
    missing = sum(time is None for time in found)
    known = [time for time in found if time is not None]
    if len(set(known)) < len(SHARES):
        message = (
            f"time column {columns.time!r} has {len(set(known))} different times; at least 3 are needed to "
            "split by time; name another column or split by group"
        )
        raise TableError(message)
    # A row without a time could be of any: it is only safe where it tells nothing of the test.
    times = [time if time is not None else min(known) for time in found]
    if columns.group:
        last: dict[str, float] = defaultdict(lambda: float("-inf"))
        groups = _group_names(rows, columns.group)
        for group, time in zip(groups, times, strict=True):
            last[group] = max(last[group], time)
        times = [last[group] for group in groups]
    ordered = sorted(times)
    cuts: list[float] = []
    share = 0.0
    for side in ("train", "validation"):
        share += shares[side]
        cut = ordered[min(len(ordered) - 1, int(share * len(ordered)))]
        # All rows of the cut's own moment go to the later side, unless that leaves nothing before it.
        earliest = min((time for time in ordered if time > (cuts[-1] if cuts else ordered[0])), default=cut)
        cuts.append(max(cut, earliest))
    sides = ["train" if time < cuts[0] else "validation" if time < cuts[1] else "test" for time in times]
    notes = [f"{missing} rows without a time are in training"] if missing else []
    marks = [datetime.fromtimestamp(cut, UTC).isoformat(timespec="seconds") for cut in cuts]
    reason = f"by time in {columns.time!r}: validation from {marks[0]}, test from {marks[1]}"
    return Split(tuple(sides), "time", reason, tuple(notes))


def _by_groups(
    rows: Sequence[Row],
    columns: TaskColumns,
    groups: Sequence[str],
    seed: int,
    shares: Mapping[str, float],
    method: str,
    reason: str,
) -> Split:
    if len(set(groups)) < len(SHARES):
        message = (
            f"{len(set(groups))} different groups cannot make three sides; at least 3 are needed; name "
            "another group column or leave the option out"
        )
        raise TableError(message)
    return Split(tuple(_shared_out(rows, columns, groups, seed, shares)), method, reason)


def _shared_out(
    rows: Sequence[Row],
    columns: TaskColumns,
    groups: Sequence[str],
    seed: int,
    shares: Mapping[str, float],
) -> list[str]:
    """Return a side per row: whole groups, each put where its labels are missing most.

    A label's first group is for training: what is never seen cannot be learned. Large groups go first,
    groups of one size in random order.
    """
    label_of: Callable[[Row], str] = (
        (lambda row: "") if columns.choices else (lambda row: row_label(row, columns))
    )
    members: dict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        members[group].append(place)
    labels = [label_of(row) for row in rows]
    total = Counter(labels)
    names = sorted(members)
    random.Random(seed).shuffle(names)
    names.sort(key=lambda name: -len(members[name]))
    have: dict[str, Counter[str]] = {side: Counter() for side in shares}
    size = dict.fromkeys(shares, 0)
    sides = ["train"] * len(rows)
    for name in names:
        own = Counter(labels[place] for place in members[name])
        count = len(members[name])

        def lack(side: str, own: Counter[str] = own, count: int = count) -> float:
            room = shares[side] * len(rows)
            if size[side] and size[side] + count > room * 1.1 + 1:
                return -size[side] / room
            need = sum(
                times * (shares[side] * total[label] - have[side][label]) / (shares[side] * total[label])
                for label, times in own.items()
            )
            return need / count + 0.5 * (room - size[side]) / room

        new = [label for label in own if not have["train"][label]]
        side = "train" if new else max(shares, key=lack)
        have[side].update(own)
        size[side] += count
        for place in members[name]:
            sides[place] = side
    # Rare labels draw their first groups into training, and few rows may be left for the other sides.
    for side in shares:
        if not size[side]:
            spare = min((name for name in names if sides[members[name][0]] == "train"),
                        key=lambda name: (len(members[name]), name))  # fmt: skip
            for place in members[spare]:
                sides[place] = side
            size[side] = len(members[spare])
    return sides


def _group_names(rows: Sequence[Row], column: str) -> list[str]:
    """Return each row's group; a row without one is a group of its own."""
    return [label_name(row.get(column)) or f"\x00{place}" for place, row in enumerate(rows)]


def _content_groups(rows: Sequence[Row], columns: TaskColumns) -> list[str]:
    """Return a name per row that rows with nearly the same content share.

    What is short and frequent ("hi", "link down", no alarm at all) repeats by nature and is not grouped.
    """
    usual = usual_values(rows, columns)
    keys = [input_key(row, columns) for row in rows]
    often = Counter(keys)
    few = max(_FEW, _FEW_RATIO * len(rows))
    long = [is_long(row, columns, usual) for row in rows]
    names = [key if long[place] or often[key] <= few else f"\x00{place}" for place, key in enumerate(keys)]
    if not columns.text:
        return names
    texts = [
        normal_text(row_text(row, columns)) if long[place] else f"\x00{place}"
        for place, row in enumerate(rows)
    ]
    return near_duplicates(texts, names)


def labels_of(rows: Sequence[Row], split: Split, columns: TaskColumns) -> tuple[str, ...]:
    """Return the labels of training and validation rows, numbers by size, then others by their text."""
    seen = {
        row_label(row, columns)
        for row, side in zip(rows, split.sides, strict=True)
        if side != "test" and row_label(row, columns)
    }
    return tuple(sorted(seen, key=order_key))


def _check_sides(split: Split, rows: int) -> None:
    empty = [side for side, count in split.sizes.items() if not count]
    if empty:
        message = (
            f"the split ({split.reason}) leaves {' and '.join(empty)} without any of {rows} rows; each side "
            "needs rows; give more rows or another --time, --group or --split column"
        )
        raise TableError(message)
