"""Laws of ids: the parts alone decide, in their order and with their borders."""

from __future__ import annotations

import re
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from telcollm.identity import derive_id

PARTS = st.lists(st.text(max_size=12), max_size=4)


@given(PARTS, PARTS)
def test_equal_parts_give_equal_ids_and_different_parts_different_ones(
    one: list[str], other: list[str]
) -> None:
    assert (derive_id("alm", *one) == derive_id("alm", *other)) == (one == other)


@given(st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5))
def test_where_one_part_ends_and_the_next_begins_counts(one: str, other: str) -> None:
    assert derive_id("alm", one, other) != derive_id("alm", one + other)
    assert derive_id("alm", one, other) != derive_id("alm", one + other, "")


@given(PARTS)
def test_an_id_is_its_prefix_and_sixteen_hexadecimal_characters(parts: list[str]) -> None:
    assert re.fullmatch(r"alm-[0-9a-f]{16}", derive_id("alm", *parts))


def test_another_process_derives_the_same_id() -> None:
    script = "from telcollm.identity import derive_id; print(derive_id('key', 'cell-7', '失联', ''))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7"},
    )
    assert done.stdout.strip() == derive_id("key", "cell-7", "失联", "")
