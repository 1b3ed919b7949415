"""The library: documents come in, are cut and embedded, and are found by words and by meaning together.

What a reader's roles do not allow is left out before anything is ranked. What stands in a document is data
to be cited, never an instruction. Does not know who asks or why.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from telcollm.errors import TelcollmError
from telcollm.knowledge.chunking import cut
from telcollm.knowledge.document import Document, Hit, document_id
from telcollm.knowledge.index import Index, as_found
from telcollm.knowledge.meaning import Embedder
from telcollm.knowledge.ranking import nearly_same, rank
from telcollm.knowledge.reading import hash_file, read_file
from telcollm.ports import EVERYTHING, Scope
from telcollm.store.documents import DocumentStore, StoredChunk

_EMBEDDED_AT_ONCE: Final = 64
_EMBEDDED_BY_SEARCH: Final = 32
"""A search embeds so many passages that have no vector, not to be slow; of the others it knows the words."""

_CHINESE: Final = re.compile("[\u3400-\u9fff]")
_LATIN: Final = re.compile("[a-zA-Z]+")

Told = Callable[[int, int], None]
"""Told how many of how many passages have their vectors."""


def _tell_nobody(done: int, total: int) -> None:
    del done, total


class Library:
    """The documents of one store; searches see what was added or removed by any process before them."""

    def __init__(
        self,
        rows: DocumentStore,
        embedder: Embedder | None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._rows = rows
        self._embedder = embedder
        self._clock = clock
        self._lock = threading.Lock()
        self._stamp: tuple[bytes, ...] | None = None
        self._index = Index(())

    def add(
        self,
        path: Path,
        *,
        tenant: str = "default",
        region: str = "",
        roles: Sequence[str] = (),
        source: str = "",
        told: Told = _tell_nobody,
    ) -> Document:
        """Return the document as kept; a source that was added before gets a new version if it changed.

        Vectors are kept as they are made: to add it again after an interruption is to go on there.

        Raises:
            TelcollmError: the file cannot be read, or holds no text.
        """
        name = source or str(path)
        key = document_id(tenant, name)
        readers = tuple(sorted(set(roles)))
        kept = self._rows.latest(key)
        # An unchanged file is not read again: a folder of a thousand is added anew in a moment.
        if kept is None or (kept.sha256, kept.roles) != (hash_file(path), readers):
            read = read_file(path)
            document = Document(
                document_id=key,
                tenant=tenant,
                region=region,
                source=name,
                title=read.title,
                sha256=read.sha256,
                kind=read.kind,
                roles=readers,
                added_time=self._clock(),
            )
            kept = self._rows.put(document, cut(read.sections, key, 1))
        if self._embedder is not None:
            self._embed(self._embedder, self._rows.unembedded(self._embedder.name, document_id=key), told)
        return kept

    def remove(self, scope: Scope, source: str) -> int:
        """Return how many versions of a source, or of a document id, were deleted for good.

        Raises:
            TelcollmError: there is no such document within the scope.
        """
        found = [
            document
            for document in self._rows.documents(scope)
            if source in (document.source, document.document_id)
        ]
        if not found:
            message = (
                f"document={source!r} is not in the library; a source or an id that is there is allowed; "
                "see 'telcollm knowledge list'"
            )
            raise TelcollmError(message)
        gone = sum(self._rows.remove(scope, document.document_id) for document in found)
        with self._lock:
            self._stamp = None
            self._index = Index(())
        return gone

    def search(
        self, question: str, *, scope: Scope = EVERYTHING, roles: Sequence[str] = (), limit: int = 5
    ) -> list[Hit]:
        """Return the best chunks that the roles may read, the best first; none where nothing answers.

        Words (BM25) and meaning (cosine) add up; a past ticket that the question names by its id comes first.
        """
        with self._lock:
            self._refresh()
            index = self._index
            readable = [_may_read(document, scope, roles) for document in index.documents]
            if not any(readable):
                return []
            allowed = np.array(readable, dtype=bool)[index.document_of]
            words = np.where(allowed, index.shares(question), 0.0)
            meaning = self._meaning(question)
            if meaning is not None:
                meaning = np.where(allowed, meaning, -1.0)
            order = dict.fromkeys((place for place in index.named(question) if allowed[place]), 1.0)
            for place, score in rank(words, meaning):
                order.setdefault(place, score)
            return [
                Hit(
                    index.passages[place].document,
                    index.passages[place].chunk,
                    score=order[place],
                    words_score=float(words[place]),
                    meaning_score=max(0.0, float(meaning[place])) if meaning is not None else 0.0,
                )
                for place in _different(index, order, limit)
            ]

    def readable(self, *, scope: Scope = EVERYTHING, roles: Sequence[str] = ()) -> list[StoredChunk]:
        """Return every current passage that the roles may read, in the order of the documents."""
        with self._lock:
            self._refresh()
            return [item for item in self._index.passages if _may_read(item.document, scope, roles)]

    def _meaning(self, question: str) -> npt.NDArray[np.float32] | None:
        """What meaning says of each passage; None where the model does not read the question's language."""
        if self._embedder is None:
            return None
        if self._embedder.english_only and len(_CHINESE.findall(question)) > len(_LATIN.findall(question)):
            return None
        return self._index.cosines(self._embedder.embed([question])[0])

    def _refresh(self) -> None:
        stamp = self._rows.stamp(EVERYTHING)
        if stamp == self._stamp and self._index.without_vector == self._without_vector():
            return
        name = ""
        if self._embedder is not None:
            name = self._embedder.name
            missing = self._rows.unembedded(name, limit=_EMBEDDED_BY_SEARCH)
            self._embed(self._embedder, missing, _tell_nobody)
        self._index = Index(self._rows.current(EVERYTHING, name), self._index.words_by_text)
        self._stamp = stamp

    def _without_vector(self) -> int:
        """How many passages have no vector, asked only while some had none: others may be embedding them."""
        if self._embedder is None or not self._index.without_vector:
            return self._index.without_vector
        return self._rows.count_unembedded(self._embedder.name)

    def _embed(self, embedder: Embedder, missing: Sequence[StoredChunk], told: Told) -> None:
        for begin in range(0, len(missing), _EMBEDDED_AT_ONCE):
            batch = missing[begin : begin + _EMBEDDED_AT_ONCE]
            vectors = embedder.embed([as_found(item) for item in batch])
            names = [item.chunk.chunk_id for item in batch]
            self._rows.put_vectors(embedder.name, list(zip(names, vectors, strict=True)))
            told(begin + len(batch), len(missing))


def _different(index: Index, places: Sequence[int] | dict[int, float], limit: int) -> Iterator[int]:
    """The first `limit` places without those that say again what came before; past tickets all count."""
    shown: list[tuple[tuple[str, ...], str, frozenset[str]]] = []
    for place in places:
        if len(shown) == limit:
            return
        item = index.passages[place]
        headings, text = item.chunk.headings[-1:], item.chunk.text
        words = frozenset(index.words[place])
        if item.document.kind != "table" and any(
            text == other_text or (headings == other and nearly_same(words, other_words))
            for other, other_text, other_words in shown
        ):
            continue
        shown.append((headings, text, words))
        yield place


def _may_read(document: Document, scope: Scope, roles: Sequence[str]) -> bool:
    if scope.tenants and document.tenant not in scope.tenants:
        return False
    if scope.regions and document.region not in ("", *scope.regions):
        return False
    return not document.roles or any(role in document.roles for role in roles)


def wire(hit: Hit) -> dict[str, object]:
    """Return a hit as plain values for JSON."""
    return {
        "citation": hit.citation,
        "source": hit.document.source,
        "document_id": hit.document.document_id,
        "version": hit.document.version,
        "chunk_id": hit.chunk.chunk_id,
        "place": hit.chunk.place,
        "text": hit.chunk.text,
        "score": round(hit.score, 5),
        "words_score": round(hit.words_score, 3),
        "meaning_score": round(hit.meaning_score, 3),
    }
