"""What the console says, in each language, from one catalogue: `wording/*.yaml`.

A key is the file's name and the entry's. Does not know which language somebody reads (`dashboards.reader`).
"""

from __future__ import annotations

import functools
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

import yaml

from dashboards.plain import Figure, coded, line

Language = Literal["en", "zh"]
LANGUAGES: Final[dict[Language, str]] = {"en": "English", "zh": "中文"}
FOLDER: Final = Path(__file__).parent / "wording"


@functools.cache
def catalogue() -> MappingProxyType[str, dict[str, str]]:
    """Return what is said by key and language."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        entries: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        for name, languages in entries.items():
            found[f"{file.stem}.{name}"] = {str(key): str(text) for key, text in languages.items()}
    return MappingProxyType(found)


def wording(language: Language, key: str) -> str:
    """Return an entry as it is written.

    Raises:
        KeyError: the catalogue lacks it; a test finds that before people do.
    """
    return catalogue()[key][language]


def filled(language: Language, key: str, values: dict[str, object], *, markdown: bool) -> str:
    """Return an entry with its gaps filled; strings are made harmless for the place they are shown in."""
    text = wording(language, key)
    if not values:
        return text
    harmless = coded if markdown else line
    return text.format(
        **{
            name: harmless(value) if isinstance(value, str) and not isinstance(value, Figure) else value
            for name, value in values.items()
        }
    )
