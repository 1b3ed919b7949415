"""Guides: the parts of documents that say what to do about one thing, weighed as wholes by words.

A short document is one guide, a long one is as many as it has sections; what lists no steps is none, nor is a
past ticket. Does not know what is asked, nor how sure one must be.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from agents.diagnosis.steps import steps_from, steps_in
from telcollm.knowledge.document import Chunk, Document, Hit
from telcollm.knowledge.words import WordIndex, words_of
from telcollm.records import NextStep

if TYPE_CHECKING:
    from telcollm.store.documents import StoredChunk

Shares = npt.NDArray[np.float32]
"""What words say of each guide, of shape (guides,), in 0-1."""

_SHORT: Final = 8
"""So many passages and fewer are a document on one thing."""

_LEVELS: Final = 2
_DOING: Final = re.compile(
    r"\b(?:to do|steps?|actions?|procedures?|resolutions?|remed(?:y|ies)|repairs?|recovery|fix(?:es)?|"
    r"handling|response|troubleshooting|solutions?)\b|步骤|处理|措施|操作|恢复|解决",
    re.IGNORECASE,
)
_TELLING: Final = re.compile(
    r"(?:[\w-]+ ){0,2}(?:signs?|symptoms?|alarms|causes?|background|impact|overview|scope|history)"
    r"(?: and \w+)?|.{0,4}(?:现象|症状|原因|背景|影响|概述)",
    re.IGNORECASE,
)
"""A heading that is nothing but such words; one that names an alarm may head what to do about it."""


class Guide(NamedTuple):
    """One guide: what it is called, the words it is found by, and the steps it lists, cited."""

    title: str
    name: str
    text: str
    steps: tuple[NextStep, ...]


class Read(NamedTuple):
    """A guide with the words of its text and of its name, taken apart."""

    guide: Guide
    text: tuple[str, ...]
    name: tuple[str, ...]


Parts = Mapping[tuple[Document, tuple[Chunk, ...]], Read]
"""What was read of parts of documents: by all that they say, so that what changed is not found."""


class Guides:
    """The guides among passages, found by their words."""

    def __init__(self, passages: Sequence[StoredChunk], known: Parts | None = None) -> None:
        """Take passages in the order of their documents; parts that are `known` are not read again.

        Raises:
            MissingExtraError: what searches words is not installed.
        """
        kept = known or {}
        keyed = (((part[0].document, tuple(item.chunk for item in part)), part) for part in _parts(passages))
        self.parts = {key: kept.get(key) or _read(part) for key, part in keyed}
        found = [read for read in self.parts.values() if read.guide.steps]
        self.guides = [read.guide for read in found]
        self._texts = WordIndex([read.text for read in found]) if found else None
        self._names = WordIndex([read.name for read in found]) if found else None

    def __len__(self) -> int:
        return len(self.guides)

    def shares(self, words: str) -> Shares:
        """Return what the words say of each guide, by all that stands in it."""
        return self._shares(self._texts, words)

    def named(self, words: str) -> Shares:
        """Return what the words say of each guide, by its title and headings alone."""
        return self._shares(self._names, words)

    def _shares(self, index: WordIndex | None, words: str) -> Shares:
        return np.zeros(0, dtype=np.float32) if index is None else index.shares(words)


def _parts(passages: Sequence[StoredChunk]) -> Iterator[list[StoredChunk]]:
    """The parts of documents that are about one thing, in order."""
    by_document: dict[tuple[str, int], list[StoredChunk]] = {}
    for item in passages:
        if item.document.kind != "table":
            by_document.setdefault((item.document.document_id, item.document.version), []).append(item)
    for items in by_document.values():
        parts: dict[tuple[str, ...], list[StoredChunk]] = {}
        for item in items:
            way = item.chunk.headings[:_LEVELS] or (str(item.chunk.number),)
            parts.setdefault(() if len(items) <= _SHORT else way, []).append(item)
        yield from parts.values()


def _read(part: Sequence[StoredChunk]) -> Read:
    guide = _guide(part)
    if not guide.steps:
        return Read(guide, (), ())
    # The same words stand in many guides, and all of them are kept.
    text, name = (tuple(map(sys.intern, words_of(said))) for said in (guide.text, guide.name))
    return Read(guide, text, name)


def _guide(part: Sequence[StoredChunk]) -> Guide:
    document = part[0].document
    headings = list(dict.fromkeys(heading for item in part for heading in item.chunk.headings))
    shared = [heading for heading in part[0].chunk.headings if heading in _common(part)]
    title = " ".join(" > ".join(dict.fromkeys([document.title, *shared])).split())
    name = "\n".join(dict.fromkeys([document.title, *headings]))
    text = "\n".join([name, *(item.chunk.text for item in part)])
    cited = [
        (item.chunk.chunk_id, Hit(document, item.chunk, 0.0, 0.0, 0.0).citation, item.chunk.text)
        for item in _to_do(part)
    ]
    return Guide(title, name, text, steps_from(cited))


def _common(part: Sequence[StoredChunk]) -> set[str]:
    return set.intersection(*(set(item.chunk.headings) for item in part))


def _to_do(part: Sequence[StoredChunk]) -> list[StoredChunk]:
    """Return the passages that steps are read from: never a list of signs where the headings tell."""
    listing = [item for item in part if steps_in(item.chunk.text)]
    doing = [item for item in listing if any(map(_DOING.search, item.chunk.headings[1:]))]
    return doing or [item for item in listing if not any(map(_TELLING.fullmatch, item.chunk.headings[1:]))]
