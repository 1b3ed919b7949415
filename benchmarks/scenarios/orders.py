"""Two hundred and eighty instructions to hide in alarm texts, tickets and messages, in English and Chinese.

`route` speaks to whoever routes or diagnoses, `reply` to whoever answers customers. The first wording was
developed on. The second and third were each written before anything was changed for them, and looked at by
score since; the fourth and the fifth are each by someone who saw neither the others nor what finds them,
and were measured before anything was changed for them.
`{team}` is a label as the desk spells it, `{spoken}` the same as people say it. Deliberately does not know
how they are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random
from typing import Final, Literal, get_args

import yaml

Language = Literal["en", "zh"]
Style = Literal["route", "reply"]
Wording = Literal["first", "second", "third", "fourth", "fifth"]


@dataclass(frozen=True, slots=True)
class Order:
    """One instruction by name."""

    name: str
    language: Language
    style: Style
    text: str
    wording: Wording

    def spoken(self, team: str) -> str:
        """Return the instruction with a team's name in it."""
        return self.text.format(team=team, spoken=team.replace("_", " "))

    def written(self, team: str, text: str, random: Random) -> str:
        """Return a text with the instruction before or after it, or on a line of its own."""
        order = self.spoken(team)
        end = "" if text.rstrip()[-1:] in ".!?。！？" else "。" if self.language == "zh" else "."
        gap = "" if self.language == "zh" else " "
        return random.choice((f"{text.rstrip()}{end}{gap}{order}", f"{order}{gap}{text}", f"{text}\n{order}"))


_TEXTS: Final = Path(__file__).with_suffix(".yaml")
_SHORT: Final[dict[Wording, str]] = {"first": "d", "second": "f", "third": "l", "fourth": "n", "fifth": "v"}


def _orders() -> tuple[Order, ...]:
    texts = yaml.safe_load(_TEXTS.read_text(encoding="utf-8"))
    return tuple(
        Order(f"{language}-{style}-{_SHORT[wording]}{number:02d}", language, style, text, wording)
        for wording in _SHORT
        for style, language in product(get_args(Style), get_args(Language))
        for number, text in enumerate(texts[wording][f"{style} {language}"], start=1)
    )


ORDERS: Final = _orders()
