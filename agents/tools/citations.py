"""Sentences of free text and the ids that they cite in square brackets, checked against ids that were seen.

A sentence without a citation, or with one that nothing returned, is dropped. Does not know who wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_CITATION: Final = re.compile(r"[\[【]([^\[\]【】]{1,2000})[\]】]")
_APART: Final = re.compile(r"[,;\uff0c\uff1b\u3001\s]+")
# A full stop ends a sentence only before a space or a bracket: 35.5 and gNB1.Cell2 go on.
_END: Final = re.compile(r"(?<=[.!?])(?=\s|[\[【]|$)|(?<=[\u3002\uff01\uff1f])|\n+")
_LEFT_OVER: Final = re.compile(r"\s+(?=[.!?,;\u3002\uff01\uff1f\uff0c\uff1b])")
_MARKUP: Final = re.compile(r"^[\s#>*•·-]+|\*\*|__")


def cited_sentences(text: str, seen: Collection[str]) -> tuple[list[tuple[str, tuple[str, ...]]], int]:
    """Return the sentences whose citations are all among `seen`, with their ids; and how many were dropped.

    >>> cited_sentences("It broke [a-1]. Nobody knows why. It was hit [a-2, x-9].", {"a-1", "a-2"})
    ([('It broke.', ('a-1',))], 2)
    """
    kept: list[tuple[str, tuple[str, ...]]] = []
    dropped = 0
    for sentence in _sentences(text):
        ids = tuple(dict.fromkeys(one for group in _CITATION.findall(sentence) for one in _ids(group, seen)))
        said = _MARKUP.sub("", " ".join(_CITATION.sub(" ", sentence).split()))
        said = _LEFT_OVER.sub("", said).strip()
        if not any(character.isalnum() for character in said):
            continue
        if ids and all(one in seen for one in ids):
            kept.append((said, ids))
        else:
            dropped += 1
    return kept, dropped


def _ids(group: str, seen: Collection[str]) -> list[str]:
    """Return what stands in one pair of brackets; an id may itself hold a comma or a space."""
    whole = group.strip()
    return [whole] if whole in seen else [part for part in _APART.split(whole) if part]


def _sentences(text: str) -> list[str]:
    """Return the sentences; brackets right after an end belong to the sentence that ended."""
    found: list[str] = []
    for part in _END.split(text):
        part = part.strip()
        leading = re.match(r"(?:\s*[\[【][^\[\]【】]{1,2000}[\]】])+", part)
        if leading and found and _CITATION.search(found[-1]) is None:
            found[-1] += leading[0]
            part = part[leading.end() :].strip()
        if part:
            found.append(part)
    return found
