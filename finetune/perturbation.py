"""Test rows changed in ways that must not change the answer: names, vendors, order of choices and of lines.

A model that has learned names or places by heart falls here. Each change keeps a row's label; where choices
are reordered, their label follows. Does not know which rows a model gets right.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Sequence
from typing import Final

from telcollm.decider.rows import HISTORY, Row, cell_text, label_name, right_choice, row_choices
from telcollm.decider.spec import DeciderSpec

VENDORS: Final = ("Huawei", "Ericsson", "Nokia", "ZTE", "Samsung", "Cisco", "Juniper", "Ciena")
_IDENTIFIER: Final = re.compile(
    r"(?<![\w<:.])(?=[A-Za-z0-9_./-]*\d)(?=[A-Za-z0-9_./-]*[A-Za-z_/-])"
    r"[A-Za-z0-9]+(?:[_./-][A-Za-z0-9]+)*(?![\w>])"
)
"""A name with letters and digits: BTS-0041, ge-0/0/1, RNC12. Plain numbers and words are none."""

_QUANTITY: Final = re.compile(
    r"(?i)^[\d.,/-]+(?:%|x|k|m|g|t|s|h|d|ms|us|ns|min|hrs?|days?|st|nd|rd|th|am|pm|db|dbm|v|mv|kv|a|ma|w|kw|"
    r"c|km|cm|mm|hz|khz|mhz|ghz|b|kb|mb|gb|tb|bps|kbps|mbps|gbps|t\d\d.*)?$|^[2-6]g$|^(?:ipv[46]|x\d+|mp[34])$"
)
_SECOND: Final = re.compile(r"^\s*(\+?\d+(?:\.\d+)?s|[\dT:.\-]*\d\d:\d\d:\d\d)\S*\s")

Change = Callable[[Row, DeciderSpec, random.Random], Row]


def perturb(rows: Sequence[Row], spec: DeciderSpec, *, seed: int = 0) -> dict[str, list[Row]]:
    """Return each change by its name with all rows after it, as many and in the same order as came.

    A row that a change does not touch is the same object as before. "identifiers" renames objects, the
    same name alike throughout a row; "vendors" exchanges vendors' names; "choices" reorders varying choices;
    "lines" exchanges neighbouring lines of one second.
    """
    changes: dict[str, Change] = {
        "identifiers": _rename,
        "vendors": _swap_vendors,
        "lines": _permute_lines,
    }
    if spec.kind == "choices":
        changes["choices"] = _shuffle_choices
    return {
        name: [change(row, spec, random.Random(f"{seed}:{name}:{place}")) for place, row in enumerate(rows)]
        for name, change in changes.items()
    }


def _texts(row: Row, spec: DeciderSpec, change: Callable[[str], str]) -> Row:
    """Return the row with a change made to its texts, choices and history; the same row if nothing changed.

    The label follows where it is the text of a choice.
    """
    changed = {
        name: change(cell_text(row.get(name))) for name in spec.text_columns if cell_text(row.get(name))
    }
    kept: dict[str, object] = {**row, **changed}
    if spec.kind == "choices":
        right = right_choice(row, spec)
        choices = [change(text) for text in row_choices(row, spec)]
        # Where a change makes two choices alike, the question would have changed with it.
        if len(set(choices)) == len(set(row_choices(row, spec))):
            kept[spec.choices_column] = choices
            kept[spec.label_column] = _label(choices, right)
    earlier = row.get(HISTORY)
    if isinstance(earlier, list | tuple):
        kept[HISTORY] = tuple(
            {**before, **{n: change(cell_text(before.get(n))) for n in spec.text_columns if before.get(n)}}
            for before in earlier
        )
    return row if _read(kept, spec) == _read(row, spec) else kept


def _read(row: Row, spec: DeciderSpec) -> list[object]:
    """Return what a decision reads of a row's texts."""
    read: list[object] = [cell_text(row.get(name)) for name in spec.text_columns]
    if spec.kind == "choices":
        read.append(row_choices(row, spec))
    earlier = row.get(HISTORY)
    if isinstance(earlier, list | tuple):
        read += [cell_text(before.get(name)) for before in earlier for name in spec.text_columns]
    return read


def _rename(row: Row, spec: DeciderSpec, chance: random.Random) -> Row:
    """Return the row with other letters and digits in its objects' names, of the same shape."""
    names: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        name = found[0]
        if _QUANTITY.match(name):
            return name
        if name not in names:
            names[name] = _like(name, chance)
        return names[name]

    return _texts(row, spec, lambda text: _IDENTIFIER.sub(other, text))


def _like(name: str, chance: random.Random) -> str:
    """Return a name with other digits; parts of two or more letters stay, for they say what an object is."""
    return re.sub(r"\d", lambda _: chance.choice(string.digits), name)


def _swap_vendors(row: Row, spec: DeciderSpec, chance: random.Random) -> Row:
    """Return the row with vendors' names exchanged for others, in the same way throughout."""
    step = chance.randrange(1, len(VENDORS))
    swap = {name.casefold(): VENDORS[(i + step) % len(VENDORS)] for i, name in enumerate(VENDORS)}
    pattern = re.compile("(?i)(?<![A-Za-z])(?:" + "|".join(VENDORS) + ")(?![A-Za-z])")

    def other(found: re.Match[str]) -> str:
        name = swap[found[0].casefold()]
        return name.lower() if found[0].islower() else name.upper() if found[0].isupper() else name

    return _texts(row, spec, lambda text: pattern.sub(other, text))


def _permute_lines(row: Row, spec: DeciderSpec, chance: random.Random) -> Row:
    """Return the row with lines that begin with the same second in another order."""

    def permute(text: str) -> str:
        lines = text.split("\n")
        marks = [found[1] if (found := _SECOND.match(line)) else None for line in lines]
        start = 0
        for place in range(1, len(lines) + 1):
            if place == len(lines) or marks[place] is None or marks[place] != marks[start]:
                if marks[start] is not None and place - start > 1:
                    part = lines[start:place]
                    chance.shuffle(part)
                    lines[start:place] = part
                start = place
        return "\n".join(lines)

    return _texts(row, spec, permute)


def _shuffle_choices(row: Row, spec: DeciderSpec, chance: random.Random) -> Row:
    """Return the row with its choices in another order and its label with them."""
    choices = list(row_choices(row, spec))
    right = right_choice(row, spec)
    order = list(range(len(choices)))
    chance.shuffle(order)
    if order == sorted(order):
        order = [*order[1:], order[0]]
    return {
        **row,
        spec.choices_column: [choices[place] for place in order],
        spec.label_column: _label([choices[place] for place in order], order.index(right)),
    }


def _label(choices: Sequence[str], right: int) -> object:
    """Return a label cell for the right choice: its text, or its index where others read alike."""
    names = [label_name(choice) for choice in choices]
    return right if names.count(names[right]) > 1 else choices[right]
