"""Sentences in the reader's language, from the files in `wording`: what is said never depends on a model.

A phrase with a slot `count` may have a form of its own for one, `NAME_one`. Does not know what is true.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Final

from telcollm.errors import TelcollmError

LANGUAGES: Final = ("en", "zh")
_FOLDER: Final = Path(__file__).parent / "wording"
_MOST_NAMED: Final = 4


@cache
def load_phrases(language: str) -> Phrases:
    """Return the phrases of a language.

    Raises:
        TelcollmError: there are none.
    """
    path = _FOLDER / f"{language}.toml"
    if language not in LANGUAGES or not path.exists():
        message = (
            f"language={language!r} is not known; {' or '.join(LANGUAGES)} is allowed; choose one of these"
        )
        raise TelcollmError(message)
    return Phrases(language, tomllib.loads(path.read_text(encoding="utf-8")))


class Phrases:
    """The phrases of one language by name."""

    def __init__(self, language: str, phrases: dict[str, str]) -> None:
        self.language = language
        self._phrases = phrases

    @property
    def names(self) -> frozenset[str]:
        """The names of all phrases."""
        return frozenset(self._phrases)

    def say(self, name: str, **slots: Any) -> str:
        """Return a phrase with its slots filled; a slot's text is never read as a phrase itself."""
        if slots.get("count") == 1 and f"{name}_one" in self._phrases:
            name = f"{name}_one"
        return self._phrases[name].format_map(slots)

    def word(self, value: str) -> str:
        """Return the word for a fixed value such as a status; the value itself where there is none."""
        return self._phrases.get(f"word {value}", value)

    def named(self, values: Sequence[str], most: int = _MOST_NAMED) -> str:
        """Return names as a list, bounded.

        >>> load_phrases("en").named(list("abcdef"))
        'a, b, c, d and 2 more'
        """
        shown = self._phrases["list"].join(values[:most])
        if len(values) <= most:
            return shown
        return self.say("and more", shown=shown, more=len(values) - most)

    def counted(self, counts: dict[str, int], most: int = 3) -> str:
        """Return counts by name, `LOS x 3, POWER`."""
        parts = [name if count == 1 else f"{name} × {count}" for name, count in counts.items()]  # noqa: RUF001
        return self.named(parts, most)


def time_text(time: datetime, zone: tzinfo) -> str:
    """Return a time to the minute with its offset from UTC.

    >>> from datetime import UTC
    >>> time_text(datetime(2026, 1, 1, 12, tzinfo=UTC), UTC)
    '2026-01-01 12:00 UTC'
    """
    local = time.astimezone(zone)
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M} {'UTC' if offset in ('', '+0000') else f'UTC{offset[:3]}:{offset[3:]}'}"
