"""A document of the knowledge base, its sections and its chunks. Does not know files, stores or searches."""

from __future__ import annotations

from datetime import datetime

import msgspec

from telcollm.identity import derive_id


class Section(msgspec.Struct, frozen=True):
    """A stretch of text under its headings, outermost first; `place` says where: `lines 10-24`, `page 3`."""

    headings: tuple[str, ...]
    text: str
    place: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a document. `roles` are those that may read it; empty means every role of the tenant.

    `source` is the name it was added by: adding the same source again makes the next version.
    """

    document_id: str
    tenant: str
    source: str
    title: str
    sha256: str
    added_time: datetime
    version: int = 1
    region: str = ""
    kind: str = "text"
    roles: tuple[str, ...] = ()


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a document that is found and cited as a whole."""

    chunk_id: str
    document_id: str
    version: int
    number: int
    headings: tuple[str, ...]
    text: str
    place: str


class Hit(msgspec.Struct, frozen=True):
    """A chunk that answers a question, and what each way of searching gave it (0: not found that way)."""

    document: Document
    chunk: Chunk
    score: float
    words_score: float
    meaning_score: float

    @property
    def citation(self) -> str:
        """Where it stands, for people: title, headings, place and version."""
        way = " > ".join(dict.fromkeys([self.document.title, *self.chunk.headings]))
        return f"{way} ({self.chunk.place}, version {self.document.version})"


def document_id(tenant: str, source: str) -> str:
    """Return the id of the document that `source` names for a tenant, whatever its version.

    >>> document_id("default", "runbook.md") == document_id("default", "runbook.md")
    True
    """
    return derive_id("doc", tenant, source)
