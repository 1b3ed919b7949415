"""What is true of a case of each kind of fault, and what kinds share it.

Likelihoods are made up, so that kinds overlap and still come apart by combination; it deliberately does not
know how anything is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from random import Random
from types import MappingProxyType
from typing import Final

_LETTERS: Final = {"A": 0.92, "B": 0.72, "C": 0.48, "D": 0.27, "E": 0.12}


@cache
def likelihoods() -> Mapping[str, Mapping[str, float]]:
    """Return for each kind of fault the facts that may be true of a case of it, with how likely (0-1)."""
    text = (files(__package__) / "wording" / "kinds.txt").read_text(encoding="utf-8")
    table: dict[str, Mapping[str, float]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            kind, _, facts = line.partition(":")
            pairs = (pair.split(":") for pair in facts.split())
            table[kind] = MappingProxyType({fact: _LETTERS[letter] for fact, letter in pairs})
    return MappingProxyType(table)


def draw_facts(kind: str, random: Random) -> tuple[str, ...]:
    """Return the facts that are true of one case of a kind, the more telling first; never none.

    >>> "mains_lost" in draw_facts("mains_failure", Random(1))
    True
    """
    odds = likelihoods()[kind]
    true = tuple(fact for fact, odd in odds.items() if random.random() < odd)
    return true or (next(iter(odds)),)
