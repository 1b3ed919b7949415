"""Laws of cutting: nothing is lost, nothing comes twice, nothing is longer than it may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telcollm.knowledge.chunking import CHUNK_WORDS, cut
from telcollm.knowledge.document import Section
from telcollm.knowledge.words import words_of

SENTENCES = st.lists(st.text("abcdefgh  ", min_size=1, max_size=60), min_size=0, max_size=80)
BREAKS = st.sampled_from([". ", "\n", "\n\n", "\u3002", " "])


@given(SENTENCES, BREAKS)
def test_no_text_is_lost_and_none_comes_twice(sentences: list[str], between: str) -> None:
    text = between.join(sentences)
    chunks = cut([Section(("A",), text, "lines 1-2")], "doc-1", 1)
    assert "".join("".join(chunk.text.split()) for chunk in chunks) == "".join(text.split())


@given(SENTENCES, BREAKS)
def test_no_chunk_is_longer_than_allowed(sentences: list[str], between: str) -> None:
    chunks = cut([Section((), between.join(sentences), "")], "doc-1", 1)
    assert all(len(words_of(chunk.text)) <= CHUNK_WORDS for chunk in chunks)


def test_text_without_any_break_is_cut_by_length() -> None:
    text = "基站" * 2_000
    chunks = cut([Section((), text, "")], "doc-1", 1)
    assert len(chunks) > 20 and "".join(chunk.text for chunk in chunks) == text
    assert all(len(words_of(chunk.text)) <= CHUNK_WORDS for chunk in chunks)


def test_chunks_are_numbered_and_keep_headings_and_place() -> None:
    sections = [Section(("A",), "one", "lines 1-1"), Section(("A", "B"), "two", "lines 3-3")]
    chunks = cut(sections, "doc-1", 2)
    assert [(chunk.chunk_id, chunk.headings, chunk.place) for chunk in chunks] == [
        ("doc-1-2-1", ("A",), "lines 1-1"),
        ("doc-1-2-2", ("A", "B"), "lines 3-3"),
    ]
