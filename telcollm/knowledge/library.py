"""The library: documents come in, are cut and embedded, and are found by words and by meaning together.

What a reader's roles do not allow is left out before anything is ranked. What stands in a document is data
to be cited, never an instruction. Does not know who asks or why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from telcollm.errors import TelcollmError
from telcollm.knowledge.chunking import cut
from telcollm.knowledge.document import Document, Hit, document_id
from telcollm.knowledge.meaning import Embedder, Vectors
from telcollm.knowledge.reading import read_file
from telcollm.knowledge.words import WordIndex
from telcollm.ports import EVERYTHING, Scope
from telcollm.store.documents import DocumentStore, StoredChunk

_DEPTH: Final = 50
_RANK_DAMPING: Final = 60
"""Of reciprocal rank fusion. Source: Cormack, Clarke, Büttcher, SIGIR 2009."""

ALIKE_ENOUGH: Final = 0.30
"""The least cosine at which meaning alone is taken for an answer."""


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
        self._stamp: tuple[tuple[str, int], ...] | None = None
        self._chunks: list[StoredChunk] = []
        self._words = WordIndex([])
        self._vectors: Vectors = np.zeros((0, 0), dtype=np.float32)

    def add(
        self,
        path: Path,
        *,
        tenant: str = "default",
        region: str = "",
        roles: Sequence[str] = (),
        source: str = "",
    ) -> Document:
        """Return the document as kept; a source that was added before gets a new version if it changed.

        Raises:
            TelcollmError: the file cannot be read, or holds no text.
        """
        read = read_file(path)
        name = source or str(path)
        key = document_id(tenant, name)
        document = Document(
            document_id=key,
            tenant=tenant,
            region=region,
            source=name,
            title=read.title,
            sha256=read.sha256,
            kind=read.kind,
            roles=tuple(sorted(set(roles))),
            added_time=self._clock(),
        )
        kept = self._rows.put(document, cut(read.sections, key, 1))
        self._embed_missing(Scope(tenants=(tenant,)))
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
            self._chunks = []
            self._words = WordIndex([])
            self._vectors = np.zeros((0, 0), dtype=np.float32)
        return gone

    def search(
        self, question: str, *, scope: Scope = EVERYTHING, roles: Sequence[str] = (), limit: int = 5
    ) -> list[Hit]:
        """Return the best chunks that the roles may read, the best first; none where nothing answers.

        Words (BM25) and meaning (cosine) each rank the chunks; the two orders are joined by reciprocal rank.
        """
        with self._lock:
            self._refresh()
            allowed = np.array([_may_read(item.document, scope, roles) for item in self._chunks], dtype=bool)
            if not allowed.any():
                return []
            words = np.where(allowed, self._words.scores(question), 0.0)
            meaning = np.where(allowed, self._meaning(question), -1.0)
            found: dict[str, Hit] = {}
            for place, score in _fuse(words, meaning):
                if len(found) == limit:
                    break
                item = self._chunks[place]
                # The same passage in two documents is shown once.
                found.setdefault(
                    item.chunk.text,
                    Hit(
                        item.document,
                        item.chunk,
                        score=score,
                        words_score=float(words[place]),
                        meaning_score=max(0.0, float(meaning[place])),
                    ),
                )
            return list(found.values())

    def _meaning(self, question: str) -> npt.NDArray[np.float32]:
        if self._embedder is None or not self._vectors.size:
            return np.full(len(self._chunks), -1.0, dtype=np.float32)
        product: npt.NDArray[np.float32] = self._vectors @ self._embedder.embed([question])[0]
        return product

    def _refresh(self) -> None:
        stamp = self._rows.stamp(EVERYTHING)
        if stamp == self._stamp:
            return
        self._embed_missing(EVERYTHING)
        name = self._embedder.name if self._embedder else ""
        self._chunks = self._rows.current(EVERYTHING, name)
        self._words = WordIndex([_as_found(item) for item in self._chunks])
        if self._embedder is not None and self._chunks:
            self._vectors = np.stack([_vector(item) for item in self._chunks]).astype(np.float32)
        self._stamp = stamp

    def _embed_missing(self, scope: Scope) -> None:
        if self._embedder is None:
            return
        missing = [item for item in self._rows.current(scope, self._embedder.name) if item.vector is None]
        if missing:
            vectors = self._embedder.embed([_as_found(item) for item in missing])
            names = [item.chunk.chunk_id for item in missing]
            self._rows.put_vectors(self._embedder.name, list(zip(names, vectors, strict=True)))


def _vector(item: StoredChunk) -> npt.NDArray[np.float16]:
    if item.vector is None:
        message = (
            f"chunk={item.chunk.chunk_id} has no vector; every chunk has one after embedding; add it again"
        )
        raise TelcollmError(message)
    return item.vector


def _as_found(item: StoredChunk) -> str:
    """What a chunk is found by: its title and headings say what it is about, so they count."""
    return "\n".join([item.document.title, *item.chunk.headings, item.chunk.text])


def _may_read(document: Document, scope: Scope, roles: Sequence[str]) -> bool:
    if scope.tenants and document.tenant not in scope.tenants:
        return False
    if scope.regions and document.region not in ("", *scope.regions):
        return False
    return not document.roles or any(role in document.roles for role in roles)


def _fuse(words: npt.NDArray[np.floating], meaning: npt.NDArray[np.floating]) -> list[tuple[int, float]]:
    """Places and scores, the best first, of what either way of searching found.

    >>> _fuse(np.array([0.0, 2.0, 1.0]), np.array([0.9, 0.8, 0.1]))[0][0]
    1
    """
    found: dict[int, float] = {}
    for scores, least in ((words, 0.0), (meaning, ALIKE_ENOUGH)):
        places = [
            int(place) for place in np.argsort(-scores, kind="stable")[:_DEPTH] if scores[place] > least
        ]
        for rank, place in enumerate(places):
            found[place] = found.get(place, 0.0) + 1.0 / (_RANK_DAMPING + rank)
    return sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))


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
