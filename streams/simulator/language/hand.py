"""A writer's hand: how pieces are joined to one text, with its punctuation, haste and slips.

It deliberately does not know what the pieces say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from streams.simulator.language.sayings import Language
from streams.simulator.language.slips import careless, shorten, slip

_COMMA, _STOP, _SEMICOLON, _SHOUT = "\uff0c", "\u3002", "\uff1b", "\uff01"  # full-width, as Chinese has them


@dataclass(frozen=True, slots=True)
class Hand:
    """A writer's hand: `habit` names him, `slips` is a rate per word or sign, `hasty` a chance (0-1)."""

    language: Language
    habit: int
    slips: float
    hasty: float

    def write(self, opening: str, pieces: Sequence[str], random: Random) -> str:
        """Return one text of an opening (may be empty) and the pieces, in this hand."""
        style = Random(self.habit).random()
        if self.language == "zh":
            return self._chinese(opening, pieces, style, random)
        mark = ". " if style < 0.6 else "; " if style < 0.72 else ", " if style < 0.9 else " - "
        capital = style < 0.45
        text = mark.join(piece[:1].upper() + piece[1:] if capital else piece for piece in pieces)
        text = f"{opening} {text}".strip()
        if text and text[-1].isalnum():
            text += random.choice((".", "", "."))
        text = shorten(text, 0.5 if random.random() < 0.4 else 0.0, random)
        text = slip(text, False, self.slips * random.choice((0.0, 0.0, 1.0, 3.0)), random)
        return careless(text, random) if random.random() < self.hasty else text

    def _chinese(self, opening: str, pieces: Sequence[str], style: float, random: Random) -> str:
        mark = _COMMA if style < 0.5 else _STOP if style < 0.8 else " " if style < 0.9 else _SEMICOLON
        if opening and opening[-1].isalnum():
            opening += _COMMA
        end = random.choice((_STOP, "", _SHOUT if style < 0.2 else _STOP))
        text = opening + mark.join(pieces)
        if text and text[-1].isalnum():
            text += end
        return slip(text, True, self.slips * random.choice((0.0, 0.4, 1.0)), random)


def tidy(text: str) -> str:
    """Return the text without double spaces, or commas and spaces at its ends.

    >>> tidy(" well,  yes ,")
    'well, yes'
    """
    return " ".join(text.split()).strip(f" ,{_COMMA}")
