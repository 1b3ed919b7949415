"""Laws of the library: found by words or meaning, by those who may read it, until it is deleted for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from telcollm.errors import TelcollmError
from telcollm.knowledge.library import Library
from telcollm.knowledge.meaning import Vectors
from telcollm.knowledge.words import words_of
from telcollm.ports import EVERYTHING, Scope
from telcollm.store.documents import DocumentStore
from tests.telcollm.store.conftest import postgres_schema, store_url

__all__ = ["postgres_schema", "store_url"]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Topics:
    """An embedder that knows two meanings: power and everything else."""

    name = "topics"
    english_only = True

    def __init__(self) -> None:
        self.embedded = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += len(texts)
        about_power = [any(word in text.lower() for word in ("power", "rectifier", "volt")) for text in texts]
        return np.array([[1.0, 0.0] if power else [0.0, 1.0] for power in about_power], dtype=np.float32)


@pytest.fixture
def rows(store_url: str) -> Iterator[DocumentStore]:
    opened = DocumentStore(store_url)
    yield opened
    opened.close()


def library(rows: DocumentStore, embedder: Topics | None = None) -> Library:
    return Library(rows, embedder, clock=lambda: NOON)


def write(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / name).write_text(text)
    return tmp_path / name


def test_a_passage_is_found_by_its_words_and_cited_with_its_place(
    rows: DocumentStore, tmp_path: Path
) -> None:
    path = write(
        tmp_path, "power.md", "# Power\n\n## Rectifier\nSwap the fuse F3.\n\n## Battery\nMeasure it.\n"
    )
    library(rows).add(path, source="power.md")
    (hit,) = library(rows).search("which fuse is swapped?")
    assert hit.chunk.text == "Swap the fuse F3."
    assert hit.citation == "Power > Rectifier (lines 4-5, version 1)"


def test_a_passage_is_found_by_meaning_where_no_word_is_shared(rows: DocumentStore, tmp_path: Path) -> None:
    library(rows).add(write(tmp_path, "a.txt", "The rectifier was dark."))
    library(rows).add(write(tmp_path, "b.txt", "Clean the fibre."))
    found = library(rows, Topics()).search("no volt at site")
    assert [hit.chunk.text for hit in found] == ["The rectifier was dark."]
    assert library(rows).search("no volt at site") == []


def test_what_nothing_answers_finds_nothing(rows: DocumentStore, tmp_path: Path) -> None:
    assert library(rows).search("anything") == []
    library(rows).add(write(tmp_path, "a.txt", "Clean the fibre."))
    assert library(rows).search("xyzzy the of ...") == []


def test_only_roles_that_may_read_a_document_find_it(rows: DocumentStore, tmp_path: Path) -> None:
    books = library(rows, Topics())
    books.add(write(tmp_path, "a.txt", "The master key of the power room is 4711."), roles=["noc_engineer"])
    books.add(write(tmp_path, "b.txt", "The power room is locked."))
    question = "key of the power room"
    assert [hit.chunk.text for hit in books.search(question)] == ["The power room is locked."]
    assert [hit.chunk.text for hit in books.search(question, roles=["customer_service_agent"])] == [
        "The power room is locked."
    ]
    assert len(books.search(question, roles=["noc_engineer"])) == 2


def test_another_tenant_finds_nothing(rows: DocumentStore, tmp_path: Path) -> None:
    books = library(rows)
    books.add(write(tmp_path, "a.txt", "Clean the fibre."), tenant="north")
    assert books.search("fibre", scope=Scope(tenants=("south",))) == []
    assert len(books.search("fibre", scope=Scope(tenants=("north",)))) == 1


def test_a_changed_source_becomes_the_next_version_and_an_unchanged_one_stays(
    rows: DocumentStore, tmp_path: Path
) -> None:
    embedder = Topics()
    books = library(rows, embedder)
    path = write(tmp_path, "a.txt", "Clean the fibre with alcohol.")
    assert books.add(path).version == 1
    assert books.add(path).version == 1
    assert embedder.embedded == 1
    write(tmp_path, "a.txt", "Clean the fibre with a dry tape.")
    assert books.add(path).version == 2
    (hit,) = books.search("fibre")
    assert hit.document.version == 2 and "dry tape" in hit.chunk.text
    assert [item.version for item in rows.documents(EVERYTHING, all_versions=True)] == [1, 2]


def test_a_search_sees_what_another_process_added(rows: DocumentStore, tmp_path: Path) -> None:
    reader, writer = library(rows), library(rows)
    assert reader.search("fibre") == []
    writer.add(write(tmp_path, "a.txt", "Clean the fibre."))
    assert len(reader.search("fibre")) == 1


def test_a_reader_sees_the_new_text_of_what_another_process_removed_and_added_again(
    rows: DocumentStore, tmp_path: Path
) -> None:
    reader, writer = library(rows), library(rows)
    writer.add(write(tmp_path, "a.txt", "Clean the fibre."), source="rb")
    assert [item.chunk.text for item in reader.readable()] == ["Clean the fibre."]
    writer.remove(EVERYTHING, "rb")
    writer.add(write(tmp_path, "a.txt", "Replace the battery."), source="rb")
    assert [item.chunk.text for item in reader.readable()] == ["Replace the battery."]
    assert [hit.chunk.text for hit in reader.search("battery")] == ["Replace the battery."]
    assert reader.search("fibre") == []


def test_who_may_read_is_looked_up_again_when_the_same_text_was_added_again_for_others(
    rows: DocumentStore, tmp_path: Path
) -> None:
    reader, writer = library(rows), library(rows)
    path = write(tmp_path, "a.txt", "Clean the fibre.")
    writer.add(path, source="rb")
    assert len(reader.readable()) == 1
    writer.remove(EVERYTHING, "rb")
    writer.add(path, source="rb", roles=["noc_engineer"])
    assert reader.readable() == []
    assert len(reader.readable(roles=["noc_engineer"])) == 1


def test_words_are_taken_apart_by_searches_alone_and_once_for_each_text(
    rows: DocumentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def counted(text: str) -> list[str]:
        read.append(text)
        return words_of(text)

    monkeypatch.setattr("telcollm.knowledge.index.words_of", counted)
    books = library(rows)
    books.add(write(tmp_path, "a.txt", "Clean the fibre."))
    assert len(books.readable()) == 1
    assert read == []
    assert len(books.search("fibre")) == 1
    books.add(write(tmp_path, "b.txt", "Replace the battery."))
    assert len(books.readable()) == 2
    assert read == ["a\nClean the fibre."]
    assert len(books.search("battery")) == 1
    assert read == ["a\nClean the fibre.", "b\nReplace the battery."]


def test_the_same_passage_in_two_documents_is_shown_once(rows: DocumentStore, tmp_path: Path) -> None:
    books = library(rows)
    for name in ("a.txt", "b.txt"):
        books.add(write(tmp_path, name, "Clean the fibre."))
    assert len(books.search("fibre")) == 1


def test_what_is_removed_is_gone_from_searches_and_from_the_disk(tmp_path: Path) -> None:
    rows = DocumentStore(f"sqlite:///{tmp_path / 'telcollm.db'}")
    books = library(rows, Topics())
    path = write(tmp_path, "a.txt", "The customer Zebulon Quagmire called about power.")
    books.add(path)
    write(tmp_path, "a.txt", "The customer Zebulon Quagmire called twice about power.")
    books.add(path)
    assert books.remove(EVERYTHING, str(path)) == 2
    assert books.search("Zebulon power") == []
    rows.close()
    for file in tmp_path.glob("telcollm.db*"):
        assert b"Zebulon" not in file.read_bytes(), file.name


def test_removing_what_is_not_there_is_refused(rows: DocumentStore, tmp_path: Path) -> None:
    with pytest.raises(TelcollmError, match=r"document='none\.md' is not in the library"):
        library(rows).remove(EVERYTHING, "none.md")
    document = library(rows).add(write(tmp_path, "a.txt", "Clean the fibre."), tenant="north")
    with pytest.raises(TelcollmError, match="is not in the library"):
        library(rows).remove(Scope(tenants=("south",)), document.document_id)


def test_a_past_ticket_that_is_named_comes_first_and_rows_alike_are_all_shown(
    rows: DocumentStore, tmp_path: Path
) -> None:
    table = "number;symptom\n" + "".join(f"INC00{place};power lost at site\n" for place in range(10, 30))
    books = library(rows, Topics())
    books.add(write(tmp_path, "past.csv", table))
    hits = books.search("power lost like in inc0017?", limit=3)
    assert hits[0].citation == "past > INC0017 (row 8, version 1)"
    assert len({hit.citation for hit in hits}) == 3


def test_adding_again_after_an_interruption_goes_on_where_it_stopped(
    rows: DocumentStore, tmp_path: Path
) -> None:
    table = "ticket,symptom\n" + "".join(f"T{place},power lost\n" for place in range(100))
    path = write(tmp_path, "past.csv", table)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    embedder = Topics()
    with pytest.raises(KeyboardInterrupt):
        library(rows, embedder).add(path, told=interrupt)
    assert embedder.embedded == 64
    assert library(rows, embedder).add(path).version == 1
    assert embedder.embedded == 100


def test_a_question_that_the_model_cannot_read_is_answered_by_words(
    rows: DocumentStore, tmp_path: Path
) -> None:
    books = library(rows, Topics())
    books.add(write(tmp_path, "a.txt", "The bill is late."))
    books.add(write(tmp_path, "b.txt", "\u57fa\u7ad9\u6389\u7535"))
    (hit,) = books.search("\u6389\u7535\u4e86")
    assert hit.chunk.text == "\u57fa\u7ad9\u6389\u7535" and hit.meaning_score == 0.0
