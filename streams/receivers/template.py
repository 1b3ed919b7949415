"""Templates: texts of a mapping with places in braces, filled from what a message holds.

`{ifDescr|ifIndex}` is the first of the two that has a value; `{{` and `}}` are braces. It deliberately does
not know what the values mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class Template(msgspec.Struct, frozen=True):
    """A text in parts: what stands as it is, and the names one of which fills a place."""

    text: str
    parts: tuple[str | tuple[str, ...], ...]

    @property
    def names(self) -> frozenset[str]:
        """All names that its places give."""
        return frozenset(name for part in self.parts if isinstance(part, tuple) for name in part)

    def fill(self, values: Mapping[str, str]) -> str | None:
        """Return the text with every place filled, None where one has no value.

        >>> template_of("linkDown {ifDescr|ifIndex}").fill({"ifIndex": "3"})
        'linkDown 3'
        """
        filled = []
        for part in self.parts:
            if isinstance(part, str):
                filled.append(part)
                continue
            value = next((values[name] for name in part if values.get(name)), None)
            if value is None:
                return None
            filled.append(value)
        return "".join(filled)


def template_of(text: str) -> Template:
    """Return the template that `text` is written as.

    Raises:
        ValueError: a brace stands alone, or a place names nothing.
    """
    parts: list[str | tuple[str, ...]] = []
    plain, at = "", 0
    for found in _PIECE.finditer(text):
        plain += text[at : found.start()]
        at = found.end()
        if found[0] in ("{{", "}}"):
            plain += found[0][0]
            continue
        names = tuple(name.strip() for name in (found[1] or "").split("|"))
        if not all(names):
            message = f"{text!r} has {found[0]!r}; {{NAME}} or {{NAME|OTHER}} is allowed, {{{{ for a brace"
            raise ValueError(message)
        if plain:
            parts.append(plain)
            plain = ""
        parts.append(names)
    plain += text[at:]
    if plain:
        parts.append(plain)
    return Template(text, tuple(parts))
