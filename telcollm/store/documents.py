"""The knowledge base's rows: documents by version, their chunks and the chunks' vectors.

Does not know how documents are read, cut or searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b

import msgspec
import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from telcollm.knowledge.document import Chunk, Document
from telcollm.ports import Scope
from telcollm.store.database import Database, open_database
from telcollm.store.faults import told
from telcollm.store.schema import chunks, documents
from telcollm.store.scoping import within

_DOCUMENT = msgspec.json.Decoder(Document)
_CHUNK = msgspec.json.Decoder(Chunk)
_SAME_VERSION = sa.and_(
    documents.c.document_id == chunks.c.document_id, documents.c.version == chunks.c.version
)


class StoredChunk(msgspec.Struct, frozen=True):
    """A chunk with its vector; None where the model of that name has not embedded it."""

    document: Document
    chunk: Chunk
    vector: npt.NDArray[np.float16] | None


class DocumentStore:
    """Documents and chunks in the store's database; each call is a transaction of its own."""

    def __init__(self, database: str | Database, *, lock_timeout_s: float = 30.0) -> None:
        """Use the database, or open the one at a URL, its tables brought up to date.

        Raises:
            SettingsError, MissingExtraError: the URL cannot be used.
            TransientError: the database did not answer.
        """
        self._shared = isinstance(database, Database)
        self._database = (
            database
            if isinstance(database, Database)
            else open_database(database, lock_timeout_s=lock_timeout_s)
        )

    def close(self) -> None:
        """Give connections back, unless others share them."""
        if not self._shared:
            self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """A transaction in which SQLite writes over what it frees, the old place of a row that grows too."""
        with self._database.writing() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            yield connection

    def put(self, document: Document, parts: Sequence[Chunk]) -> Document:
        """Return the document as kept: as the next version of its source, or the current one if unchanged.

        Unchanged means the same bytes for the same readers, which is then left as it is, vectors too.
        """
        with self._writing() as connection:
            current = self._current(connection, document.document_id)
            if current and (current.sha256, current.roles) == (document.sha256, document.roles):
                return current
            newest = connection.scalar(
                sa.select(sa.func.max(documents.c.version)).where(
                    documents.c.document_id == document.document_id
                )
            )
            kept = msgspec.structs.replace(document, version=(newest or 0) + 1)
            connection.execute(
                documents.update().where(documents.c.document_id == kept.document_id).values(current=False)
            )
            connection.execute(
                documents.insert().values(
                    document_id=kept.document_id,
                    version=kept.version,
                    tenant=kept.tenant,
                    region=kept.region,
                    current=True,
                    body=msgspec.json.encode(kept),
                )
            )
            rows = []
            for part in parts:
                chunk = msgspec.structs.replace(
                    part, chunk_id=f"{kept.document_id}-{kept.version}-{part.number}", version=kept.version
                )
                rows.append(
                    {
                        "chunk_id": chunk.chunk_id,
                        "document_id": chunk.document_id,
                        "version": chunk.version,
                        "number": chunk.number,
                        "embedding_model": "",
                        "embedding": None,
                        "body": msgspec.json.encode(chunk),
                    }
                )
            if rows:
                connection.execute(chunks.insert(), rows)
            return kept

    def _current(self, connection: sa.Connection, document_id: str) -> Document | None:
        body = connection.scalar(
            sa.select(documents.c.body).where(documents.c.document_id == document_id, documents.c.current)
        )
        return None if body is None else _DOCUMENT.decode(body)

    def latest(self, document_id: str) -> Document | None:
        """Return a document's current version, None where there is none."""
        with self._database.reading() as connection:
            return self._current(connection, document_id)

    def unembedded(self, model: str, *, document_id: str = "", limit: int | None = None) -> list[StoredChunk]:
        """Return the chunks of current documents, or of one, that have no vector made by `model`."""
        statement = (
            sa.select(documents.c.body, chunks.c.body)
            .join_from(documents, chunks, _SAME_VERSION)
            .where(documents.c.current, chunks.c.embedding_model != model)
            .order_by(documents.c.document_id, chunks.c.number)
            .limit(limit)
        )
        if document_id:
            statement = statement.where(documents.c.document_id == document_id)
        with self._database.reading() as connection:
            return [
                StoredChunk(_DOCUMENT.decode(body), _CHUNK.decode(chunk), None)
                for body, chunk in connection.execute(statement)
            ]

    def count_unembedded(self, model: str) -> int:
        """Return how many chunks of current documents have no vector made by `model`."""
        statement = (
            sa.select(sa.func.count())
            .select_from(sa.join(documents, chunks, _SAME_VERSION))
            .where(documents.c.current, chunks.c.embedding_model != model)
        )
        with self._database.reading() as connection:
            return int(connection.execute(statement).scalar_one())

    def put_vectors(self, model: str, vectors: Sequence[tuple[str, npt.NDArray[np.float32]]]) -> None:
        """Keep vectors by chunk_id, as made by `model`, in half precision."""
        statement = (
            chunks.update()
            .where(chunks.c.chunk_id == sa.bindparam("chunk"))
            .values(embedding_model=model, embedding=sa.bindparam("vector"))
        )
        rows = [{"chunk": name, "vector": vector.astype(np.float16).tobytes()} for name, vector in vectors]
        if rows:
            with self._writing() as connection:
                connection.execute(statement, rows)

    def current(self, scope: Scope, model: str = "") -> list[StoredChunk]:
        """Return the chunks of every current document within the scope, in order, with `model`'s vectors."""
        statement = (
            sa.select(documents.c.body, chunks.c.body, chunks.c.embedding_model, chunks.c.embedding)
            .join_from(documents, chunks, _SAME_VERSION)
            .where(within(scope, documents), documents.c.current)
            .order_by(documents.c.document_id, chunks.c.number)
        )
        known: dict[bytes, Document] = {}
        with self._database.reading() as connection:
            found = []
            for body, chunk, made_by, vector in connection.execute(statement):
                document = known.get(body) or known.setdefault(body, _DOCUMENT.decode(body))
                usable = vector is not None and made_by == model
                found.append(
                    StoredChunk(
                        document,
                        _CHUNK.decode(chunk),
                        np.frombuffer(vector, dtype=np.float16) if usable else None,
                    )
                )
        return found

    def documents(self, scope: Scope, *, all_versions: bool = False) -> list[Document]:
        """Return the documents within the scope in order of id and version."""
        statement = sa.select(documents.c.body).where(within(scope, documents))
        if not all_versions:
            statement = statement.where(documents.c.current)
        with self._database.reading() as connection:
            rows = connection.execute(statement.order_by(documents.c.document_id, documents.c.version))
            return [_DOCUMENT.decode(body) for body in rows.scalars()]

    def stamp(self, scope: Scope) -> tuple[bytes, ...]:
        """Return what changes whenever `current` would: a digest of each current document's row, in order.

        Not ids and versions alone: a source that is removed and added again has the same ones as before.
        """
        statement = (
            sa.select(documents.c.body)
            .where(within(scope, documents), documents.c.current)
            .order_by(documents.c.document_id)
        )
        with self._database.reading() as connection:
            bodies = connection.execute(statement).scalars()
            return tuple(blake2b(body, digest_size=16).digest() for body in bodies)

    def remove(self, scope: Scope, document_id: str) -> int:
        """Return how many versions were deleted: all of them, with chunks and vectors, beyond recovery.

        On SQLite what is freed is written over and the journal is emptied, unless another process reads just
        then (see `wipe`). A PostgreSQL server keeps what was deleted until its next vacuum, which is asked
        for, and in backups and archived journals, which are its owner's.
        """
        with self._writing() as connection:
            gone = connection.execute(
                documents.delete().where(within(scope, documents), documents.c.document_id == document_id)
            ).rowcount
            if gone:
                connection.execute(chunks.delete().where(chunks.c.document_id == document_id))
        if gone:
            self.wipe()
        return int(gone)

    def wipe(self) -> bool:
        """Tell whether nothing deleted is left in the files: not while another process reads the journal."""
        with told(self._database.place), self._database.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                # Not within a transaction: a checkpoint there would find the journal in use by itself.
                driver = connection.connection.dbapi_connection
                if driver is not None:
                    return not driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            else:
                outside = connection.execution_options(isolation_level="AUTOCOMMIT")
                for table in (documents, chunks):
                    outside.exec_driver_sql(f"VACUUM {table.name}")
        return True
