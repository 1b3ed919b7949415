"""How a row is written for the model: one compact, bounded, versioned form, the same in training and at use.

Untrusted text passes the guard, keeps to its line, and cannot pass for a control token. Earlier rows of
the same group come first, as the same lines in the same order: while nothing is cut, what stands before
the question of one turn begins the prompt of the next. Does not know the tokenizer: the budget in tokens
is an estimate, so that a row is written alike wherever it is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from telcollm.decider.numerals import is_missing, write_numbers
from telcollm.decider.spec import DeciderError, DeciderSpec, HistorySpec
from telcollm.guard import Guard
from telcollm.model.port import Prompt
from telcollm.prompts import choice_names

ROW_VERSION: Final = "row-1"
HISTORY: Final = "_history"
"""Key under which a row carries the earlier rows of its group, oldest first, as a sequence of mappings."""

MOST_CHOICES: Final = 26
CUT: Final = " … "

Row = Mapping[str, object]

_CONTROL: Final = re.compile(r"<(?=\|)|\|(?=>)|<(?=/?[A-Za-z_]+\d*>)|\[(?=/?INST\])")
"""Where a control token of the bases' vocabularies begins or ends: `<|im_end|>`, `<eos>`, `</s>`."""

_WORD: Final = re.compile(r"[A-Za-z]+|[^\x00-\x7f]|\S")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def row_prompt(row: Row, spec: DeciderSpec, *, guard: Guard, order: Sequence[int] | None = None) -> Prompt:
    """Return the question that asks for a row's label, in about `spec.prompt_tokens` tokens at most.

    `shared` holds the earlier rows' lines, `text` the row's own and the question. For the kind "choices"
    the row's choices are listed in the `order` of their indexes, or in that of `shown_order`.

    Raises:
        DeciderError: a choices cell is no list of 2 to 26 texts.
    """
    question = f"{_name(spec.label_column)}:"
    listed = ""
    if spec.kind == "choices":
        texts = row_choices(row, spec)
        shown = [texts[place] for place in (order if order is not None else shown_order(texts))]
        most = max(40, 4 * spec.prompt_tokens // (2 * len(shown)))
        lines = [
            f"{letter.strip()}: {cut_middle(plain_line(text, guard), most)}"
            for letter, text in zip(choice_names(len(shown)), shown, strict=True)
        ]
        listed = "".join(f"{line}\n" for line in lines)
    room = spec.prompt_tokens - estimate_tokens(listed) - estimate_tokens(question)
    own = _body(row, spec, guard, max(room, 16))
    room -= estimate_tokens(own)
    earlier: list[str] = []
    for before in reversed(row_history(row, spec)):
        lines_before = _body(before, spec, guard, spec.prompt_tokens)
        room -= estimate_tokens(lines_before)
        if room < 0:
            break
        earlier.append(lines_before)
    return Prompt(shared="".join(reversed(earlier)), text=f"{own}{listed}{question}")


def answer_texts(row: Row, spec: DeciderSpec) -> tuple[str, ...]:
    """Return the texts the model chooses from after the prompt: spelled labels, or the listed letters."""
    if spec.kind == "choices":
        return choice_names(len(row_choices(row, spec)))
    return label_texts(spec.labels)


def label_texts(labels: Sequence[str]) -> tuple[str, ...]:
    """Return each label as words after a space, all different.

    >>> label_texts(["core_network", "radioAccess", "IP"])
    (' core network', ' radio access', ' ip')
    >>> label_texts(["A-1", "A_1"])
    (' A-1', ' A_1')
    """
    spelled = [_spell(label) for label in labels]
    often = {text for text in spelled if spelled.count(text) > 1}
    return tuple(
        f" {plain_line(label, None) if text in often or not text else text}"
        for label, text in zip(labels, spelled, strict=True)
    )


def row_choices(row: Row, spec: DeciderSpec) -> tuple[str, ...]:
    """Return the choices of a row, in the order of its cell (a list, or a JSON list as text).

    Raises:
        DeciderError: the cell is no list of 2 to 26 texts.
    """
    cell = row.get(spec.choices_column)
    value: object = cell
    if isinstance(cell, str):
        try:
            value = json.loads(cell)
        except json.JSONDecodeError:
            value = None
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, list | tuple) or not 2 <= len(value) <= MOST_CHOICES:
        message = (
            f"column {spec.choices_column!r} holds {str(cell)[:60]!r}; a JSON list of 2 to {MOST_CHOICES} "
            "texts is allowed; mend or remove the row"
        )
        raise DeciderError(message)
    return tuple(str(text) for text in value)


def shown_order(choices: Sequence[str]) -> tuple[int, ...]:
    """Return the indexes of choices in the order in which a model is shown them: by their texts.

    The order in which a row brings them changes nothing: it may be a ranking here and none there.

    >>> shown_order(["b", "c", "a"])
    (2, 0, 1)
    """
    return tuple(sorted(range(len(choices)), key=lambda place: (choices[place], place)))


def right_choice(row: Row, spec: DeciderSpec) -> int:
    """Return the index of a row's right choice, which its label cell gives by text or by index.

    Raises:
        DeciderError: the label is neither one of the choices nor an index of one.
    """
    choices = row_choices(row, spec)
    label = row.get(spec.label_column)
    text = label_name(label)
    names = [label_name(choice) for choice in choices]
    if names.count(text) == 1:
        return names.index(text)
    if text.isascii() and text.isdigit() and int(text) < len(choices):
        return int(text)
    message = (
        f"label {text[:60]!r} is not one of the row's {len(choices)} choices; the text of one that occurs "
        f"once or its index from 0 is allowed; mend column {spec.label_column!r}"
    )
    raise DeciderError(message)


def label_name(value: object) -> str:
    """Return a label cell as the text that names the label; an empty text means there is none.

    >>> label_name(3.0), label_name(" RAN "), label_name(float("nan")), label_name(True)
    ('3', 'RAN', '', 'true')
    """
    if value is None or is_missing(value):
        return ""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def row_history(row: Row, spec: DeciderSpec) -> Sequence[Row]:
    """Return the earlier rows that a row carries and that the spec lets it see, oldest first."""
    if spec.history is None:
        return ()
    earlier = row.get(HISTORY)
    if not isinstance(earlier, list | tuple) or spec.history.turns <= 0:
        return ()
    return earlier[-spec.history.turns :]


def with_history(rows: Sequence[Row], spec: DeciderSpec) -> list[Row]:
    """Return the rows, each with the earlier rows of its group under `HISTORY`, in the order given.

    Rows that bring a history keep it. Within a group, rows go by the order column, numbers by size; without
    one they go as they stand. A row without a group has no history.
    """
    if spec.history is None:
        return list(rows)
    done: list[Row] = list(rows)
    for places in _groups(rows, spec.history).values():
        for rank, place in enumerate(places):
            if HISTORY not in rows[place]:
                earlier = places[max(0, rank - spec.history.turns) : rank]
                done[place] = {**rows[place], HISTORY: tuple(rows[before] for before in earlier)}
    return done


def turn_numbers(rows: Sequence[Row], spec: DeciderSpec) -> list[int]:
    """Return each row's place in its group, from 0; rows without a group are all first."""
    turns = [0] * len(rows)
    for places in _groups(rows, spec.history).values() if spec.history else ():
        for rank, place in enumerate(places):
            turns[place] = rank
    return turns


def order_key(value: object) -> tuple[int, float, str]:
    """Return a key by which numbers go by size, other values by their text, and missing ones last."""
    if value is None or is_missing(value):
        return (2, 0.0, "")
    try:
        return (0, float(str(value)), "")
    except ValueError:
        return (1, 0.0, str(value))


def cell_text(value: object) -> str:
    """Return a text cell as text; a missing one is empty, a list its items by commas."""
    if value is None or is_missing(value):
        return ""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return ", ".join(cell_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {cell_text(item)}" for key, item in value.items())
    return str(value)


def plain_line(text: str, guard: Guard | None) -> str:
    """Return untrusted text as one line that cannot pass for a line, a turn or a control token."""
    if guard is not None:
        text = guard.hide(text)
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(_CONTROL.sub(lambda found: f"{found[0]} ", text).split())


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has: a word one per five letters, any other sign one or two.

    >>> estimate_tokens("link down on port 12")
    6
    """
    count = 0
    for word in _WORD.findall(text):
        if word[0].isascii():
            count += 1 + (len(word) - 1) // 5
        else:
            count += 2
    return count


def cut_middle(text: str, tokens: int) -> str:
    """Return a text of about `tokens` tokens at most, cut in the middle, where logs say least."""
    full = estimate_tokens(text)
    if full <= tokens:
        return text
    keep = max(8, int(len(text) * tokens / full) - len(CUT))
    while keep > 8:
        half = keep // 2
        short = text[:half].rstrip() + CUT + text[len(text) - half :].lstrip()
        if estimate_tokens(short) <= tokens:
            return short
        keep = int(keep * 0.9)
    return text[:keep]


def _groups(rows: Sequence[Row], history: HistorySpec) -> dict[str, list[int]]:
    """Return the places of each group's rows, in their order; rows without a group are left out."""
    groups: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if group := label_name(row.get(history.group_column)):
            groups.setdefault(group, []).append(place)
    if history.order_column:
        for places in groups.values():
            places.sort(key=lambda place: order_key(rows[place].get(history.order_column)))
    return groups


def _body(row: Row, spec: DeciderSpec, guard: Guard, room: int) -> str:
    """Return a row's columns as ended lines, the longest texts cut until about `room` tokens are left."""
    numbers = write_numbers(row, spec.numerics, spec.numeric_form, most=max(4, room // 4))
    room -= estimate_tokens(numbers)
    texts = [(_name(column), plain_line(cell_text(row.get(column)), guard)) for column in spec.text_columns]
    texts = [(name, text) for name, text in texts if text]
    lengths = [estimate_tokens(text) for _, text in texts]
    room -= sum(estimate_tokens(name) + 2 for name, _ in texts) if len(spec.text_columns) > 1 else 0
    while texts and sum(lengths) > room and max(lengths) > 8:
        longest = lengths.index(max(lengths))
        over = sum(lengths) - room
        second = sorted(lengths)[-2] if len(lengths) > 1 else 0
        aim = max(lengths[longest] - over, min(second, lengths[longest] - 1), 8)
        name, text = texts[longest]
        texts[longest] = (name, cut_middle(text, aim))
        lengths[longest] = min(estimate_tokens(texts[longest][1]), lengths[longest] - 1)
    if len(spec.text_columns) == 1:
        lines = [text for _, text in texts]
    else:
        lines = [f"{name}: {text}" for name, text in texts]
    if numbers:
        lines.append(numbers)
    return "".join(f"{line}\n" for line in lines) or "-\n"


def _name(column: str) -> str:
    """Return a column's name as it stands in a prompt."""
    return plain_line(_spell(column), None)[:40] or "value"


def _spell(label: str) -> str:
    """Return a name's words in small letters: underscores and camel case become spaces."""
    words = _CAMEL.sub(" ", plain_line(label, None).replace("_", " ").replace("-", " "))
    return " ".join(words.split()).lower()
