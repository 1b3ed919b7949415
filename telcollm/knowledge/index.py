"""What is searched, held in memory: the passages' words, their vectors, and the rows that have an id.

Does not know where passages are kept or who may read them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from telcollm.knowledge.meaning import Vectors
from telcollm.knowledge.words import WordIndex, words_of
from telcollm.store.documents import StoredChunk

_NAME: Final = re.compile(r"[\w#][\w#./:-]*[\w]|\w")


class Index:
    """A fixed list of passages, searched in memory."""

    def __init__(self, passages: Sequence[StoredChunk], known: Mapping[str, list[str]] | None = None) -> None:
        """Take the passages; `known` holds the words of some texts, which are not taken apart again."""
        self.passages = passages
        self.words_by_text = dict(known or {})
        """The words of texts taken apart: by the text, as an id may come to stand for another one."""
        self.without_vector = sum(item.vector is None for item in passages)
        size = next((len(item.vector) for item in passages if item.vector is not None), 0)
        self._vectors: Vectors = np.zeros((len(passages), size), dtype=np.float32)
        self._rows: dict[str, list[int]] = {}
        for place, item in enumerate(passages):
            if item.vector is not None:
                self._vectors[place] = item.vector
            if item.document.kind == "table" and item.chunk.headings:
                self._rows.setdefault(item.chunk.headings[0].lower(), []).append(place)
        self.documents = list({id(item.document): item.document for item in passages}.values())
        numbers = {id(document): number for number, document in enumerate(self.documents)}
        self.document_of: npt.NDArray[np.intp] = np.array(
            [numbers[id(item.document)] for item in passages], dtype=np.intp
        )
        """Which of `documents` each passage belongs to, of shape (passages,)."""

    @cached_property
    def words(self) -> list[list[str]]:
        """Return the words of each passage: taken apart at the first search, as who only reads needs none."""
        kept, self.words_by_text = self.words_by_text, {}
        for text in map(as_found, self.passages):
            if text not in self.words_by_text:
                self.words_by_text[text] = kept.get(text) or words_of(text)
        return [self.words_by_text[as_found(item)] for item in self.passages]

    @cached_property
    def _index(self) -> WordIndex:
        return WordIndex(self.words)

    def shares(self, question: str) -> npt.NDArray[np.float32]:
        """Return what words say of each passage, of shape (passages,), in 0-1."""
        return self._index.shares(question)

    def cosines(self, vector: Vectors) -> npt.NDArray[np.float32]:
        """Return what meaning says of each passage, of shape (passages,); 0 for one without a vector."""
        if not self._vectors.size:
            return np.zeros(len(self.passages), dtype=np.float32)
        product: npt.NDArray[np.float32] = self._vectors @ vector
        return product

    def named(self, question: str) -> list[int]:
        """Return the places of the rows whose id stands in the question."""
        found: dict[int, None] = {}
        for name in _NAME.findall(question.lower()):
            if any(sign.isdigit() for sign in name):
                found.update(dict.fromkeys(self._rows.get(name, ())))
        return list(found)


def as_found(item: StoredChunk) -> str:
    """Return what a passage is found by: its title and headings say what it is about, so they count."""
    return "\n".join([item.document.title, *item.chunk.headings, item.chunk.text])
