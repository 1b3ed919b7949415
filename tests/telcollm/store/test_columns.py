from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from telcollm.store.bulk import Bulk
from telcollm.store.columns import escape, unescape
from telcollm.store.rows import chunks
from telcollm.store.schema import progress

letters = st.text(st.sampled_from("a0\x001\ue000"))


@given(letters)
def test_every_text_survives_the_escape_and_none_keeps_a_nul(text: str) -> None:
    assert unescape(escape(text)) == text
    assert "\x00" not in escape(text)


@given(letters, letters)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


@given(st.lists(st.integers()), st.integers(1, 5))
def test_chunks_hold_all_values_in_order_and_are_never_too_long(values: list[int], size: int) -> None:
    parts = list(chunks(values, size))
    assert [value for part in parts for value in part] == values
    assert all(1 <= len(part) <= size for part in parts)


def test_bulk_statement_with_a_value_of_its_own_is_refused() -> None:
    statement = sa.update(progress).where(progress.c.topic == "fixed").values(blob=sa.bindparam("to_blob"))
    engine = sa.create_engine("sqlite://")
    with (
        engine.connect() as connection,
        pytest.raises(TypeError, match=r"binds .*the same names are allowed"),
    ):
        Bulk(statement, ("to_blob",)).run(connection, [{"to_blob": b""}])
    engine.dispose()
