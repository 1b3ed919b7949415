"""Cutting sections into chunks of bounded length, at paragraphs, then sentences, then words.

Does not know what is searched for: a chunk must make sense when it is read alone, under its headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from telcollm.knowledge.document import Chunk, Section
from telcollm.knowledge.words import words_of

CHUNK_WORDS: Final = 160
"""A chunk's greatest length, in words as the search counts them: it fits what the embedding model reads."""

_BREAKS: Final = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])"))


def cut(sections: Iterable[Section], document_id: str, version: int) -> list[Chunk]:
    """Return the chunks of a document in order; short neighbours under the same headings come together.

    No text is lost and none comes twice.
    """
    chunks: list[Chunk] = []
    for section in sections:
        for text in _pieces(section.text):
            chunks.append(
                Chunk(
                    chunk_id=f"{document_id}-{version}-{len(chunks) + 1}",
                    document_id=document_id,
                    version=version,
                    number=len(chunks) + 1,
                    headings=section.headings,
                    text=text,
                    place=section.place,
                )
            )
    return chunks


def _pieces(text: str, depth: int = 0) -> Iterator[str]:
    """Pieces of at most CHUNK_WORDS words, as large as the breaks allow."""
    if len(words_of(text)) <= CHUNK_WORDS:
        if text.strip():
            yield text.strip()
        return
    if depth == len(_BREAKS):
        yield from _by_length(text)
        return
    held: list[str] = []
    room = CHUNK_WORDS
    for part in filter(str.strip, _BREAKS[depth].split(text)):
        size = len(words_of(part))
        if size > room and held:
            yield _JOINS[depth].join(held)
            held, room = [], CHUNK_WORDS
        if size > CHUNK_WORDS:
            yield from _pieces(part, depth + 1)
            continue
        held.append(part.strip())
        room -= size
    if held:
        yield _JOINS[depth].join(held)


_JOINS: Final = ("\n\n", "\n", " ")


def _by_length(text: str) -> Iterator[str]:
    """Text without any break, cut by length alone."""
    size = max(1, len(text) * CHUNK_WORDS // max(1, len(words_of(text))))
    for begin in range(0, len(text), size):
        yield text[begin : begin + size].strip()
