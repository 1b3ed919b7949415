"""Which columns of a table a task reads, and when two rows ask the same.

Does not know how rows are written for a model.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from telcollm.decider.numerals import number
from telcollm.decider.rows import Row, cell_text, label_name

_DIGITS: Final = re.compile(r"\d+")
_PUNCTUATION: Final = re.compile(r"[^\w\s]|_")
LONG_CHARACTERS: Final = 40
"""From this length on, the same text twice is a copy; shorter ones ("hi", "link down") repeat by nature."""

LONG_NUMBERS: Final = 3


@dataclass(frozen=True, slots=True)
class TaskColumns:
    """The columns of one task; an empty name means there is none."""

    text: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    label: str = "label"
    choices: str = ""
    time: str = ""
    group: str = ""
    split: str = ""
    order: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns a decision is made from."""
        return (*self.text, *self.numeric, *((self.choices,) if self.choices else ()))


def row_text(row: Row, columns: TaskColumns) -> str:
    """Return a row's texts as one line, choices included."""
    names = (*columns.text, columns.choices) if columns.choices else columns.text
    return " ".join(" ".join(cell_text(row.get(name)).split()) for name in names).strip()


def normal_text(text: str) -> str:
    """Return a text without case, punctuation and the values of numbers.

    >>> normal_text("Link DOWN on port 12!")
    'link down on port 0'
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_DIGITS.sub("0", _PUNCTUATION.sub(" ", text)).split())


def row_label(row: Row, columns: TaskColumns) -> str:
    """Return the name of a row's label, empty where it has none."""
    return label_name(row.get(columns.label))


def input_key(row: Row, columns: TaskColumns) -> str:
    """Return a hash that two rows share when their inputs are the same but for case and blanks."""
    parts = [" ".join(row_text(row, columns).casefold().split())]
    cells = [row.get(name) for name in columns.numeric]
    parts += [repr(cell) if type(cell) is float or cell is None else repr(number(cell)) for cell in cells]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def is_long(row: Row, columns: TaskColumns, usual: Mapping[str, float | None]) -> bool:
    """Tell whether a row says enough that another row like it must be a copy.

    A text does from 40 characters on, numbers where at least three differ from their `usual` values.
    """
    if len(row_text(row, columns)) >= LONG_CHARACTERS:
        return True
    unusual = 0
    for name in columns.numeric:
        cell = row.get(name)
        value = cell if type(cell) is float or cell is None else number(cell, name)
        unusual += value != usual.get(name)
        if unusual >= LONG_NUMBERS:
            return True
    return False


def usual_values(rows: Sequence[Row], columns: TaskColumns) -> dict[str, float | None]:
    """Return each numeric column's most frequent value."""
    return {
        name: Counter(number(row.get(name), name) for row in rows).most_common(1)[0][0]
        for name in columns.numeric
    }
