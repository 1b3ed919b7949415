"""A small grammar of text: alternatives, options and slots, expanded with a writer's habits.

A source such as `{we|the crew} [also ]saw <fault>` is parsed once to a tree. It deliberately does not know
what the words mean, which language they are in or who writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final
from zlib import crc32

from telcollm.errors import SettingsError

_HABIT: Final = 0.45
"""How often a writer takes the alternative that he always takes; measured on nobody, it only makes styles."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words as they stand."""

    words: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a value of the case, or for another grammar of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several sequences; `key` names the choice, so that a writer can have a habit in it."""

    options: tuple[Sequence, ...]
    key: int


Sequence = tuple[Text | Slot | Choice, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """Who expands: his habits (a number), his chance, the values of the case, and grammars by name."""

    habit: int
    random: Random
    values: Mapping[str, str]
    grammars: Mapping[str, Sequence]


@cache
def parse(source: str) -> Sequence:
    r"""Return the tree of a source; `{a|b}` are alternatives, `[a]` is an option, `<a>` a slot, `\\` escapes.

    >>> parse("no <x>")
    (Text(words='no '), Slot(name='x'))

    Raises:
        SettingsError: a bracket is opened and not closed, or closed and not opened.
    """
    options, end = _options(source, 0, "")
    if end != len(source) or len(options) != 1:
        raise _broken(source, end)
    return options[0]


def expand(tree: Sequence, writer: Writer) -> str:
    """Return one text of the grammar, by the writer's habits and chance.

    >>> expand(parse("{a|a} <n>"), Writer(1, Random(1), {"n": "5"}, {}))
    'a 5'

    Raises:
        SettingsError: a slot has neither a value nor a grammar.
    """
    parts: list[str] = []
    _expand(tree, writer, parts)
    return "".join(parts)


def combinations(tree: Sequence, grammars: Mapping[str, Sequence]) -> int:
    """Return how many ways the grammar can be expanded, counting a slot of the case once.

    >>> combinations(parse("{a|b}[c] <n>"), {})
    4
    """
    count = 1
    for part in tree:
        if isinstance(part, Choice):
            count *= sum(combinations(option, grammars) for option in part.options)
        elif isinstance(part, Slot) and part.name in grammars:
            count *= combinations(grammars[part.name], grammars)
    return count


def slots(tree: Sequence) -> set[str]:
    """Return the names of all slots of a grammar, those inside alternatives too."""
    names: set[str] = set()
    for part in tree:
        if isinstance(part, Slot):
            names.add(part.name)
        elif isinstance(part, Choice):
            names.update(*(slots(option) for option in part.options))
    return names


def alternatives(sources: tuple[str, ...]) -> Sequence:
    """Return the grammar that takes one of several sources."""
    options = tuple(parse(source) for source in sources)
    return options[0] if len(options) == 1 else (Choice(options, crc32("|".join(sources).encode())),)


def _expand(tree: Sequence, writer: Writer, parts: list[str]) -> None:
    for part in tree:
        if isinstance(part, Text):
            parts.append(part.words)
        elif isinstance(part, Choice):
            count = len(part.options)
            draw = writer.random.random()
            if draw < _HABIT:
                index = ((part.key ^ writer.habit) * 2654435761 >> 7) % count
            else:
                index = int((draw - _HABIT) / (1 - _HABIT) * count)
            _expand(part.options[index], writer, parts)
        elif part.name in writer.values:
            parts.append(writer.values[part.name])
        elif part.name in writer.grammars:
            _expand(writer.grammars[part.name], writer, parts)
        else:
            message = (
                f"slot {part.name!r} has no value; values {sorted(writer.values)} and grammars "
                f"{sorted(writer.grammars)} are known; correct the wording"
            )
            raise SettingsError(message)


def _options(source: str, start: int, closing: str) -> tuple[list[Sequence], int]:
    """Return the alternatives from `start` on, and where they end: at `closing`, or at the end."""
    options: list[Sequence] = []
    parts: list[Text | Slot | Choice] = []
    words: list[str] = []
    at = start

    def flush() -> None:
        if words:
            parts.append(Text("".join(words)))
            words.clear()

    while at < len(source) and source[at] not in "}]":
        sign = source[at]
        if sign in "{[":
            flush()
            inner, end = _options(source, at + 1, "}" if sign == "{" else "]")
            if end >= len(source):
                raise _broken(source, at)
            if sign == "[":
                inner.append(())
            parts.append(Choice(tuple(inner), crc32(source[at : end + 1].encode())))
            at = end
        elif sign == "<":
            flush()
            end = source.find(">", at)
            if end < 0:
                raise _broken(source, at)
            parts.append(Slot(source[at + 1 : end]))
            at = end
        elif sign == "|" and closing:
            flush()
            options.append(tuple(parts))
            parts.clear()
        else:
            if sign == "\\" and at + 1 < len(source):
                at += 1
            words.append(source[at])
        at += 1
    if at < len(source) and source[at] != closing:
        raise _broken(source, at)
    flush()
    options.append(tuple(parts))
    return options, at


def _broken(source: str, at: int) -> SettingsError:
    return SettingsError(
        f"wording {source!r} breaks at character {at}; brackets close in the order they opened, and "
        "a bracket that is meant as such is written with a backslash; correct the wording"
    )
