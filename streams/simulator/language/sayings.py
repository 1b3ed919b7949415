"""Wordings: what may be said of a fact, per voice and language, read from the files beside this module.

It deliberately does not know which facts are true, nor how a text is put together from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Literal

from streams.simulator.language.grammar import Sequence, alternatives
from telcollm.errors import SettingsError

Language = Literal["en", "zh"]
Voice = Literal["noc", "field", "customer"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
VOICES: Final[tuple[Voice, ...]] = ("noc", "field", "customer")


@dataclass(frozen=True, slots=True)
class Sayings:
    """Grammars by fact: how it is said to be so (`yes`), and how it is said to be ruled out (`no`)."""

    yes: Mapping[str, Sequence]
    no: Mapping[str, Sequence]


@cache
def sayings(file: str) -> Sayings:
    """Return the wordings of a file of the folder `wording`, by its name without the ending.

    A section opened twice is one section. A line that starts with `?sort` is a question that is answered in
    that way; it is found as `section?sort`.

    Raises:
        SettingsError: a line stands before the first section, or a wording does not parse.
    """
    yes: dict[str, list[str]] = {}
    no: dict[str, list[str]] = {}
    fact = ""
    text = (files(__package__) / "wording" / f"{file}.txt").read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.rstrip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("= "):
            fact = line[2:]
        elif not fact:
            message = f"{file}.txt line {number}: {line!r} stands before any '= fact'; put it under its fact"
            raise SettingsError(message)
        elif line.startswith("! "):
            no.setdefault(fact, []).append(line[2:])
        elif line.startswith("?"):
            sort, _, question = line.partition(" ")
            yes.setdefault(fact + sort, []).append(question)
        else:
            yes.setdefault(fact, []).append(line)
    return Sayings(_grammars(yes), _grammars(no))


def _grammars(sources: Mapping[str, list[str]]) -> Mapping[str, Sequence]:
    return MappingProxyType({fact: alternatives(tuple(lines)) for fact, lines in sources.items()})
